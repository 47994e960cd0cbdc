"""Intervals of every score of a part: headline, each class, each cell of the confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.evaluation.auc import all_pairs, mean_area, one_against_rest
from leukokit.evaluation.intervals import FEW_GROUPS, LEVEL, Bounds, Groups, effective, proportion


@dataclass(frozen=True)
class Outcome:
    """What a part came to, sample by sample.

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
    def held(self) -> list[int]:
        """Classes that the part holds."""
        return [int(number) for number in np.unique(self.true)]

    def share(self, rows: NDArray[np.bool_], hits: NDArray[np.bool_]) -> Bounds | None:
        """Interval of the share of hits among some rows; None where there are none."""
        return proportion(hits[rows], self.groups.some(rows)) if rows.any() else None

    def accuracy(self) -> Bounds:
        """Interval of the accuracy."""
        return proportion(self.true == self.predicted, self.groups)

    def recall(self, number: int) -> Bounds | None:
        """Interval of the share of a class that is found."""
        return self.share(self.true == number, self.predicted == number)

    def precision(self, number: int) -> Bounds | None:
        """Interval of the share of a class's predictions that is right."""
        return self.share(self.predicted == number, self.true == number)

    def f1(self, number: int) -> Bounds | None:
        """Interval of a class's F1; None where the part does not hold it."""
        if not np.any(self.true == number):
            return None
        rows = (self.true == number) | (self.predicted == number)
        value, influence = self._f1(number)
        inside = self.groups.some(rows)
        return effective(value, influence[rows], inside, trials=inside.count)

    def cells(self) -> list[list[dict[str, float] | None]]:
        """Intervals of each cell's share of its true class; None in rows without samples."""
        table: list[list[dict[str, float] | None]] = []
        for row in range(self.n_classes):
            bounds = [
                self.share(self.true == row, self.predicted == column) for column in range(self.n_classes)
            ]
            table.append([None if each is None else {"low": each.low, "high": each.high} for each in bounds])
        return table

    def macro_recall(self) -> Bounds:
        """Interval of the mean recall of the classes held."""
        return self._mean([self._ratio(self.true == c, self.predicted == c) for c in self.held])

    def macro_precision(self) -> Bounds:
        """Interval of the mean precision of the classes held; one that is never predicted counts as 0."""
        return self._mean([self._ratio(self.predicted == c, self.true == c) for c in self.held])

    def macro_f1(self) -> Bounds:
        """Interval of the mean F1 of the classes held."""
        return self._mean([self._f1(c) for c in self.held])

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
        value = float(np.mean([each for each, _ in parts]))
        influence = np.sum([each for _, each in parts], axis=0) / len(parts)
        # With all right, a mean over classes is as sure as its smallest class, so many times.
        smallest = min(self.groups.some(self.true == c).count for c in self.held)
        trials = min(self.groups.count, smallest * len(parts))
        return effective(value, influence, self.groups, trials=trials)


def headline(outcome: Outcome, proba: FloatArray) -> dict[str, Any]:
    """Give ``intervals`` of ``metrics.json``: of accuracy, macro means and areas, with their method.

    Returns
    -------
    dict
        ``level``, ``groups`` (their number), ``draws`` (0: nothing is resampled), ``notes``, and of each
        score ``low``, ``high``, ``method``; an area that the part cannot tell is left out.
    """
    groups = outcome.groups
    notes = []
    if groups.count < FEW_GROUPS:
        notes.append(f"{groups.count} groups are few: intervals from so few tend to be too narrow")
    found: dict[str, Any] = {"level": LEVEL, "groups": groups.count, "draws": 0, "notes": notes}
    for name in ("accuracy", "macro_f1", "macro_precision", "macro_recall"):
        found[name] = getattr(outcome, name)().json()
    pairs = all_pairs(outcome.true, proba)
    rest = [one_against_rest(outcome.true == c, proba[:, c]) for c in range(outcome.n_classes)]
    for name, contests in (("auc_ovo", pairs), ("auc_ovr", [each for each in rest if each is not None])):
        if contests:
            found[name] = mean_area(contests, groups)[1].json()
    return found


def of_class(outcome: Outcome, proba: FloatArray, number: int) -> dict[str, Any]:
    """Give ``intervals`` of a class: ``precision``, ``recall``, ``f1``, ``auc_ovr``, where the part tells."""
    found = {
        "precision": outcome.precision(number) if np.any(outcome.true == number) else None,
        "recall": outcome.recall(number),
        "f1": outcome.f1(number),
    }
    contest = one_against_rest(outcome.true == number, proba[:, number])
    if contest is not None:
        found["auc_ovr"] = mean_area([contest], outcome.groups)[1]
    return {name: each.json() for name, each in found.items() if each is not None}
