"""DeLong's test of two AUCs on the same images, also for grouped images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leukokit.arrays import FloatArray
from leukokit.compare.statistics.auc_influence import group_sums, placement_by_image

_NOTHING = 1e-18
"""A variance below this is a rounding error; one image in a million gives more."""


@dataclass(frozen=True)
class AucDifference:
    """Two AUCs on the same images and their difference.

    Attributes
    ----------
    first, second : float
        AUCs, 0..1.
    covariance : float64 array (2, 2) or None
        Of the two AUCs; None where positives or negatives are one image (or group) only.
    """

    first: float
    second: float
    covariance: FloatArray | None

    @property
    def difference(self) -> float:
        """Second minus first."""
        return self.second - self.first

    @property
    def variance(self) -> float | None:
        """Variance of the difference."""
        if self.covariance is None:
            return None
        c = self.covariance
        return float(c[0, 0] + c[1, 1] - c[0, 1] - c[1, 0])

    @property
    def z(self) -> float | None:
        """Difference divided by its standard error; None where that cannot be estimated."""
        if self.variance is None:
            return None
        if self.variance > _NOTHING:
            return float(self.difference / np.sqrt(self.variance))
        return 0.0 if abs(self.difference) < 1e-12 else None

    @property
    def p(self) -> float | None:
        """Two-sided p value from the normal distribution."""
        from scipy.stats import norm

        return None if self.z is None else float(2 * norm.sf(abs(self.z)))


def delong(
    positive: NDArray[np.bool_],
    first: ArrayLike,
    second: ArrayLike,
    groups: NDArray[np.intp] | None = None,
) -> AucDifference:
    """Compare the AUCs of two scores on the same images.

    Sources: DeLong et al. 1988, doi 10.2307/2531595, with the fast algorithm of Sun and Xu 2014, doi
    10.1109/LSP.2014.2337313; with groups, Obuchowski 1997, doi 10.2307/2533958, which is the same test where
    each group is one image.

    Parameters
    ----------
    positive : bool array (n,)
        Which images are of the class; both values must occur.
    first, second : float array (n,)
        Scores, higher for images of the class.
    groups : int array (n,), optional
        Group number of each image, from 0; each image is its own group where omitted.

    Returns
    -------
    AucDifference
    """
    codes = np.arange(len(positive)) if groups is None else groups
    n_groups = int(codes.max()) + 1
    placements = [
        placement_by_image(positive, np.asarray(scores, dtype=np.float64)) for scores in (first, second)
    ]
    aucs = np.array([float(place[positive].mean()) for place in placements])
    # Sums over groups of the placement value minus the AUC.
    above = np.stack(
        [
            group_sums(codes, np.where(positive, p - a, 0.0), n_groups)
            for p, a in zip(placements, aucs, strict=True)
        ]
    )
    below = np.stack(
        [
            group_sums(codes, np.where(positive, 0.0, p - a), n_groups)
            for p, a in zip(placements, aucs, strict=True)
        ]
    )
    covariance = _covariance(above, below, positive, codes)
    return AucDifference(float(aucs[0]), float(aucs[1]), covariance)


def _covariance(
    above: FloatArray, below: FloatArray, positive: NDArray[np.bool_], codes: NDArray[np.intp]
) -> FloatArray | None:
    m, n = int(positive.sum()), int((~positive).sum())
    with_positive, with_negative = len(np.unique(codes[positive])), len(np.unique(codes[~positive]))
    both = len(np.unique(codes))
    if with_positive < 2 or with_negative < 2:
        return None
    s10 = with_positive / (with_positive - 1) * (above @ above.T) / m**2
    s01 = with_negative / (with_negative - 1) * (below @ below.T) / n**2
    s11 = both / (both - 1) * (above @ below.T) / (m * n)
    return np.asarray(s10 + s01 + s11 + s11.T)
