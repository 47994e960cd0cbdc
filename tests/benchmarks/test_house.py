"""The counts of ``benchmarks/house.py`` are right on a package small enough to count by hand."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

FILES = {
    "__init__.py": "",
    "a.py": """
from dataclasses import dataclass
from typing import Any
from pydantic import BaseModel
from leukokit import b
@dataclass(frozen=True)
class Finding:
    values: dict[str, Any]
    def json(self):
        "One line."
        return self.values.get("x") if isinstance(self.values, (dict, Mapping)) else None
class Model(BaseModel): ...
class Child(Model): ...
""",
    "b.py": """
def late():
    from leukokit.a import Finding
    from leukokit.room import c
    found = Finding  # type: ignore[misc]
    assert found is not None
""",
    "room/__init__.py": "",
    "room/c.py": """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from .d import Finding
ONE = {"preprocess": 1, "select": 2}
""",
    "room/d.py": "from . import c\nclass Finding: ...\n",
}


@pytest.fixture(scope="module")
def house_source() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "house_source.py"
    spec = importlib.util.spec_from_file_location("house_source", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["house_source"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def source(house_source: ModuleType, tmp_path: Path):
    for name, text in FILES.items():
        path = tmp_path / "leukokit" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return house_source.Source(tmp_path)


def test_classes_are_told_apart(source) -> None:
    """Dataclasses, models with all that descends from them, and names that come twice."""
    assert (len(source.classes), source.dataclasses(), source.pydantic_models()) == (4, 1, 2)
    assert source.repeated_class_names() == {"Finding": 2}


def test_untyped_data_is_counted(source) -> None:
    """Look-ups by string, checks for mappings, open dictionaries, ``json`` methods, silenced types."""
    assert (source.gets(), source.mapping_checks(), source.untyped_dicts()) == (1, 1, 1)
    assert (source.gets("room"), source.json_methods(), source.type_ignores()) == (0, 1, 1)
    assert (source.type_asserts(), source.vague_names()) == (1, 1)


def test_a_circle_through_a_function_is_found_and_one_for_types_is_none(source) -> None:
    """``a`` and ``b`` import each other, one of them late; ``c`` needs ``d`` for its types only."""
    assert source.circles(late=False) == []
    assert source.circles(late=True) == [["leukokit.a", "leukokit.b"]]


def test_importers_and_places_of_kinds_are_found(source) -> None:
    """Every module but ``c`` has one importer; ``c`` names two stages."""
    assert source.with_one_importer() == ["leukokit.a", "leukokit.b", "leukokit.room.d"]
    assert source.kind_places() == ["leukokit.room.c"]


def test_a_docstring_is_no_length(source) -> None:
    """``json`` has three lines, one of them its docstring."""
    assert (2, "leukokit.a:json") in source.functions()
