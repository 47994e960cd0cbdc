"""Contiguous blocks of the file order, and the removal of samples whose group is in several blocks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leukokit.api import DataError, Part

_KEPT_FIRST = (Part.TEST, Part.VALIDATION, Part.TRAIN)


def cut_blocks(n: int, shares: Sequence[float], what: str) -> list[slice]:
    """Cut ``n`` samples into contiguous blocks, within half a sample of the wanted shares where possible.

    Parameters
    ----------
    n : int
        Number of samples.
    shares : sequence of float
        Wanted shares, in order; they sum to 1.
    what : str
        Name of what is cut, for the error message.

    Returns
    -------
    list of slice
        One block per share, none empty.

    Raises
    ------
    DataError
        Where there are fewer samples than blocks.
    """
    blocks = len(shares)
    if n < blocks:
        raise DataError(
            f"{what} has {n} sample{'s' * (n != 1)}, too few for {blocks} blocks",
            where="split",
            hint="Add samples, leave the class out, or ask for fewer parts",
        )
    cuts = [0]
    for number, target in enumerate(np.cumsum(shares)[:-1] * n, start=1):
        # At least one sample for this block and for each later block.
        cuts.append(int(np.clip(np.floor(target + 0.5), cuts[-1] + 1, n - (blocks - number))))
    return [slice(a, b) for a, b in zip(cuts, [*cuts[1:], n], strict=True)]


def purge(groups: NDArray[np.str_], parts: Sequence[Part]) -> NDArray[np.intp]:
    """Rows to keep: of a group in several parts, those in the first of test, validation, train.

    Moving the cuts instead does not work: if a field was photographed again hundreds of files later, every
    cut in between would separate the two.

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
