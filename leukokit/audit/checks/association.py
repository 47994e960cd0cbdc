"""Association of image properties with the classes, tested by permuting classes among groups.

Images of one patient or slide share stain, microscope and scale bar. If they were treated as independent, any
property would seem associated with the class; so classes are permuted among groups, never among images
(Winkler et al. 2015, doi 10.1016/j.neuroimage.2015.05.092).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.audit.findings import AuditLevel, Limit

PERMUTATIONS = 999
SIGNIFICANCE_LEVEL = 0.005
"""Largest p value at which an association counts as significant."""


@dataclass(frozen=True, slots=True)
class Association:
    """Association between a property and the classes.

    Attributes
    ----------
    effect : float
        Effect beyond chance: 0 for none, 1 for a property that determines the class.
    p : float
        Share of permutations with an effect at least as large.
    """

    effect: float
    p: float

    @property
    def significant(self) -> bool:
        """Whether the p value is at most ``SIGNIFICANCE_LEVEL``."""
        return self.p <= SIGNIFICANCE_LEVEL

    def level(self, limit: Limit) -> AuditLevel:
        """Return the level of the effect; ok where it is not significant."""
        return limit.level(self.effect) if self.significant else AuditLevel.OK


def category_gain(
    categories: Sequence[str],
    labels: Sequence[str],
    groups: Sequence[str],
    *,
    seed: int,
) -> Association:
    """Measure how much better than chance the class can be guessed from a category.

    Parameters
    ----------
    categories, labels, groups : sequence of str (n,)
        Property, class and group of each image.
    seed : int
        Seed of the permutations.

    Returns
    -------
    Association
        The effect is the gain over always guessing the largest class, as a share of the possible gain. The
        mean gain under permutation is subtracted; it is above 0 for many categories and few groups.
    """
    units = _PermutationUnits(labels, groups)
    codes = np.unique(np.asarray(categories), return_inverse=True)[1]
    n_categories, total = int(codes.max()) + 1, len(codes)

    def gain(classes: NDArray[np.intp]) -> float:
        # Counted image by image: a table of units and categories would be huge where each image has its own.
        cells = np.bincount(classes[units.of] * n_categories + codes, minlength=units.k * n_categories)
        counts = cells.reshape(units.k, n_categories)
        chance = counts.sum(axis=1).max() / total
        return float((counts.max(axis=0).sum() / total - chance) / max(1 - chance, 1e-12))

    return units.judge(gain, seed, adjusted=True)


def variance_between(
    values: FloatArray, labels: Sequence[str], groups: Sequence[str], *, seed: int
) -> Association:
    """Measure how much of the variance of numbers lies between the classes (omega squared, Hays 1963).

    Parameters
    ----------
    values : float64 array (n, d)
        Each column has the same weight.
    labels, groups : sequence of str (n,)

    Returns
    -------
    Association
        Computed from the group means; each group counts once.
    """
    units = _PermutationUnits(labels, groups)
    sums = np.zeros((units.n, values.shape[1]))
    np.add.at(sums, units.of, values)
    means = sums / np.bincount(units.of)[:, None]
    spread = means.std(axis=0)
    if not (spread > 0).any():
        return Association(0.0, 1.0)
    scaled = (means - means.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    whole = float((scaled**2).sum())

    def omega(classes: NDArray[np.intp]) -> float:
        sizes = np.bincount(classes, minlength=units.k)
        centers = _by_class(scaled, classes, units.k) / sizes[:, None]
        between = float((sizes[:, None] * centers**2).sum())
        within = (whole - between) / max(units.n - units.k, 1)
        return (between - (units.k - 1) * within) / (whole + within)

    return units.judge(omega, seed)


class _PermutationUnits:
    """Units of the permutation: groups; a group with several classes is one unit per class."""

    def __init__(self, labels: Sequence[str], groups: Sequence[str]) -> None:
        _, classes = np.unique(np.asarray(labels), return_inverse=True)
        _, members = np.unique(np.asarray(groups), return_inverse=True)
        self.k = int(classes.max()) + 1
        pairs, self.of = np.unique(members * self.k + classes, return_inverse=True)
        self.classes = (pairs % self.k).astype(np.intp)
        self.n = len(pairs)

    def judge(
        self, statistic: Callable[[NDArray[np.intp]], float], seed: int, *, adjusted: bool = False
    ) -> Association:
        if self.k < 2:
            return Association(0.0, 1.0)
        observed = statistic(self.classes)
        rng = np.random.default_rng([seed, self.n, self.k])
        drawn = np.array([statistic(rng.permutation(self.classes)) for _ in range(PERMUTATIONS)])
        p = (1 + np.count_nonzero(drawn >= observed - 1e-12)) / (PERMUTATIONS + 1)
        chance = min(float(drawn.mean()), 1 - 1e-12) if adjusted else 0.0
        effect = (observed - chance) / (1 - chance)
        return Association(float(min(max(effect, 0.0), 1.0)), float(p))


def _by_class(table: FloatArray, classes: NDArray[np.intp], k: int) -> FloatArray:
    """Sum of the rows of each class, k x columns."""
    picked = np.zeros((k, len(classes)))
    picked[classes, np.arange(len(classes))] = 1
    summed: FloatArray = picked @ table
    return summed
