"""Explain one fold's model on a part that it was not fitted on; the cache keeps each explanation by itself.

One more explainer in a recipe does not fit its model again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leukokit.api import (
    Classifier,
    Examples,
    Explainer,
    Explanation,
    FittedModel,
    FloatArray,
    Part,
    Selector,
)
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import digest, identity
from leukokit.engine.cache.memo import memo_folder
from leukokit.engine.cache.store import Store
from leukokit.engine.components.call import ComponentCall
from leukokit.engine.components.origin import is_foreign
from leukokit.engine.execution.isolation import run_isolated
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.observer import Observer
from leukokit.errors import LeukokitError
from leukokit.recipe import Bound
from leukokit.record.explanations import HeatFacts
from leukokit.record.reading import read_record

TABLE = "table.csv"
_MAPS = "heat.npz"
_HEAT_TABLE = "heat.csv"
_HEAT_FACTS = "heat.json"
_LEVELS = 255
_COLUMNS = ["index", "id", "true", "predicted", "target", "probability"]


@dataclass(frozen=True)
class HeatMaps:
    """Heat maps of one explainer, as they are kept.

    Attributes
    ----------
    table : DataFrame
        ``index``, ``id``, ``true``, ``predicted``, ``target`` (the class whose score the map explains) and
        ``probability`` of the target, one row a map.
    maps : sequence of uint8 array H x W
        In the order of the table; 255 is heat 1. One level is too little to be seen, or to change a
        mean over a region.
    part : Part
        The part that the images belong to.
    note : str
        Remark for the reader of the maps.
    """

    table: pd.DataFrame
    maps: Sequence[NDArray[np.uint8]]
    part: Part
    note: str

    def heat(self, row: int) -> FloatArray:
        """One map, float64 in 0..1."""
        return self.maps[row].astype(np.float64) / _LEVELS


@dataclass(frozen=True)
class StoredExplanation:
    """The explanation of one explainer, as it is kept.

    Attributes
    ----------
    step : str
        Recipe path and name.
    table : DataFrame or None
    heat : HeatMaps or None
    reused : bool
        True where it came from the cache.
    folder : Path
        Holds the files; lives as long as the caller keeps it.
    """

    step: str
    table: pd.DataFrame | None
    heat: HeatMaps | None
    reused: bool
    folder: Path

    def files(self, name: str) -> Mapping[str, Path]:
        """Where each file belongs below ``explanations/``."""
        return {
            f"{name}.csv" if path.name == TABLE else f"{name}/{path.name}": path
            for path in sorted(self.folder.iterdir())
            if path.name in (TABLE, _MAPS, _HEAT_TABLE, _HEAT_FACTS)
        }


@dataclass(frozen=True)
class SavedModel:
    """Loads a model from its folder, in any process."""

    classifier: Classifier
    select: tuple[Selector, ...]
    folder: Path

    def __call__(self) -> FittedModel:
        """Load it."""
        with ComponentCall(self.classifier, "load", *self.select):
            return self.classifier.load(self.folder, select=self.select)


@dataclass(frozen=True)
class Subject:
    """A model to explain, with its probabilities for one part.

    Attributes
    ----------
    key : str
        Key of the model.
    model : callable
        Gives the model; it is only loaded where an explanation is not in the cache.
    select : tuple of Selector
        Selectors of the model.
    folder : Path
        Where the model is saved.
    """

    key: str
    classifier: Classifier
    model: Callable[[], FittedModel]
    select: tuple[Selector, ...]
    folder: Path
    classes: tuple[str, ...]
    part: Part
    examples: Examples
    probabilities: FloatArray


def explain_model(
    explainers: Sequence[Bound[Explainer]],
    subject: Subject,
    *,
    seed: int,
    store: Store | None,
    scratch: Path,
    executor: Executor,
    observer: Observer,
) -> dict[str, StoredExplanation]:
    """Explanations of all explainers, new or from the cache, by names that are safe for files.

    If an explainer fails, only its explanation is missing: the run goes on, with a warning.
    """
    explanations: dict[str, StoredExplanation] = {}
    for bound in explainers:
        name = _free_name(bound.entry.name.replace("/", "."), explanations)
        folder = scratch / name
        key = digest("explanation", subject.key, identity(bound), code_digest(__name__))

        def compute(into: Path, bound: Bound[Explainer] = bound) -> None:
            components = (bound.component, subject.classifier, *subject.select)
            inside = subject
            if any(map(is_foreign, components)):
                saved = SavedModel(subject.classifier, subject.select, subject.folder)
                inside = replace(subject, model=saved)
            arguments = bound.component, bound.entry.name, inside, seed, into
            run_isolated(_explain, *arguments, components=components, executor=executor, observer=observer)

        try:
            explanation, reused = memo_folder(
                key,
                compute,
                partial(_read, step=bound.step),
                folder,
                store=store,
                title=f"{bound.entry.name} of a model",
            )
        except LeukokitError as error:
            observer.warn(f"there is no explanation by {bound.entry.name}: {error}")
            continue
        explanations[name] = replace(explanation, reused=reused)
    return explanations


def _explain(
    explainer: Explainer, name: str, subject: Subject, seed: int, folder: Path, *, observer: Observer
) -> None:
    """Call one explainer, and write its explanation into ``folder``."""
    observer.stage(f"explaining with {name}", 1)
    model = subject.model()
    with ComponentCall(explainer, "explain", subject.classifier, *subject.select):
        explanation = explainer.explain(subject.classifier, model, subject.examples, seed=seed)
        observer.advance()
        _write(explanation, name, subject, folder)


def _free_name(name: str, taken: Mapping[str, object]) -> str:
    """``name``, with a number where the recipe uses an explainer twice."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _write(explanation: Explanation, explainer: str, subject: Subject, folder: Path) -> None:
    if explanation.table is not None:
        explanation.table.to_csv(folder / TABLE, index=False, lineterminator="\n")
    if not explanation.heat_maps:
        return
    rows = []
    maps = {}
    row_of = {name: i for i, name in enumerate(subject.examples.ids)}
    labels = subject.examples.labels
    for index, (name, heat) in enumerate(explanation.heat_maps.items()):
        if name not in row_of:
            raise LeukokitError(f"{explainer} explains {name!r}, which it was not given")
        row = row_of[name]
        predicted = subject.classes[int(subject.probabilities[row].argmax())]
        target = explanation.targets.get(name, predicted)
        if target not in subject.classes:
            raise LeukokitError(f"{explainer} explains class {target!r}, which the model does not know")
        probability = subject.probabilities[row][subject.classes.index(target)]
        true = "" if labels is None else labels[row]
        rows.append((index, name, true, predicted, target, probability))
        maps[str(index)] = _levels(heat, explainer, name, subject.examples, row)
    pd.DataFrame(rows, columns=_COLUMNS).to_csv(folder / _HEAT_TABLE, index=False, lineterminator="\n")
    np.savez_compressed(folder / _MAPS, **maps)  # type: ignore[arg-type]
    facts = HeatFacts(note=explanation.note, part=subject.part.value, levels=_LEVELS)
    (folder / _HEAT_FACTS).write_bytes(facts.to_bytes())


