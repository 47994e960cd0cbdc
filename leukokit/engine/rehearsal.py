"""Call what a run asks its foreign components in this process, in an isolated process first.

Import, constructor, names, roles, splits and the like are called where the recipe is checked and keys are
made. If one of them ends its process, that must not be the process of the run: it would end without a
message, with exit code 0 perhaps. Errors that these calls raise are not of interest here: they are raised
again where they matter. One process answers for all components of a recipe, and none is started where all are
leukokit's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
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
from leukokit.engine.components.call import CallPlace, call_method, report_call
from leukokit.engine.execution.isolation import run_before
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.observer import Observer
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
        Where a component ended its process: component, distribution, method and whom to tell.
    """
    names = text.decode(errors="replace") + f"{overrides} {data}"
    foreign = [entry for entry in _foreign(catalog) if entry.name in names]
    if foreign:
        first = _place(foreign[0], "")
        run_before(
            _ask_all, text, overrides, data, catalog, first=first, executor=executor, observer=observer
        )


def _foreign(catalog: Catalog) -> Iterator[CatalogEntry]:
    return (entry for kind in catalog.kinds for entry in catalog.of(kind) if _is_foreign(entry))


def _is_foreign(entry: CatalogEntry) -> bool:
    return not entry.spec.target.startswith("leukokit.")


def _place(entry: CatalogEntry, method: str) -> CallPlace:
    module, _, name = entry.spec.target.partition(":")
    return CallPlace(module, name, method)


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
        if _is_foreign(entry):
            _ask(entry, item.get("params", {}))


def _ask(entry: CatalogEntry, params: dict[str, Any]) -> None:
    report_call(_place(entry, ""))
    cls = entry.load()
    report_call(_place(entry, "Params"))
    checked, _ = check_params(cls, params)
    report_call(_place(entry, "__init__"))
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
