"""Explain one fold's model on the part it was not fitted on; each explanation is kept in the cache by itself.

A model that took hours to fit is not fitted again because a recipe asks for one more explainer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from leukokit.engine.cache.keys import digest, identity
from leukokit.engine.cache.memo import memo_folder
from leukokit.engine.cache.store import Store
from leukokit.engine.components.call import ComponentCall
from leukokit.engine.components.origin import is_foreign
from leukokit.engine.execution.apart import apart
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
        In the order of the table; 255 is heat 1. One level is less than an eye or a mean over a region sees.
    part : Part
        The part that the images belong to.
    note : str
        What a reader of the maps should know.
    """

    table: pd.DataFrame
    maps: Sequence[NDArray[np.uint8]]
    part: Part
    note: str

    def heat(self, row: int) -> FloatArray:
        """One map, float64 in 0..1."""
        return self.maps[row].astype(np.float64) / _LEVELS


@dataclass(frozen=True)
class Explained:
    """What one explainer found.

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
    """Gives a model from its folder, in whatever process."""

    classifier: Classifier
    select: tuple[Selector, ...]
    folder: Path

    def __call__(self) -> FittedModel:
        """Load it."""
        with ComponentCall(self.classifier, "load", *self.select):
            return self.classifier.load(self.folder, select=self.select)


@dataclass(frozen=True)
class Subject:
    """A model to explain, with what it said of one part.

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
) -> dict[str, Explained]:
    """Ask every explainer, or the cache; by names that are safe for files, in the order of the recipe.

    One that fails costs its explanation: the run goes on, and says so.
    """
    found: dict[str, Explained] = {}
    for bound in explainers:
        name = _free_name(bound.entry.name.replace("/", "."), found)
        folder = scratch / name
        key = digest("explanation", subject.key, identity(bound))

        def explained(into: Path, bound: Bound[Explainer] = bound) -> None:
            components = (bound.component, subject.classifier, *subject.select)
            inside = subject
            if any(map(is_foreign, components)):
                saved = SavedModel(subject.classifier, subject.select, subject.folder)
                inside = replace(subject, model=saved)
            arguments = bound.component, bound.entry.name, inside, seed, into
            apart(_explain, *arguments, components=components, executor=executor, observer=observer)

        title = f"{bound.entry.name} of a model"
        try:
            reused = memo_folder(key, explained, folder, store=store, title=title)
        except LeukokitError as error:
            observer.warn(f"there is no explanation by {bound.entry.name}: {error}")
            continue
        found[name] = _read(folder, bound.step, reused=reused)
    return found


def _explain(
    explainer: Explainer, name: str, subject: Subject, seed: int, folder: Path, *, observer: Observer
) -> None:
    """Ask one explainer, and write what it says into ``folder``."""
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


def _write(found: Explanation, explainer: str, subject: Subject, folder: Path) -> None:
    if found.table is not None:
        found.table.to_csv(folder / TABLE, index=False, lineterminator="\n")
    if not found.heat_maps:
        return
    rows = []
    maps = {}
    places = {name: i for i, name in enumerate(subject.examples.ids)}
    labels = subject.examples.labels
    for index, (name, heat) in enumerate(found.heat_maps.items()):
        if name not in places:
            raise LeukokitError(f"{explainer} explains {name!r}, which it was not given")
        place = places[name]
        predicted = subject.classes[int(subject.probabilities[place].argmax())]
        target = found.targets.get(name, predicted)
        if target not in subject.classes:
            raise LeukokitError(f"{explainer} explains class {target!r}, which the model does not know")
        probability = subject.probabilities[place][subject.classes.index(target)]
        true = "" if labels is None else labels[place]
        rows.append((index, name, true, predicted, target, probability))
        maps[str(index)] = _levels(heat, explainer, name, subject.examples, place)
    pd.DataFrame(rows, columns=_COLUMNS).to_csv(folder / _HEAT_TABLE, index=False, lineterminator="\n")
    np.savez_compressed(folder / _MAPS, **maps)  # type: ignore[arg-type]
    facts = HeatFacts(note=found.note, part=subject.part.value, levels=_LEVELS)
    (folder / _HEAT_FACTS).write_bytes(facts.to_bytes())


def _levels(heat: FloatArray, explainer: str, name: str, examples: Examples, place: int) -> NDArray[np.uint8]:
    """Heat in 256 levels, once it has been found to lie over its image."""
    whole = np.asarray(heat)
    if whole.ndim != 2 or not np.isfinite(whole).all() or whole.min() < 0 or whole.max() > 1:
        raise LeukokitError(
            f"{explainer} gave heat for {name} that is no map of finite numbers in 0..1 (shape {whole.shape})"
        )
    if examples.images is not None:
        expected = examples.images[place].shape[:2]
        if whole.shape != expected:
            raise LeukokitError(
                f"{explainer} gave a heat map of shape {whole.shape} for {name}, whose image is {expected}"
            )
    return np.rint(whole * _LEVELS).astype(np.uint8)


def _read(folder: Path, step: str, *, reused: bool) -> Explained:
    """Read what ``_write`` wrote: a fresh explanation and a cached one take the same way from here on."""
    table = pd.read_csv(folder / TABLE) if (folder / TABLE).exists() else None
    heat = None
    if (folder / _MAPS).exists():
        # Classes and ids are text, whatever they look like: a class "1" or an id "NA" is no number.
        text = dict.fromkeys(("id", "true", "predicted", "target"), str)
        rows = pd.read_csv(folder / _HEAT_TABLE, dtype=text, keep_default_na=False)
        facts = read_record(folder, _HEAT_FACTS, HeatFacts)
        with np.load(folder / _MAPS, allow_pickle=False) as arrays:
            maps = [arrays[str(index)] for index in rows["index"]]
        heat = HeatMaps(rows, maps, Part(facts.part), facts.note)
    return Explained(step, table, heat, reused, folder)
