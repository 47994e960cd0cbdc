"""DeLong's test of two areas under the ROC curve on the same images, also where images come in groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leukokit.arrays import FloatArray
from leukokit.compare.statistics.auc_influence import group_sums, placed_by_image

_NOTHING = 1e-18
"""Variance below which rounding is all there is; one image in a million has more."""


@dataclass(frozen=True)
class AucDifference:
    """Two areas on the same images and how far apart they are.

    Attributes
    ----------
    first, second : float
        Areas under the ROC curve, 0..1.
    covariance : float64 array (2, 2) or None
        Of the two areas; None where one image (or group) is all there is of a side.
    """

    first: float
    second: float
    covariance: FloatArray | None

    @property
    def difference(self) -> float:
        """Second less first."""
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
        """Difference in standard errors; None where these images cannot tell how sure it is."""
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
    """Compare the areas of two scores on the same images.

    Sources: DeLong et al. 1988, doi 10.2307/2531595, by the fast way of Sun and Xu 2014, doi
    10.1109/LSP.2014.2337313; with groups, Obuchowski 1997, doi 10.2307/2533958, which is the same where each
    group is one image.

    Parameters
    ----------
    positive : bool array (n,)
        Which images are of the class; both kinds must be there.
    first, second : float array (n,)
        Scores, higher for images of the class.
    groups : int array (n,), optional
        Group of each image, 0..; each its own where omitted.

    Returns
    -------
    AucDifference
    """
    codes = np.arange(len(positive)) if groups is None else groups
    n_groups = int(codes.max()) + 1
    placed = [placed_by_image(positive, np.asarray(scores, dtype=np.float64)) for scores in (first, second)]
    areas = np.array([float(place[positive].mean()) for place in placed])
    # Sums over groups of each image's placement, less what the area alone would give.
    above = np.stack(
        [
            group_sums(codes, np.where(positive, p - a, 0.0), n_groups)
            for p, a in zip(placed, areas, strict=True)
        ]
    )
    below = np.stack(
        [
            group_sums(codes, np.where(positive, 0.0, p - a), n_groups)
            for p, a in zip(placed, areas, strict=True)
        ]
    )
    covariance = _covariance(above, below, positive, codes)
    return AucDifference(float(areas[0]), float(areas[1]), covariance)


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
