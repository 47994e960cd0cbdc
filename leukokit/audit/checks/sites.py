"""Check of a second data set: whether its stain, scale, sharpness and content are like those of the first.

The effect size is the standardized difference of means (Hedges and Olkin 1985, "Statistical methods for
meta-analysis", chapter 5, doi 10.1016/C2009-0-03396-0), with its 95 % interval. A patient or slide counts as
one observation, since its images share stain and camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.audit.findings import CheckFinding, CheckTable, Limit, TableCell, skipped

MOST_SHOWN = 20
"""Images of B that a finding lists as most unlike A."""

_Z = 1.96
_LEAST_UNITS = 3
_LARGEST = 1000.0  # standard deviations that are told apart
_ROBUST = 1.4826  # median absolute deviation to standard deviation
_FAR = 3.5  # robust standard deviations from the median of A (Iglewicz and Hoaglin 1993)
ALL = "all"


@dataclass(frozen=True, slots=True)
class Site:
    """Measurements of one data set.

    Attributes
    ----------
    values : float64 array (n, d)
        NaN where not measured.
    labels, groups, ids : str array (n,)
        Class (empty for none), group and id of each image.
    """

    values: FloatArray
    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
    ids: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Effect:
    """Standardized difference of B from A, with its 95 % interval.

    Attributes
    ----------
    size, low, high : float
        In standard deviations between groups.
    """

    size: float
    low: float
    high: float

    @property
    def least(self) -> float:
        """The smallest absolute difference in the interval; 0 where it includes none."""
        return max(self.low, -self.high, 0.0)


def effect_size(a: FloatArray, b: FloatArray) -> Effect | None:
    """Standardized difference of the means of two samples, without the bias of small ones.

    Parameters
    ----------
    a, b : float64 arrays (n,)
        One value for each group.

    Returns
    -------
    Effect or None
        None below three groups in a sample.
    """
    n, m = len(a), len(b)
    if min(n, m) < _LEAST_UNITS:
        return None
    gap = float(b.mean() - a.mean())
    within = ((n - 1) * a.var(ddof=1) + (m - 1) * b.var(ddof=1)) / (n + m - 2)
    within = max(within, (gap / _LARGEST) ** 2)  # two constants that differ: as unlike as can be
    if within == 0:
        return Effect(0.0, 0.0, 0.0)
    size = gap / float(np.sqrt(within)) * (1 - 3 / (4 * (n + m) - 9))
    error = float(np.sqrt((n + m) / (n * m) + size**2 / (2 * (n + m))))
    return Effect(size, size - _Z * error, size + _Z * error)


def sites_unlike(
    check: str, names: Sequence[str], a: Site, b: Site, limit: Limit, advice: str, *, logs: bool = False
) -> CheckFinding:
    """Compare one property of B with that of A, over all images and in each class that both have.

    Parameters
    ----------
    check : str
    names : sequence of str (d,)
        What the columns of ``values`` are.
    a, b : Site
    limit : Limit
        Limit of the smallest effect in the 95 % interval, over all images, in standard deviations.
    advice : str
        What to do where B is not like A.
    logs : bool
        Whether values are logarithms; the table shows the numbers themselves.
    """
    both = sorted(set(a.labels.tolist()) & set(b.labels.tolist()) - {""})
    classes = both if len({*a.labels.tolist(), *b.labels.tolist()}) > 1 else []
    rows: list[tuple[TableCell, ...]] = []
    overall: list[tuple[str, Effect]] = []
    for kind in [ALL, *classes]:
        for column, name in enumerate(names):
            first, second = (_by_group(site, column, kind) for site in (a, b))
            effect = effect_size(first, second)
            if effect is None:
                continue
            centers = (float(values.mean()) for values in (first, second))
            means = (float(f"{np.exp(value) if logs else value:.4g}") for value in centers)
            rows.append(
                (name, kind, *means, *(round(value, 2) for value in (effect.size, effect.low, effect.high)))
            )
            if kind == ALL:
                overall.append((name, effect))
    if not overall:
        text = f"Each data set needs {_LEAST_UNITS} patients or images in which this can be measured."
        return skipped(check, "too few groups to compare", text)
    name, worst = max(overall, key=lambda item: item[1].least)
    level = limit.level(worst.least)
    title = (
        f"{name} of B differs from A by {worst.size:+.1f} standard deviations (95 % interval "
        f"{worst.low:.1f} to {worst.high:.1f})"
    )
    columns = ("what", "class", "A", "B", "effect", "low", "high")
    far = _far(a, b) if level.rank > 1 else ()
    text = advice if level.rank > 1 else "Within what varies in A, or too uncertain to tell."
    table = CheckTable(columns, tuple(rows))
    unit = "standard deviations"
    return CheckFinding(check, level, title, text, worst.least, unit, limit, images=far, table=table)


def _by_group(site: Site, column: int, kind: str) -> FloatArray:
    """Mean of a column in each group, of the images of a class or of all."""
    values = site.values[:, column]
    kept = np.isfinite(values) & (
        (site.labels == kind) if kind != ALL else np.ones(len(values), dtype=np.bool_)
    )
    _, numbers = np.unique(site.groups[kept], return_inverse=True)
    if not len(numbers):
        return np.empty(0)
    means: FloatArray = np.bincount(numbers, values[kept]) / np.bincount(numbers)
    return means


def _far(a: Site, b: Site) -> tuple[str, ...]:
    """Images of B that lie farthest from A in any column."""
    middle = np.nanmedian(a.values, axis=0)
    spread = _ROBUST * np.nanmedian(np.abs(a.values - middle), axis=0)
    distance = np.nan_to_num(np.abs(b.values - middle) / np.maximum(spread, 1e-9)).max(axis=1)
    order = np.argsort(-distance, kind="stable")[:MOST_SHOWN]
    return tuple(b.ids[order][distance[order] > _FAR].tolist())
