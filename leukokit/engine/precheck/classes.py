"""Whether classes and groups are large enough for what the recipe does with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Part, TabularClassifier
from leukokit.api.folds import class_counts
from leukokit.engine.components.call import ComponentCall
from leukokit.engine.data import OpenData, merged_groups
from leukokit.engine.doctor.finding import Finding, Level
from leukokit.engine.models.feasible import class_problem
from leukokit.engine.protocols import Division
from leukokit.engine.provenance import groups_are
from leukokit.engine.traits import groups_of
from leukokit.errors import LeukokitError
from leukokit.evaluation.divided_groups import divided_groups
from leukokit.evaluation.splits import Fold
from leukokit.number_text import counted, joined, percent
from leukokit.recipe import Recipe

_FEW_TESTED = 10
"""Test images of a class below which its interval spans more than half of 0..1 (Clopper-Pearson, 95 %)."""
_FEW_FOR_CURVE = 30
"""Validation images of a class below which a rising curve follows single images."""
_MOST_NAMED = 3
_INNER_FOLDS = 2
"""Groups of each class that a classifier needs which calibrates itself on inner folds."""


def class_names_finding(recipe: Recipe, data: OpenData) -> Finding | None:
    """Say what is wrong with the names of the classes, where the recipe has a classifier; else None."""
    labels = {item.sample.label for item in data.items if item.sample.label is not None}
    problem = None if recipe.classify is None else class_problem(labels)
    return None if problem is None else Finding("classes", Level.FAIL, problem.what, problem.hint or "")


def class_findings(recipe: Recipe, data: OpenData, divisions: Sequence[Division]) -> Iterator[Finding]:
    """Examine the parts of every fold; what holds of several folds is told once."""
    if recipe.classify is None:
        return
    items = [item for item in data.items if item.sample.label is not None]
    labels = {item.sample.id: item.sample.label or "" for item in items}
    groups = dict(zip((item.sample.id for item in items), merged_groups(items), strict=True))
    told: set[str] = set()
    for division in divisions:
        found = [pair for fold in division.folds for pair in _of_fold(recipe, fold, labels, groups)]
        for topic, finding in [*found, *_of_test(division, labels)]:
            if topic not in told:
                told.add(topic)
                yield finding


def divided_group_findings(
    recipe: Recipe, data: OpenData, divisions: Sequence[Division]
) -> Iterator[Finding]:
    """Name patients (or other groups) that a model learns from and is tested on, for each protocol."""
    groups = groups_of(item.sample for item in data.items if item.sample.label is not None)
    kind = groups_are(recipe, data)
    word = "group" if kind is None else kind.value
    for division in divisions:
        divided = divided_groups(division.folds, groups)
        if not divided.parts:
            continue
        under = f" under the protocol {division.name}" if division.name else ""
        names = list(divided.parts)
        more = [f"{len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
        text = (
            f"images of {counted(len(names), word)} lie in several parts{under} "
            f"({joined([*names[:_MOST_NAMED], *more], 'and')}): a model learns from the {word}s of "
            f"{percent(divided.share)} of the images that it is tested on, so scores may be too good"
        )
        hint = f"Keep each {word} in one part: split: {{method: kfold, folds: 5, by: group}}"
        yield Finding("split", Level.NOTE, text, hint)


def _of_fold(
    recipe: Recipe, fold: Fold, labels: dict[str, str], groups: dict[str, str]
) -> Iterator[tuple[str, Finding]]:
    train = fold.ids(Part.TRAIN)
    y = np.array([labels[id_] for id_ in train], dtype=np.str_)
    by_group = class_counts(y, np.array([groups[id_] for id_ in train], dtype=np.str_))
    grouped = len({groups[id_] for id_ in train}) < len(train)
    unit = "groups (patients, slides)" if grouped else "images"
    rarest = min(by_group, key=lambda name: (by_group[name], name))
    lacking = f"class {rarest!r} has {by_group[rarest]} {unit} in the training part of split {fold.name}"
    tune, classifier = recipe.model.tune, recipe.classifier.component
    if tune is not None and by_group[rarest] < tune.cv:
        hint = f"Set tune.cv to {max(2, by_group[rarest])} or less, or add images of this class"
        yield "tune", Finding("classes", Level.FAIL, f"{lacking}, too few for tune.cv: {tune.cv}", hint)
    if isinstance(classifier, TabularClassifier):
        if classifier.needs_folds and by_group[rarest] < _INNER_FOLDS:
            text = f"{lacking}; {recipe.classifier.use} needs {_INNER_FOLDS} to calibrate its probabilities"
            hint = "Add images of this class, or take a classifier that does not, such as random_forest"
            yield "inner", Finding("classes", Level.FAIL, text, hint)
        yield from _refused(classifier, y)
    yield from _of_validation(recipe, fold, labels)


def _of_test(division: Division, labels: dict[str, str]) -> Iterator[tuple[str, Finding]]:
    """Examine the images that scores rest on: those that any fold tests."""
    tested = Counter(labels[id_] for id_ in {id_ for fold in division.folds for id_ in fold.ids(Part.TEST)})
    few = [f"{name} {tested[name]}" for name in sorted(set(labels.values())) if tested[name] < _FEW_TESTED]
    if tested and few:
        hint = (
            "Add images" if len(division.folds) > 1 else "Add images, or test each once (split.method: kfold)"
        )
        text = f"few test images ({', '.join(few)}): the scores will be very uncertain"
        yield "test", Finding("classes", Level.NOTE, text, hint)


def _refused(classifier: TabularClassifier, y: NDArray[np.str_]) -> Iterator[tuple[str, Finding]]:
    """Ask the classifier whether it can learn from so many images of each class."""
    try:
        with ComponentCall(classifier, "check_train"):
            classifier.check_train(class_counts(y))
    except LeukokitError as error:
        yield "refused", Finding("classes", Level.FAIL, error.what, error.hint or "")


def _of_validation(recipe: Recipe, fold: Fold, labels: dict[str, str]) -> Iterator[tuple[str, Finding]]:
    """Examine what a calibration learns from; that there is such a part is asked when folds are made."""
    if recipe.model.calibrate is None:
        return
    counts = Counter(labels[id_] for id_ in fold.ids(Part.VALIDATION))
    classes = sorted({labels[id_] for id_ in fold.parts})
    least = 1 if recipe.model.calibrate == "temperature" else _FEW_FOR_CURVE
    few = [f"{name} {counts[name]}" for name in classes if counts[name] < least]
    if few:
        text = (
            f"calibrate: {recipe.model.calibrate} learns from few validation images in split {fold.name} "
            f"({', '.join(few)}); it may make probabilities worse"
        )
        hint = "Give the split a larger validation part, or set calibrate: temperature"
        yield "calibrate", Finding("classes", Level.NOTE, text, hint)
