"""McNemar's test, exact, for images on their own and for images that come in groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Test whether two classifiers are right equally often, from the images that one alone gets right.

    Source: McNemar 1947, doi 10.1007/BF02295996, with the binomial distribution in place of chi squared.

    Parameters
    ----------
    only_first, only_second : int
        Images that only the first, and only the second, gets right.

    Returns
    -------
    float
        Two-sided p value; 1 where no image tells the two apart.
    """
    from scipy.stats import binom

    fewer, both = min(only_first, only_second), only_first + only_second
    return min(1.0, 2 * float(binom.cdf(fewer, both, 0.5)))


def mcnemar_over_groups(gains: ArrayLike) -> float:
    """Test the same where images of one group are right or wrong together.

    Were the classifiers equal, swapping them on a whole group would be as likely as not: the gain of each
    group could as well have the other sign. All sign flips are counted, none drawn, so the p value is exact.
    Where each group is one image it is :func:`mcnemar_exact`. Source: whole-block sign flipping, Winkler et
    al. 2014, doi 10.1016/j.neuroimage.2014.01.060.

    Parameters
    ----------
    gains : int array (n_groups,)
        Images of each group that only the second gets right, less those that only the first does.

    Returns
    -------
    float
        Two-sided p value; 1 where no group has a gain.
    """
    sizes = np.abs(np.asarray(gains, dtype=np.int64))
    observed = abs(int(np.sum(np.asarray(gains, dtype=np.int64))))
    shares = _flipped_sums(sizes[sizes > 0])
    reach = (len(shares) - 1) // 2
    # Both tails: the distribution is symmetric about 0, which lies at index `reach`.
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
