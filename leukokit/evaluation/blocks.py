"""Contiguous blocks of the file order, and what has to leave so that no group straddles them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leukokit.api import DataError, Part

_KEPT_FIRST = (Part.TEST, Part.VALIDATION, Part.TRAIN)


def cut_blocks(n: int, shares: Sequence[float], what: str) -> list[slice]:
    """Cut ``n`` samples into contiguous blocks, within half a sample of the wanted shares where these allow.

    Parameters
    ----------
    n : int
        Number of samples.
    shares : sequence of float
        Wanted shares, in order; they sum to 1.
    what : str
        What is cut, for the message.

    Returns
    -------
    list of slice
        One block a share, none empty.

    Raises
    ------
    DataError
        Where there are fewer samples than blocks.
    """
    blocks = len(shares)
    if n < blocks:
        raise DataError(
            f"{what} has {n} samples, too few for {blocks} blocks",
            where="split",
            hint="Add samples, leave the class out, or ask for fewer parts",
        )
    cuts = [0]
    for number, target in enumerate(np.cumsum(shares)[:-1] * n, start=1):
        # One sample at least for this block, and for each that follows.
        cuts.append(int(np.clip(np.floor(target + 0.5), cuts[-1] + 1, n - (blocks - number))))
    return [slice(a, b) for a, b in zip(cuts, [*cuts[1:], n], strict=True)]


def purge(groups: NDArray[np.str_], parts: Sequence[Part]) -> NDArray[np.intp]:
    """Rows that stay: of a group that straddles parts, those in the first of test, validation, train.

    Moving the cuts instead is no way out: where a field was photographed again hundreds of files later, no
    cut in between would be free.

    Parameters
    ----------
    groups : str array (n,)
        Group of each sample.
    parts : sequence of Part
        Part of each sample.

    Returns
    -------
    intp array
        Rows to keep, ascending.
    """
    precedence = np.array([_KEPT_FIRST.index(part) for part in parts])
    _, codes = np.unique(groups, return_inverse=True)
    first = np.full(int(codes.max(initial=-1)) + 1, len(_KEPT_FIRST))
    np.minimum.at(first, codes, precedence)
    return np.flatnonzero(precedence == first[codes])
