"""Call what a command asks foreign components in its own process, in an isolated process first.

Import, constructor, names, roles, splits and the like are called where a recipe is checked, keys are made,
a component is shown or a fitted pipeline is loaded. If one of them ends its process or hangs, that must not
be the process of the command: it would end without a message, with exit code 0 perhaps. Errors that these
calls raise are not of interest here: they are raised again where they matter. One process answers for all
components of a recipe or pipeline, and none is started where all are leukokit's own.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from leukokit.api import (
    Component,
    Dataset,
    FeatureExtractor,
    LeukokitError,
    Preprocessor,
    Segmenter,
)
from leukokit.catalog import Catalog, CatalogEntry, ComponentKind
from leukokit.catalog.choice import silence_limit
from leukokit.engine.components.call import CallPlace, call_method, report_call
from leukokit.engine.components.origin import is_foreign_module
from leukokit.engine.execution.isolation import run_before
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.observer import Observer
from leukokit.engine.pipeline.folder import stored_text
from leukokit.engine.pipeline.load import load_pipeline
from leukokit.recipe.binding import check_params
from leukokit.recipe.data_choice import replace_data
from leukokit.recipe.document import read_document
from leukokit.recipe.models import recipe_model
from leukokit.recipe.overrides import Overrides, apply_overrides
from leukokit.recipe.stages import write_out, written_components

_QUESTIONS: tuple[tuple[type[Component], tuple[str, ...]], ...] = (
    (Component, ("fingerprint",)),
    (Preprocessor, ("needs_fit", "state")),
    (Segmenter, ("roles",)),
    (FeatureExtractor, ("roles", "names", "nullable")),
)
_QUESTIONS_OF_DATA = ("splits", "default_split")  # only where the data set is on this machine


def rehearse(
    text: bytes,
    catalog: Catalog,
    *,
    overrides: Overrides,
    executor: Executor,
    observer: Observer,
    data: str | os.PathLike[str] | None = None,
) -> None:
    """Ask the foreign components of a recipe all that this process will ask them.

    Parameters
    ----------
    text : bytes
        The recipe; mistakes in it are not of interest here.
    data : str or path, optional
        Other data in place of the recipe's.

    Raises
    ------
    RunFailed
        Where a component ended its process or was silent for too long: component, distribution, method and
        whom to tell.
    """
    names = text.decode(errors="replace") + f"{overrides} {data}"
    foreign = _foreign_in(names, catalog)
    if foreign:
        _rehearse(foreign[0], executor, observer, _ask_all, text, overrides, data, catalog)


def rehearse_component(entry: CatalogEntry, executor: Executor, observer: Observer) -> None:
    """Import a foreign component and ask for its parameters, as ``leukokit show`` does.

    Raises
    ------
    RunFailed
        As :func:`rehearse`.
    """
    if is_foreign_module(entry.spec.target):
        _rehearse(entry, executor, observer, _describe, entry)


def rehearse_pipeline(path: Path, catalog: Catalog, executor: Executor, observer: Observer) -> None:
    """Load a fitted pipeline that foreign components take part in; what is loaded is not kept.

    Raises
    ------
    RunFailed
        As :func:`rehearse`.
    """
    foreign = _foreign_in(stored_text(path), catalog)
    if foreign:
        _rehearse(foreign[0], executor, observer, _load, path, catalog)


def _rehearse(
    foreign: CatalogEntry, executor: Executor, observer: Observer, work: Callable[..., None], *arguments: Any
) -> None:
    first, silence = CallPlace.of_target(foreign.spec.target), silence_limit()
    run_before(work, *arguments, first=first, executor=executor, observer=observer, silence=silence)


def _foreign_in(names: str, catalog: Catalog) -> list[CatalogEntry]:
    """Foreign components whose names occur in a text."""
    return [
        entry
        for kind in catalog.kinds
        for entry in catalog.of(kind)
        if is_foreign_module(entry.spec.target) and entry.name in names
    ]


def _load(path: Path, catalog: Catalog, *, observer: Observer) -> None:  # noqa: ARG001 - given to all such work
    with suppress(LeukokitError):
        load_pipeline(path, catalog)


def _describe(entry: CatalogEntry, *, observer: Observer) -> None:  # noqa: ARG001 - given to all such work
    report_call(CallPlace.of_target(entry.spec.target))
    with suppress(Exception, SystemExit):
        params = entry.load().Params
        report_call(CallPlace.of_target(entry.spec.target, "Params"))
        params.model_json_schema()


def _ask_all(
    text: bytes,
    overrides: Overrides,
    data: str | os.PathLike[str] | None,
    catalog: Catalog,
    *,
    observer: Observer,  # noqa: ARG001 - given to all such work
) -> None:
    """Ask, in the isolated process; whatever is raised is raised again in the process of the run."""
    with suppress(LeukokitError):
        document = read_document(text, "recipe")
        write_out(document, catalog.kinds)
        if data is not None:
            replace_data(document, data, catalog)
        fields = tuple(recipe_model(catalog.kinds).model_fields)
        apply_overrides(document, overrides, fields, catalog.kinds)
        for kind, _, item in written_components(document, catalog.kinds):
            _ask_foreign(catalog, kind, item)
            if kind is catalog.kinds.at("data") and isinstance(item.get("fallback"), dict):
                _ask_foreign(catalog, kind, item["fallback"])


def _ask_foreign(catalog: Catalog, kind: ComponentKind, item: dict[str, Any]) -> None:
    with suppress(Exception, SystemExit):
        entry = catalog.get(kind, item["use"])
        if is_foreign_module(entry.spec.target):
            _ask(entry, item.get("params", {}))


def _ask(entry: CatalogEntry, params: dict[str, Any]) -> None:
    report_call(CallPlace.of_target(entry.spec.target))
    cls = entry.load()
    report_call(CallPlace.of_target(entry.spec.target, "Params"))
    checked, _ = check_params(cls, params)
    report_call(CallPlace.of_target(entry.spec.target, "__init__"))
    component = cls(checked)
    for base, methods in _QUESTIONS:
        if isinstance(component, base):
            _call(component, *methods)
    if isinstance(component, Dataset) and call_method(component, "missing") is None:
        _call(component, *_QUESTIONS_OF_DATA)


def _call(component: Component, *methods: str) -> None:
    for method in methods:
        with suppress(LeukokitError):
            call_method(component, method)
