"""All tests between two classifiers, over images and over groups of images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.compare.statistics.delong import delong
from leukokit.compare.statistics.holm import holm
from leukokit.compare.statistics.mcnemar import mcnemar_exact, mcnemar_over_groups
from leukokit.evaluation.metrics import Scored

ACCURACY = "accuracy"


class AnalysisUnit(StrEnum):
    """Unit of analysis: what a test assumes to be independent."""

    IMAGE = "image"
    GROUP = "group"


@dataclass(frozen=True)
class PairedTest:
    """One test of one pair.

    Attributes
    ----------
    about : str
        ``accuracy``, or ``AUC`` and a class or set of classes against all others.
    method : str
        Name of the test.
    unit : AnalysisUnit
        What the test assumes to be independent.
    difference : float
        Second minus first.
    error : float or None
        Standard error of the difference; None for exact tests and where it cannot be estimated.
    statistic : float or None
        z, where the test has one.
    p, p_holm : float or None
        Two-sided p value, unadjusted and adjusted over the family; None where the test is impossible.
    """

    about: str
    method: str
    unit: AnalysisUnit
    difference: float
    error: float | None
    statistic: float | None
    p: float | None
    p_holm: float | None = None


def paired_tests(
    first: Scored,
    second: Scored,
    codes: NDArray[np.intp],
    *,
    negative: Sequence[str] = (),
) -> list[PairedTest]:
    """Make all tests: McNemar for the accuracies, DeLong for each class against all others.

    Parameters
    ----------
    first, second : Scored
        The same images in the same order, the same classes.
    codes : int array (n,)
        Group of each image, numbered from 0 without gaps. Where every image is its own group, the tests over
        groups equal those over images and are left out.
    negative : sequence of str
        Healthy classes; several of them are also tested together.
    """
    units = [AnalysisUnit.IMAGE] + ([AnalysisUnit.GROUP] if int(codes.max()) + 1 < len(codes) else [])
    sides = list(_sides(first, second, negative))
    return [
        test
        for unit in units
        for test in (
            _mcnemar(first, second, codes, unit),
            *(_delong(*side, codes, unit) for side in sides),
        )
    ]


def adjusted(families: Sequence[Sequence[PairedTest]]) -> list[list[PairedTest]]:
    """Adjust p values by Holm over the tests of all pairs: tests over images and over groups separately.

    The two families test the same differences under different assumptions; only one of them is reported.
    """
    whole = [test for family in families for test in family]
    in_order = {unit: iter(holm([test.p for test in whole if test.unit is unit])) for unit in AnalysisUnit}
    return [[replace(test, p_holm=next(in_order[test.unit])) for test in family] for family in families]


def _mcnemar(first: Scored, second: Scored, codes: NDArray[np.intp], unit: AnalysisUnit) -> PairedTest:
    a, b = first.predicted == first.true, second.predicted == second.true
    difference = float(b.mean() - a.mean())
    if unit is AnalysisUnit.IMAGE:
        p = mcnemar_exact(int(np.sum(a & ~b)), int(np.sum(b & ~a)))
        return PairedTest(ACCURACY, "McNemar, exact", unit, difference, None, None, p)
    gains = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    np.add.at(gains, codes, b.astype(np.int64) - a)
    p = mcnemar_over_groups(gains)
    return PairedTest(ACCURACY, "McNemar over groups, exact", unit, difference, None, None, p)


_Side = tuple[str, NDArray[np.bool_], FloatArray, FloatArray]


def _sides(first: Scored, second: Scored, negative: Sequence[str]) -> Iterable[_Side]:
    numbers = range(len(first.classes))
    # With two classes, both have the same AUC.
    for number in numbers if len(first.classes) > 2 else list(numbers)[-1:]:
        side = first.true == number
        if side.any() and not side.all():
            yield f"AUC {first.classes[number]}", side, first.proba[:, number], second.proba[:, number]
    chosen = [number for number in numbers if first.classes[number] in negative]
    side = np.isin(first.true, chosen)
    if 1 < len(chosen) < len(first.classes) - 1 and side.any() and not side.all():
        sums = [run.proba[:, chosen].sum(axis=1) for run in (first, second)]
        yield f"AUC {' or '.join(first.classes[number] for number in chosen)}", side, sums[0], sums[1]


def _delong(
    about: str,
    positive: NDArray[np.bool_],
    first: FloatArray,
    second: FloatArray,
    codes: NDArray[np.intp],
    unit: AnalysisUnit,
) -> PairedTest:
    grouped = unit is AnalysisUnit.GROUP
    result = delong(positive, first, second, groups=codes if grouped else None)
    error = None if result.variance is None else float(np.sqrt(max(result.variance, 0.0)))
    method = "DeLong over groups" if grouped else "DeLong"
    return PairedTest(about, method, unit, result.difference, error, result.z, result.p)
