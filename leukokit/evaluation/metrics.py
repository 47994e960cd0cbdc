"""Scores of predicted probabilities.

The predicted class is always the one of the highest probability, the first of equals. An undefined score (the
recall of a class without samples) is None with a note that says why; it never counts as zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leukokit.arrays import FloatArray
from leukokit.errors import DataError, PluginError
from leukokit.evaluation.auc import auc, one_vs_one_tasks, one_vs_rest_task
from leukokit.evaluation.intervals import Bounds, Groups
from leukokit.evaluation.score_intervals import (
    ClassBounds,
    HeadlineBounds,
    IntervalEstimator,
    class_intervals,
    headline_intervals,
)

if TYPE_CHECKING:
    import pandas as pd

SCORES = ("accuracy", "macro_f1", "auc_ovo", "auc_ovr")
"""Names of the scores that tuning can rank by; higher is better for each."""


@dataclass(frozen=True)
class Scored:
    """Truth and prediction of one part as class numbers.

    Attributes
    ----------
    true, predicted : int array (n,)
        Class numbers.
    proba : float64 array (n, k)
        Probabilities.
    classes : tuple of str
        Names, in the order of the columns.
    """

    true: NDArray[np.intp]
    predicted: NDArray[np.intp]
    proba: FloatArray
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClassPoints:
    """Scores of one class, without intervals.

    Attributes
    ----------
    support, predicted : int
        Samples of this class, and samples that were given it.
    precision, recall, specificity, f1, auc_ovr : float or None
        0..1; None where undefined: a class without samples has no recall, one without others no specificity.
    """

    support: int
    predicted: int
    precision: float | None
    recall: float | None
    specificity: float | None
    f1: float | None
    auc_ovr: float | None


@dataclass(frozen=True, slots=True)
class PointScores:
    """Scores of one part, without intervals.

    Attributes
    ----------
    n : int
        Samples.
    accuracy, macro_precision, macro_recall, macro_f1 : float
        0..1; means over the classes with samples.
    auc_ovo, auc_ovr : float or None
        0..1; None where only one class has samples.
    per_class : mapping of class to ClassPoints
        In the order of the classes.
    matrix : tuple of tuple of int
        Samples by true class (row) and predicted class (column).
    notes : tuple of str
        What a reader should know.
    """

    n: int
    accuracy: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    auc_ovo: float | None
    auc_ovr: float | None
    per_class: Mapping[str, ClassPoints]
    matrix: tuple[tuple[int, ...], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoundedScores:
    """Scores of one part with their intervals.

    Attributes
    ----------
    points : PointScores
    bounds : HeadlineBounds
    class_bounds : mapping of class to ClassBounds
    cell_bounds : tuple of tuple of Bounds or None
        Of each cell's share of its true class; None in rows without samples.
    """

    points: PointScores
    bounds: HeadlineBounds
    class_bounds: Mapping[str, ClassBounds]
    cell_bounds: tuple[tuple[Bounds | None, ...], ...]


def scores(
    true: Sequence[str] | NDArray[np.str_],
    proba: ArrayLike,
    classes: Sequence[str],
    *,
    groups: Sequence[str] | NDArray[np.str_] | None = None,
) -> BoundedScores:
    """Score one part.

    Parameters
    ----------
    true : sequence of str (n,)
        True classes.
    proba : array (n, k)
        Probabilities, columns in the order of ``classes``.
    classes : sequence of str (k,)
        Classes of the model.
    groups : sequence of str (n,), optional
        Samples of one group are not independent, which the intervals take into account; where a class has
        fewer than three groups, intervals are unknown. Each sample is its own group where omitted.

    Raises
    ------
    DataError
        Where there are no samples, or a true class that the model does not have.
    PluginError
        Where the probabilities are not n x k finite numbers.
    """
    scored = score_input(true, proba, classes)
    estimator = IntervalEstimator(
        scored.true, scored.predicted, len(scored.classes), Groups.of(groups, len(scored.true), true)
    )
    return BoundedScores(
        points=point_scores(scored),
        bounds=headline_intervals(estimator, scored.proba),
        class_bounds={
            name: class_intervals(estimator, scored.proba, number)
            for number, name in enumerate(scored.classes)
        },
        cell_bounds=estimator.cells(),
    )


def point_scores(scored: Scored) -> PointScores:
    """Return the scores of :func:`scores` without intervals."""
    matrix = confusion(scored)
    per_class = {name: _class_points(scored, matrix, number) for number, name in enumerate(scored.classes)}
    present = [points for points in per_class.values() if points.support]
    areas = [points.auc_ovr for points in per_class.values() if points.auc_ovr is not None]
    return PointScores(
        n=len(scored.true),
        accuracy=float(np.trace(matrix) / matrix.sum()),
        # The precision of a class that is never predicted is undefined; in the mean it counts as 0, as in
        # scikit-learn.
        macro_precision=float(np.mean([points.precision or 0.0 for points in present])),
        macro_recall=float(np.mean([points.recall for points in present if points.recall is not None])),
        macro_f1=macro_f1(matrix),
        auc_ovo=auc_ovo(scored),
        auc_ovr=_mean(areas),
        per_class=per_class,
        matrix=tuple(tuple(row) for row in matrix.tolist()),
        notes=tuple(_notes(per_class)),
    )


def score(name: str, true: NDArray[np.str_], proba: ArrayLike, classes: Sequence[str]) -> float | None:
    """Compute one of ``SCORES``; None where it is undefined."""
    scored = score_input(true, proba, classes)
    if name == "accuracy":
        return float(np.mean(scored.true == scored.predicted))
    if name == "macro_f1":
        return macro_f1(confusion(scored))
    if name == "auc_ovo":
        return auc_ovo(scored)
    if name == "auc_ovr":
        areas = [auc_one_vs_rest(scored, number) for number in range(len(scored.classes))]
        return _mean([area for area in areas if area is not None])
    raise ValueError(f"unknown score {name!r}; expected one of {', '.join(SCORES)}")


def score_input(true: Sequence[str] | NDArray[np.str_], proba: ArrayLike, classes: Sequence[str]) -> Scored:
    """Validate truth and probabilities, and number the classes; see :func:`scores` for the errors."""
    names = tuple(str(name) for name in classes)
    table = np.asarray(proba, dtype=np.float64)
    if not len(true):
        raise DataError("there are no samples to score")
    if table.shape != (len(true), len(names)):
        raise PluginError(
            f"probabilities have shape {table.shape}, expected {(len(true), len(names))}: one row a sample, "
            "one column a class"
        )
    if not np.isfinite(table).all():
        raise PluginError(
            f"probabilities are not finite in row {int(np.argmin(np.isfinite(table).all(axis=1)))}"
        )
    number = {name: index for index, name in enumerate(names)}
    unknown = sorted({str(name) for name in true} - set(names))
    if unknown:
        raise DataError(
            f"class {unknown[0]!r} is not in the training part; the classes of the model are "
            f"{', '.join(names)}",
            hint="Choose a split that holds every class in the training part",
        )
    return Scored(
        true=np.array([number[str(name)] for name in true], dtype=np.intp),
        predicted=table.argmax(axis=1),
        proba=table,
        classes=names,
    )


def confusion(scored: Scored) -> NDArray[np.int64]:
    """Count samples by true class (row) and predicted class (column)."""
    k = len(scored.classes)
    return np.bincount(scored.true * k + scored.predicted, minlength=k * k).reshape(k, k).astype(np.int64)


def macro_f1(matrix: NDArray[np.int64]) -> float:
    """Mean F1 of the classes with samples, from the confusion matrix (truth in rows)."""
    support, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    present = support > 0
    return float(np.mean(2 * np.diag(matrix)[present] / (support + predicted)[present]))


def auc_ovo(scored: Scored) -> float | None:
    """Mean area under the ROC curve over all pairs of classes.

    Source: Hand and Till 2001, doi 10.1023/A:1010920819831. Each pair of classes is scored on its own
    samples, by the probability of either class; pairs with a class without samples are left out. None where
    only one class has samples.
    """
    return _mean([auc(task) for task in one_vs_one_tasks(scored.true, scored.proba)])


def auc_one_vs_rest(scored: Scored, number: int) -> float | None:
    """Area under the ROC curve of one class against all others; None where either has no samples."""
    task = one_vs_rest_task(scored.true == number, scored.proba[:, number])
    return None if task is None else auc(task)


def predictions_table(
    ids: Sequence[str],
    paths: Sequence[str],
    parts: Sequence[str],
    true: Sequence[str | None],
    proba: ArrayLike,
    classes: Sequence[str],
) -> pd.DataFrame:
    """Build ``predictions.csv``: id, path, part, true, predicted and one ``p_<class>`` column per class."""
    import pandas as pd

    table = np.asarray(proba, dtype=np.float64).reshape(len(ids), len(classes))
    names = np.array([str(name) for name in classes], dtype=object)
    facts = {
        "id": list(ids),
        "path": list(paths),
        "part": list(parts),
        "true": list(true),
        "predicted": names[table.argmax(axis=1)] if len(table) else [],
    }
    probabilities = {f"p_{name}": table[:, index] for index, name in enumerate(names)}
    return pd.DataFrame({**facts, **probabilities})


def _class_points(scored: Scored, matrix: NDArray[np.int64], number: int) -> ClassPoints:
    hits, support, predicted = (
        int(matrix[number, number]),
        int(matrix[number].sum()),
        int(matrix[:, number].sum()),
    )
    others = int(matrix.sum()) - support
    return ClassPoints(
        support=support,
        predicted=predicted,
        precision=hits / predicted if predicted and support else None,
        recall=hits / support if support else None,
        specificity=1 - (predicted - hits) / others if others else None,
        f1=2 * hits / (support + predicted) if support else None,
        auc_ovr=auc_one_vs_rest(scored, number),
    )


def _notes(per_class: Mapping[str, ClassPoints]) -> Iterator[str]:
    for name, points in per_class.items():
        if not points.support:
            yield f"{name}: no samples in this part; left out of the macro means"
        elif not points.predicted:
            yield f"{name}: never predicted; its precision is undefined and counts as 0 in the macro mean"


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
