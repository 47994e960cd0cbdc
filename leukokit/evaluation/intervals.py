"""95 % intervals of scores, for independent and for grouped samples.

Few independent samples get the exact binomial interval, many get Wilson's. Every other share is treated as a
proportion of its *effective sample size*, the number of independent samples with the same variance: the
variance comes from sums over groups, so correlated samples count for less. Coverage is simulated in
``benchmarks/interval_coverage.py``; ``docs/statistics.md`` compares it with the percentile bootstrap, whose
coverage is too low where scores are high.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leukokit.arrays import FloatArray
from leukokit.evaluation.strata import Strata

LEVEL = 0.95
DRAWS = 2000
FEW_GROUPS = 20

EXACT_BELOW = 100
"""Fewer independent samples get the exact interval, since Wilson's coverage drops to 90 % there."""

_NOTHING = 1e-18  # a smaller variance is a rounding error


@dataclass(frozen=True, slots=True)
class Bounds:
    """An interval and the method that gave it.

    Attributes
    ----------
    low, high : float
    method : str
    unknown : str
        Why no interval can be told; then it reaches over all values. Empty where it can.
    """

    low: float
    high: float
    method: str
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class BoundedEstimate:
    """A share or an area with its interval.

    Attributes
    ----------
    value : float
        0..1.
    bounds : Bounds
    n : int or None
        Denominator of a share; None for areas, and where it is the number of samples of the part.
    """

    value: float
    bounds: Bounds
    n: int | None = None


@dataclass(frozen=True)
class Groups:
    """Group of each sample; samples of one group are not independent.

    Attributes
    ----------
    codes : int array (n,)
        Number of each sample's group, 0 to ``count - 1``.
    count : int
        Number of groups.
    strata : Strata or None
        Classes of the groups; None where they are not known, or every sample is its own group.
    """

    codes: NDArray[np.intp]
    count: int
    strata: Strata | None = None

    @classmethod
    def of(
        cls,
        names: Sequence[str] | NDArray[np.str_] | None,
        n: int,
        classes: Sequence[str] | NDArray[np.str_] | None = None,
    ) -> Groups:
        """Assign each group a number; without names each of ``n`` samples is its own group.

        Parameters
        ----------
        names : sequence of str (n,) or None
        n : int
        classes : sequence of str (n,), optional
            Class of each sample. With it, variances are those within classes, and there is no interval where
            a class has fewer than ``FEWEST_OF_CLASS`` groups.
        """
        if names is None:
            return cls(np.arange(n), n)
        group_names, codes = np.unique(np.asarray(names), return_inverse=True)
        count = len(group_names)
        known = classes is not None and count < n
        return cls(codes, count, Strata.of(codes, count, classes) if known and classes is not None else None)

    @property
    def independent(self) -> bool:
        """Whether every sample is its own group."""
        return self.count == len(self.codes)

    @property
    def unknown(self) -> str:
        """Why no interval can be told from these groups; empty where one can."""
        return "" if self.strata is None else self.strata.unknown

    @property
    def unknown_of_a_class(self) -> str:
        """Why no interval of a mean over the classes can be told; empty where one can."""
        if self.strata is None:
            return ""
        return self.strata.unknown or self.strata.unknown_of(np.unique(self.strata.of_samples))

    def subset(self, rows: NDArray[np.bool_]) -> Groups:
        """Return the groups of a subset of the samples."""
        kept, codes = np.unique(self.codes[rows], return_inverse=True)
        return Groups(codes, len(kept), None if self.strata is None else self.strata.rows(rows, kept))

    def sums(self, values: FloatArray) -> FloatArray:
        """Add up values (n,) or (n, k) over each group: (count,) or (count, k)."""
        total = np.zeros((self.count, *values.shape[1:]))
        np.add.at(total, self.codes, values)
        return total

    def variance(self, influence: FloatArray) -> float:
        """Variance of an estimate from the influence of each sample (linearization, between groups).

        Groups are drawn class by class: what differs between classes is no variance. Of a subset of the
        samples, groups without any of them count with a sum of 0 (domain estimation; Cochran 1977, Sampling
        Techniques, section 5A.14).

        At least the variance of independent samples: a negative correlation within groups, which few errors
        can show by chance, must not make an interval narrower.
        """
        alone = float(np.sum(influence**2))
        if self.independent or self.count < 2:
            return alone
        return max(sum(value for value, _ in self._by_class(influence)), alone)

    def quantile(self, influence: FloatArray, level: float = LEVEL) -> float:
        """Quantile of the normal distribution; for groups of Student's t.

        Its degrees of freedom are those of the variance of this influence: one less than groups, and where
        groups are drawn class by class, after Satterthwaite 1946 (doi 10.2307/3002019).
        """
        from scipy.special import ndtri, stdtrit  # importing scipy.stats takes 0.25 s

        tail = (1 + level) / 2
        if self.independent or self.count < 2:
            return float(ndtri(tail))
        parts = self._by_class(influence)
        whole = sum(value for value, _ in parts)
        squares = sum(value**2 / (size - 1) for value, size in parts)
        degrees = whole**2 / squares if squares > 0 else sum(size - 1 for _, size in parts)
        return float(stdtrit(degrees, tail))

    def _by_class(self, influence: FloatArray) -> list[tuple[float, int]]:
        """Variance from the groups of each class, and how many groups the class has."""
        sums = self.sums(influence)
        found = []
        for inside, size in self._drawn_together():
            own = sums[inside]
            found.append((float(np.sum(own**2) - own.sum() ** 2 / size) * size / (size - 1), size))
        return found

    def _drawn_together(self) -> list[tuple[NDArray[np.bool_], int]]:
        """Give the groups of each class and their number in the whole part; all where classes are unknown."""
        strata = self.strata
        if strata is None or strata.of_groups is None:
            return [(np.ones(self.count, dtype=bool), self.count)]
        return [
            (strata.of_groups == number, int(strata.sizes[number]))
            for number in np.unique(strata.of_groups)
            if strata.sizes[number] > 1
        ]


