"""Checks across stages, before anything runs: each stage must get what it needs from the stages before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from leukokit.api import (
    CELL,
    PLATELET,
    RED_CELL,
    Classifier,
    Component,
    Consumes,
    Explainer,
    FeatureExtractor,
    Kind,
    Segmenter,
)
from leukokit.catalog import Catalog, CatalogEntry, KindTable
from leukokit.catalog.entry import is_installed
from leukokit.deep.runtime import INSTALL_HINT
from leukokit.errors import LeukokitError
from leukokit.recipe.answer import ATTENTION
from leukokit.recipe.binding import Bound, Stages
from leukokit.recipe.document import Document, Path

T = TypeVar("T")

_SECTIONS_AFTER_CLASSIFY = {
    "tune": "compares classifiers",
    "calibrate": "corrects the probabilities of a classifier",
    "final": "fits a classifier on all data",
    "answer": "combines the probabilities of a classifier",
    "subgroups": "compares the scores of a classifier",
}


def check_flow(document: Document, stages: Stages, catalog: Catalog) -> None:
    """Add a problem for every stage that cannot get what it needs."""
    _roles(document, stages, catalog)
    _columns(document, stages)
    _cells(document, stages)
    _attention(document)
    _need_classifier(document, stages, catalog.kinds)
    for bound in stages.of("classify"):
        _classifier(document, stages, cast("Bound[Classifier]", bound), catalog)


def _path(bound: Bound[Component]) -> Path:
    return tuple(int(part) if part.isdigit() else part for part in bound.path.split("."))


def _use(bound: Bound[Component]) -> Path:
    return (*_path(bound), "use")


def _ask(document: Document, bound: Bound[Component], question: Callable[[], T]) -> T | None:
    """Ask a component about itself; a plugin that raises is named."""
    try:
        return question()
    except Exception as error:
        text = f"{bound.use} of {bound.entry.origin} raised {type(error).__name__}: {error}"
        document.problem(_use(bound), text)
        return None


def _roles(document: Document, stages: Stages, catalog: Catalog) -> None:
    segmenter = next(stages.of("segment"), None)
    if stages.has("segment") and segmenter is None:
        return  # why it could not be bound is reported already
    made: tuple[str, ...] = ()
    if segmenter is not None:
        answer = _ask(document, segmenter, cast(Segmenter, segmenter.component).roles)
        if answer is None:
            return
        made = tuple(answer)
    for bound in stages.of("features"):
        needed = _ask(document, bound, cast(FeatureExtractor, bound.component).roles) or ()
        lacking = [role for role in needed if role not in made]
        if not lacking:
            continue
        makers = ", ".join(_makers(catalog, lacking)) or "none of the installed segmenters"
        if segmenter is None:
            words = f"{bound.use} needs label images ({', '.join(needed)}) and the recipe names no segmenter"
        else:
            words = f"{bound.use} needs {', '.join(lacking)}; {segmenter.use} makes {', '.join(made)} only"
        document.problem(_use(bound), f"{words}. These make {', '.join(lacking)}: {makers}")


def _makers(catalog: Catalog, roles: list[str]) -> list[str]:
    """Segmenters that make all of ``roles``, with the switch that it takes."""
    makers = []
    for entry in catalog.of(Kind.SEGMENTER):
        try:
            cls = cast("type[Segmenter]", entry.load())
            switches: list[dict[str, Any]] = [{}]
            switches += [
                {name: True} for name, info in cls.Params.model_fields.items() if info.default is False
            ]
            for switch in switches:
                if set(roles) <= set(cls(cls.Params(**switch)).roles()):
                    makers.append(" with ".join([entry.name, *(f"{name}: true" for name in switch)]))
                    break
        except Exception:  # a segmenter that cannot be asked cannot be recommended
            continue
    return makers


def _cells(document: Document, stages: Stages) -> None:
    """Ask for a segmenter of cells where the recipe wants a table of them."""
    if not document.data.get("cells"):
        return
    segmenter = next(stages.of("segment"), None)
    if segmenter is None:
        if not stages.has("segment"):
            document.problem(
                ("cells",), "cells are found by a segmenter, and the recipe has no 'segment'", of_key=True
            )
        return
    made = _ask(document, segmenter, cast(Segmenter, segmenter.component).roles) or ()
    if not set(made) & {CELL, RED_CELL, PLATELET}:
        document.problem(
            ("cells",),
            f"{segmenter.use} labels {', '.join(made)}; cells need {CELL}, {RED_CELL} or {PLATELET}",
            of_key=True,
        )


def _attention(document: Document) -> None:
    """Ask for Keras where the recipe wants a network to learn how images are combined."""
    answer = document.data.get("answer")
    how = answer.get("how") if isinstance(answer, dict) else None
    wanted = how == ATTENTION or (isinstance(how, list) and ATTENTION in how)
    if wanted and not is_installed("keras"):
        document.problem(
            ("answer", "how"),
            f"attention needs keras, not installed here. Install with: {INSTALL_HINT}; or use mean, vote, "
            "top_k or noisy_or",
        )


def _columns(document: Document, stages: Stages) -> None:
    first: dict[str, Bound[Component]] = {}
    for bound in stages.of("features"):
        names = _ask(document, bound, cast(FeatureExtractor, bound.component).names) or ()
        doubled = [name for name in names if name in first]
        if doubled:
            other = first[doubled[0]]
            document.problem(
                _use(bound),
                f"{other.path} makes the same columns ({_some(doubled)}); "
                "remove one of the two, or give them parameters that name their columns differently",
            )
        for name in names:
            first.setdefault(name, bound)


def _need_classifier(document: Document, stages: Stages, kinds: KindTable) -> None:
    if stages.has("classify"):
        return
    purposes = {kind.stage: kind.needs_classifier for kind in kinds if stages.has(kind.stage)}
    purposes |= {
        section: purpose
        for section, purpose in _SECTIONS_AFTER_CLASSIFY.items()
        if document.data.get(section) not in (None, [])
    }
    for key, purpose in purposes.items():
        if purpose:
            document.problem((key,), f"{key} {purpose} and the recipe has no 'classify'", of_key=True)


def _classifier(document: Document, stages: Stages, bound: Bound[Classifier], catalog: Catalog) -> None:
    consumes = bound.component.consumes
    if Consumes.FEATURES in consumes and not stages.has("features"):
        document.problem(
            _use(bound),
            f"{bound.use} learns from features and the recipe has no 'features'; "
            f"there are: {_names(catalog.of(Kind.FEATURE_EXTRACTOR))}",
        )
    if Consumes.FEATURES not in consumes and stages.has("select"):
        document.problem(
            ("select",),
            f"select needs a classifier of features; {bound.use} learns from {_consumed(consumes)}",
            of_key=True,
        )
    for explainer in stages.of("explain"):
        explains = cast(Explainer, explainer.component).explains
        if not explains & consumes:
            able = [entry for entry in catalog.of(Kind.EXPLAINER) if _explains(entry) & consumes]
            document.problem(
                _use(explainer),
                f"{explainer.use} explains classifiers of {_consumed(explains)}; "
                f"{bound.use} learns from {_consumed(consumes)}. "
                f"These can explain it: {_names(able) or 'none of the installed explainers'}",
            )


def _explains(entry: CatalogEntry) -> frozenset[Consumes]:
    try:
        return cast("type[Explainer]", entry.load()).explains
    except LeukokitError:
        return frozenset()


def _consumed(what: Iterable[Consumes]) -> str:
    return " and ".join(sorted(str(one) for one in what))


def _names(entries: Iterable[CatalogEntry]) -> str:
    return ", ".join(entry.name for entry in entries)


def _some(names: list[str], limit: int = 3) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
