"""Exact McNemar test, for independent and for grouped images."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Test whether two classifiers have equal accuracy, from the images that only one predicts correctly.

    Source: McNemar 1947, doi 10.1007/BF02295996, with the binomial distribution in place of chi squared.

    Parameters
    ----------
    only_first, only_second : int
        Number of images that only the first, and only the second, predicts correctly.

    Returns
    -------
    float
        Two-sided p value; 1 where there are no such images.
    """
    from scipy.stats import binom

    fewer, both = min(only_first, only_second), only_first + only_second
    return min(1.0, 2 * float(binom.cdf(fewer, both, 0.5)))


def mcnemar_over_groups(gains: ArrayLike) -> float:
    """Test whether two classifiers have equal accuracy where images of one group are not independent.

    If the classifiers are equal, they can be swapped on a whole group: the gain of each group has either sign
    with probability 1/2. All sign flips are enumerated, so the p value is exact. Where each group is one
    image the result is that of :func:`mcnemar_exact`. Source: whole-block sign flipping, Winkler et al. 2014,
    doi 10.1016/j.neuroimage.2014.01.060.

    Parameters
    ----------
    gains : int array (n_groups,)
        Images of each group that only the second predicts correctly, minus those that only the first does.

    Returns
    -------
    float
        Two-sided p value; 1 where no group has a gain.
    """
    sizes = np.abs(np.asarray(gains, dtype=np.int64))
    observed = abs(int(np.sum(np.asarray(gains, dtype=np.int64))))
    shares = _flipped_sums(sizes[sizes > 0])
    reach = (len(shares) - 1) // 2
    # Two-sided: the distribution is symmetric about 0, which lies at index `reach`.
    return min(1.0, 2 * float(shares[reach + observed :].sum())) if observed else 1.0


def _flipped_sums(sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of all sign flips that give each sum, from -total to +total."""
    shares = np.ones(1)
    for size in np.sort(sizes):
        wider = np.zeros(len(shares) + 2 * int(size))
        wider[: len(shares)] += shares / 2
        wider[2 * int(size) :] += shares / 2
        shares = wider
    return shares
