"""All tests between two classifiers, of images on their own and of whole groups."""

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


class Unit(StrEnum):
    """What a test takes to be independent of each other."""

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
    unit : Unit
        What it takes to be independent.
    difference : float
        Second less first.
    error : float or None
        Standard error of the difference; None for exact tests, and where these images cannot tell.
    statistic : float or None
        z, where the test has one.
    p, p_holm : float or None
        Two-sided p value, plain and adjusted over the family; None where the test could not be made.
    """

    about: str
    method: str
    unit: Unit
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
    """Make every test: McNemar of the accuracies, DeLong of each class against all others.

    Parameters
    ----------
    first, second : Scored
        The same images in the same order, the same classes.
    codes : int array (n,)
        Group of each image, 0.. without a gap. Where each is its own, the tests of groups would be those of
        images and are left out.
    negative : sequence of str
        Classes that are no disease; where there are several, they are also tested together.
    """
    units = [Unit.IMAGE] + ([Unit.GROUP] if int(codes.max()) + 1 < len(codes) else [])
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
    """Adjust by Holm over the tests of all pairs, those of images and those of groups each for themselves.

    The two families ask the same questions under other assumptions; only one of them is to be read.
    """
    whole = [test for family in families for test in family]
    in_order = {unit: iter(holm([test.p for test in whole if test.unit is unit])) for unit in Unit}
    return [[replace(test, p_holm=next(in_order[test.unit])) for test in family] for family in families]


def _mcnemar(first: Scored, second: Scored, codes: NDArray[np.intp], unit: Unit) -> PairedTest:
    a, b = first.predicted == first.true, second.predicted == second.true
    difference = float(b.mean() - a.mean())
    if unit is Unit.IMAGE:
        p = mcnemar_exact(int(np.sum(a & ~b)), int(np.sum(b & ~a)))
        return PairedTest(ACCURACY, "McNemar, exact", unit, difference, None, None, p)
    gains = np.zeros(int(codes.max()) + 1, dtype=np.int64)
    np.add.at(gains, codes, b.astype(np.int64) - a)
    p = mcnemar_over_groups(gains)
    return PairedTest(ACCURACY, "McNemar over groups, exact", unit, difference, None, None, p)


_Side = tuple[str, NDArray[np.bool_], FloatArray, FloatArray]


def _sides(first: Scored, second: Scored, negative: Sequence[str]) -> Iterable[_Side]:
    numbers = range(len(first.classes))
    # Of two classes one area tells both.
    for number in numbers if len(first.classes) > 2 else list(numbers)[-1:]:
        side = first.true == number
        if side.any() and not side.all():
            yield f"AUC {first.classes[number]}", side, first.proba[:, number], second.proba[:, number]
    chosen = [number for number in numbers if first.classes[number] in negative]
    side = np.isin(first.true, chosen)
    if 1 < len(chosen) < len(first.classes) - 1 and side.any() and not side.all():
        sums = [each.proba[:, chosen].sum(axis=1) for each in (first, second)]
        yield f"AUC {' or '.join(first.classes[number] for number in chosen)}", side, sums[0], sums[1]


def _delong(
    about: str,
    positive: NDArray[np.bool_],
    first: FloatArray,
    second: FloatArray,
    codes: NDArray[np.intp],
    unit: Unit,
) -> PairedTest:
    grouped = unit is Unit.GROUP
    found = delong(positive, first, second, groups=codes if grouped else None)
    error = None if found.variance is None else float(np.sqrt(max(found.variance, 0.0)))
    method = "DeLong over groups" if grouped else "DeLong"
    return PairedTest(about, method, unit, found.difference, error, found.z, found.p)