def _levels(heat: FloatArray, explainer: str, name: str, examples: Examples, row: int) -> NDArray[np.uint8]:
    """Check a heat map against its image and convert it to 256 levels."""
    whole = np.asarray(heat)
    if whole.ndim != 2 or not np.isfinite(whole).all() or whole.min() < 0 or whole.max() > 1:
        raise LeukokitError(
            f"{explainer} gave heat for {name} that is no map of finite numbers in 0..1 (shape {whole.shape})"
        )
    if examples.images is not None:
        expected = examples.images[row].shape[:2]
        if whole.shape != expected:
            raise LeukokitError(
                f"{explainer} gave a heat map of shape {whole.shape} for {name}, whose image is {expected}"
            )
    return np.rint(whole * _LEVELS).astype(np.uint8)


def _read(folder: Path, step: str) -> StoredExplanation:
    """Read the files of ``_write``, for new and cached explanations alike."""
    table = pd.read_csv(folder / TABLE) if (folder / TABLE).exists() else None
    heat = None
    if (folder / _MAPS).exists():
        # Classes and ids are read as text: a class "1" is not a number and an id "NA" is not a missing value.
        text = dict.fromkeys(("id", "true", "predicted", "target"), str)
        rows = pd.read_csv(folder / _HEAT_TABLE, dtype=text, keep_default_na=False)
        facts = read_record(folder, _HEAT_FACTS, HeatFacts)
        with np.load(folder / _MAPS, allow_pickle=False) as arrays:
            maps = [arrays[str(index)] for index in rows["index"]]
        heat = HeatMaps(rows, maps, Part(facts.part), facts.note)
    return StoredExplanation(step, table, heat, reused=False, folder=folder)
