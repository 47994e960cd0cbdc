"""Predictions of the models of all folds for the samples that they were not fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray, Part
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.evaluation.intervals import Groups


@dataclass(frozen=True)
class PooledPredictions:
    """Rows of one part over all folds, with the classes that any fold's model knows.

    Attributes
    ----------
    ids, folds, true, groups : list of str
    proba : float64 array (n, k)
        As in ``predictions.csv``.
    raw : float64 array (n, k)
        Probabilities of the models, before a calibration that the recipe asks for.
    classes : tuple of str
    """

    ids: list[str]
    folds: list[str]
    true: list[str]
    groups: list[str]
    proba: FloatArray
    raw: FloatArray
    classes: tuple[str, ...]

    @cached_property
    def codes(self) -> NDArray[np.intp]:
        """Class number of each row; the class has to be one that a model knows."""
        number = {name: index for index, name in enumerate(self.classes)}
        return np.array([number[name] for name in self.true], dtype=np.intp)

    @cached_property
    def clusters(self) -> Groups:
        """Groups of the rows."""
        return Groups.of(self.groups, len(self.groups), self.true)

    @cached_property
    def fold_rows(self) -> dict[str, NDArray[np.bool_]]:
        """Which rows are of each fold, by its name."""
        names = np.array(self.folds, dtype=object)
        return {name: names == name for name in dict.fromkeys(self.folds)}


def pooled_predictions(fitted: Mapping[str, FittedFold], part: Part) -> PooledPredictions | None:
    """Put the folds' rows of one part below each other; None where no fold has any.

    A class that a fold's model has never seen has probability 0 there.
    """
    classes = tuple(sorted({name for fold in fitted.values() for name in fold.classes}))
    ids: list[str] = []
    folds: list[str] = []
    true: list[str] = []
    groups: list[str] = []
    calibrated: list[FloatArray] = []
    raw: list[FloatArray] = []
    for name, fold in fitted.items():
        if part not in fold.probabilities:
            continue
        examples = fold.best.examples[part]
        calibrated.append(_spread(fold.probabilities[part], fold.classes, classes))
        raw.append(_spread(fold.raw(part), fold.classes, classes))
        ids += list(examples.ids)
        folds += [name] * len(examples)
        true += examples.labels.tolist()
        groups += examples.groups.tolist()
    if not ids:
        return None
    return PooledPredictions(ids, folds, true, groups, np.vstack(calibrated), np.vstack(raw), classes)


def _spread(proba: FloatArray, known: tuple[str, ...], classes: tuple[str, ...]) -> FloatArray:
    block = np.zeros((len(proba), len(classes)))
    block[:, [classes.index(name) for name in known]] = proba
    return block