def proportion(hits: ArrayLike, groups: Groups, *, level: float = LEVEL) -> Bounds:
    """Interval of the share of samples that are true.

    Parameters
    ----------
    hits : bool array (n,)
        n of 1 or more.
    groups : Groups
        Of these samples.

    Notes
    -----
    Exact: Clopper and Pearson 1934, doi 10.1093/biomet/26.4.404. Wilson 1927, doi
    10.1080/01621459.1927.10502953, for groups with the effective sample size: Dean and Pagano 2015, doi
    10.1093/jssam/smv012.
    """
    values = np.asarray(hits, dtype=bool)
    if groups.unknown:
        return anything(groups.unknown)
    if groups.independent and len(values) < EXACT_BELOW:
        low, high = clopper_pearson(int(values.sum()), len(values), level=level)
        return Bounds(low, high, "exact binomial")
    share = float(values.mean())
    return effective(share, (values - share) / len(values), groups, trials=groups.count, level=level)


def effective(
    estimate: float, influence: FloatArray, groups: Groups, *, trials: int, level: float = LEVEL
) -> Bounds:
    """Interval of a number in 0..1 that is a smooth function of sums over samples.

    Parameters
    ----------
    estimate : float
        In 0..1.
    influence : float64 array (n,)
        First-order influence of each sample on the estimate; sums to 0.
    trials : int
        Number of trials of the exact binomial interval, which is used where the variance is unknown: the
        estimate is 0 or 1, or there is one group only. Usually the number of groups.
    """
    if groups.unknown:
        return anything(groups.unknown)
    variance = groups.variance(influence)
    if variance < _NOTHING or groups.count < 2:
        low, high = clopper_pearson(estimate * trials, trials, level=level)
        return Bounds(
            min(low, estimate),
            max(high, estimate),
            "exact binomial" if groups.independent else "exact binomial over groups",
        )
    size = estimate * (1 - estimate) / variance
    low, high = wilson(estimate, size, groups.quantile(influence, level))
    return Bounds(low, high, "Wilson" if groups.independent else "Wilson over groups")


def anything(why: str) -> Bounds:
    """Interval of a number in 0..1 of which nothing can be told."""
    return Bounds(0.0, 1.0, "", why)


def wilson(share: float, size: float, quantile: float) -> tuple[float, float]:
    """Wilson's score interval of a share of ``size`` samples, which need not be a whole number."""
    square = quantile**2
    center = (share + square / (2 * size)) / (1 + square / size)
    half = quantile / (1 + square / size) * np.sqrt(share * (1 - share) / size + square / (4 * size**2))
    return max(0.0, float(center - half)), min(1.0, float(center + half))


def clopper_pearson(hits: float, trials: int, *, level: float = LEVEL) -> tuple[float, float]:
    """Exact binomial interval of ``hits``, which need not be a whole number, out of ``trials``."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(betaincinv(hits, trials - hits + 1, tail))
    high = 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, 1 - tail))
    return low, high


def resample(groups: Groups, *, seed: int, draws: int = DRAWS) -> FloatArray:
    """Draw as many groups as there are, with replacement: how often each was drawn, (draws, count)."""
    rng = np.random.default_rng([seed, groups.count])
    drawn = rng.integers(groups.count, size=(draws, groups.count))
    drawn += np.arange(draws)[:, None] * groups.count
    counts = np.bincount(drawn.ravel(), minlength=draws * groups.count)
    return counts.reshape(draws, groups.count).astype(np.float64)
