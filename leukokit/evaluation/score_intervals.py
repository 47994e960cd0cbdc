"""Intervals of all scores of a part: headline scores, each class, each cell of the confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.evaluation.auc import BinaryTask, mean_auc, one_vs_one_tasks, one_vs_rest_task
from leukokit.evaluation.intervals import FEW_GROUPS, Bounds, Groups, anything, effective, proportion


@dataclass(frozen=True, slots=True)
class HeadlineBounds:
    """Intervals of the scores of a part.

    Attributes
    ----------
    groups : int
        Number of groups that the intervals are made over.
    accuracy, macro_f1, macro_precision, macro_recall : Bounds
    auc_ovo, auc_ovr : Bounds or None
        None where the area is undefined.
    notes : tuple of str
        What a reader of the intervals should know.
    """

    groups: int
    accuracy: Bounds
    macro_f1: Bounds
    macro_precision: Bounds
    macro_recall: Bounds
    auc_ovo: Bounds | None
    auc_ovr: Bounds | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClassBounds:
    """Intervals of the scores of one class; None where a score is undefined."""

    precision: Bounds | None
    recall: Bounds | None
    specificity: Bounds | None
    f1: Bounds | None
    auc_ovr: Bounds | None


@dataclass(frozen=True)
class IntervalEstimator:
    """Computes the intervals of the scores of one part.

    Attributes
    ----------
    true, predicted : int array (n,)
        Class numbers, n of 1 or more.
    n_classes : int
    groups : Groups
    """

    true: NDArray[np.intp]
    predicted: NDArray[np.intp]
    n_classes: int
    groups: Groups

    @property
    def present(self) -> list[int]:
        """Classes with samples in the part."""
        return [int(number) for number in np.unique(self.true)]

    def share(self, rows: NDArray[np.bool_], hits: NDArray[np.bool_]) -> Bounds | None:
        """Interval of the share of hits among some rows; None where there are none."""
        return proportion(hits[rows], self.groups.subset(rows)) if rows.any() else None

    def accuracy(self) -> Bounds:
        """Interval of the accuracy."""
        return proportion(self.true == self.predicted, self.groups)

    def recall(self, number: int) -> Bounds | None:
        """Interval of the recall of a class."""
        return self.share(self.true == number, self.predicted == number)

    def specificity(self, number: int) -> Bounds | None:
        """Interval of the specificity of a class; None where all samples are of it."""
        return self.share(self.true != number, self.predicted != number)

    def precision(self, number: int) -> Bounds | None:
        """Interval of the precision of a class."""
        return self.share(self.predicted == number, self.true == number)

    def f1(self, number: int) -> Bounds | None:
        """Interval of the F1 of a class; None where it has no samples."""
        if not np.any(self.true == number):
            return None
        rows = (self.true == number) | (self.predicted == number)
        value, influence = self._f1(number)
        inside = self.groups.subset(rows)
        return effective(value, influence[rows], inside, trials=inside.count)

    def cells(self) -> tuple[tuple[Bounds | None, ...], ...]:
        """Intervals of each cell's share of its true class; None in rows without samples."""
        return tuple(
            tuple(self.share(self.true == row, self.predicted == column) for column in range(self.n_classes))
            for row in range(self.n_classes)
        )

    def macro_recall(self) -> Bounds:
        """Interval of the mean recall of the classes with samples."""
        return self._mean([self._ratio(self.true == c, self.predicted == c) for c in self.present])

    def macro_precision(self) -> Bounds:
        """Interval of the mean precision of the classes with samples; one never predicted counts as 0."""
        return self._mean([self._ratio(self.predicted == c, self.true == c) for c in self.present])

    def macro_f1(self) -> Bounds:
        """Interval of the mean F1 of the classes with samples."""
        return self._mean([self._f1(c) for c in self.present])

    def _ratio(self, rows: NDArray[np.bool_], hits: NDArray[np.bool_]) -> tuple[float, FloatArray]:
        count = int(rows.sum())
        if not count:
            return 0.0, np.zeros(len(rows))
        value = float(np.sum(rows & hits) / count)
        return value, rows * (hits - value) / count

    def _f1(self, number: int) -> tuple[float, FloatArray]:
        weight = (self.true == number).astype(np.float64) + (self.predicted == number)
        twice = 2.0 * ((self.true == number) & (self.predicted == number))
        value = float(twice.sum() / weight.sum())
        return value, (twice - value * weight) / weight.sum()

    def _mean(self, parts: list[tuple[float, FloatArray]]) -> Bounds:
        if self.groups.unknown_of_a_class:
            return anything(self.groups.unknown_of_a_class)
        value = float(np.mean([score for score, _ in parts]))
        influence = np.sum([values for _, values in parts], axis=0) / len(parts)
        # Without errors, the precision of the mean is limited by the smallest class, once per class.
        smallest = min(self.groups.subset(self.true == c).count for c in self.present)
        trials = min(self.groups.count, smallest * len(parts))
        return effective(value, influence, self.groups, trials=trials)


def headline_intervals(estimator: IntervalEstimator, proba: FloatArray) -> HeadlineBounds:
    """Compute the intervals of accuracy, macro means and AUCs; nothing is resampled.

    Parameters
    ----------
    proba : float64 array (n, k)
        Probabilities of the samples of the estimator.
    """
    groups = estimator.groups
    notes: tuple[str, ...] = ()
    if groups.unknown_of_a_class:
        notes = (f"95 % intervals: {groups.unknown_of_a_class}",)
    elif groups.count < FEW_GROUPS and not groups.independent:
        notes = (
            f"{groups.count} groups (patients, slides) are few: intervals are wide, and rest on how much "
            "these few differ",
        )
    rest = [one_vs_rest_task(estimator.true == c, proba[:, c]) for c in range(estimator.n_classes)]
    return HeadlineBounds(
        groups=groups.count,
        accuracy=estimator.accuracy(),
        macro_f1=estimator.macro_f1(),
        macro_precision=estimator.macro_precision(),
        macro_recall=estimator.macro_recall(),
        auc_ovo=_area(one_vs_one_tasks(estimator.true, proba), groups),
        auc_ovr=_area([task for task in rest if task is not None], groups),
        notes=notes,
    )


def class_intervals(estimator: IntervalEstimator, proba: FloatArray, number: int) -> ClassBounds:
    """Compute the intervals of a class; takes what :func:`headline_intervals` takes, and its number."""
    task = one_vs_rest_task(estimator.true == number, proba[:, number])
    return ClassBounds(
        precision=estimator.precision(number) if np.any(estimator.true == number) else None,
        recall=estimator.recall(number),
        specificity=estimator.specificity(number),
        f1=estimator.f1(number),
        auc_ovr=None if task is None else _area([task], estimator.groups),
    )


def _area(tasks: Sequence[BinaryTask], groups: Groups) -> Bounds | None:
    return mean_auc(tasks, groups)[1] if tasks else None
