"""No untyped dict lies between what is computed and the record: records are filled by their constructors."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest

PACKAGES = (
    "leukokit.evaluation",
    "leukokit.engine.models",
    "leukokit.engine.scale",
    "leukokit.engine.protocols",
    "leukokit.engine.metrics_record",
    "leukokit.compare.statistics",
)


def modules() -> list[ModuleType]:
    names = []
    for name in PACKAGES:
        folder = getattr(importlib.import_module(name), "__path__", ())
        names += [name, *(f"{name}.{inner.name}" for inner in pkgutil.iter_modules(folder))]
    return [importlib.import_module(name) for name in names]


def functions(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Functions, methods and properties that a module defines itself."""
    for name, value in vars(module).items():
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value):
            yield name, value
        elif inspect.isclass(value):
            for inner, member in vars(value).items():
                member = getattr(member, "fget", None) or getattr(member, "func", None) or member
                member = getattr(member, "__func__", member)
                # What a dataclass generates stands in no file.
                if inspect.isfunction(member) and member.__code__.co_filename == module.__file__:
                    yield f"{name}.{inner}", member


def untyped_mapping(annotation: object) -> bool:
    """Whether a mapping of anything lies somewhere in a type, under whatever name or alias."""
    origin, arguments = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    if inspect.isclass(origin) and issubclass(origin, Mapping) and not typing.is_typeddict(origin):
        return not arguments or arguments[-1] in (Any, object) or any(map(untyped_mapping, arguments))
    return any(map(untyped_mapping, arguments))


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_nothing_computed_is_returned_as_an_untyped_dict(module: ModuleType) -> None:
    """Dataclasses and records have names and types for every number; a dict of anything has neither."""
    names = vars(module) | {"Mapping": Mapping}
    for name, function in functions(module):
        returned = inspect.get_annotations(function).get("return")
        assert returned is not None, f"{name} does not say what it returns"
        resolved = eval(returned, _for_types(module, names)) if isinstance(returned, str) else returned
        assert not untyped_mapping(resolved), f"{module.__name__}.{name} returns {returned}"


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__)
def test_no_record_is_validated_from_a_dict(module: ModuleType) -> None:
    """Where numbers are computed a record is made by its constructor, which mypy checks field by field."""
    tree = ast.parse(inspect.getsource(module))
    calls = [
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "attr")
    ]
    assert not {"model_validate", "model_construct", "model_validate_json"} & set(calls)


def _for_types(module: ModuleType, names: dict[str, Any]) -> dict[str, Any]:
    """Names of a module with those that it imports for types alone."""
    tree = ast.parse(inspect.getsource(module))
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for statement in node.body:
                exec(ast.unparse(statement), names)
    return names


@pytest.mark.parametrize(
    "annotation",
    [
        dict,
        dict[str, Any],
        Mapping[str, Any],
        list[dict[str, Any]],
        dict[str, object] | None,
        dict[str, dict[str, Any]],
    ],
)
def test_an_untyped_dict_is_seen(annotation: object) -> None:
    """The check itself sees what it is to find."""
    assert untyped_mapping(annotation)


@pytest.mark.parametrize("annotation", [dict[str, float], Mapping[str, tuple[int, ...]], list[str], None])
def test_a_typed_mapping_is_none(annotation: object) -> None:
    """A mapping whose values have a type is none."""
    assert not untyped_mapping(annotation)
