"""Which pictures, however far apart in file order, are worth a closer look for an area in common.

Points of one cell in two photographs have descriptors that differ in few of 256 bits, so at least one of the
eight 32-bit words of a descriptor is often the same in both (multi-index hashing; Norouzi, Punjani and Fleet
2012, doi 10.1109/CVPR.2012.6248043). Two pictures with several words in common are a candidate. Words that
many pictures have say nothing, like the edge of any round cell, or the label of a scale bar.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leukokit.audit.pairs.overlap import Features

LEAST_WORDS = 4
"""Words in common from which two pictures are compared.

On the paper's data set: 9,000 of 5.3 million pairs, with 98 % of the overlapping views among them.
"""

_COMMONEST = 8  # pictures with one word; what more of them have is no clue
_BUDGET = 2_000_000  # descriptors in all: memory stays below 400 MB for any number of pictures
_MOST_A_PICTURE = 8  # candidates, mean


def similar_pairs(pictures: Sequence[Features | None], least: int = LEAST_WORDS) -> NDArray[np.intp]:
    """Find pairs of pictures that have several words of their descriptors in common.

    Parameters
    ----------
    pictures : sequence of Features or None
        None for what could not be read.
    least : int
        Words in common.

    Returns
    -------
    intp array (m, 2)
        Rows a < b in order, m at most eight times the number of pictures: those with most words in common.
    """
    n = len(pictures)
    each = max(1, _BUDGET // max(n, 1))
    strongest = [np.empty((0, 32), np.uint8) if p is None else p.descriptors[:each] for p in pictures]
    owners = np.repeat(np.arange(n), [len(descriptors) for descriptors in strongest])
    if not len(owners):
        return np.empty((0, 2), dtype=np.intp)
    words = np.concatenate(strongest).view(np.uint32)
    met = [_sharing(words[:, column], owners, n) for column in range(words.shape[1])]
    # np.sort and not np.unique: ten times faster or more on whole numbers.
    codes = np.sort(np.concatenate(met))
    starts = _starts(codes)
    counts = np.diff(np.r_[starts, len(codes)])
    codes, counts = codes[starts][counts >= least], counts[counts >= least]
    kept = np.sort(codes[np.argsort(-counts, kind="stable")[: _MOST_A_PICTURE * n]])
    return np.stack([kept // n, kept % n], axis=1).astype(np.intp)


def _sharing(words: NDArray[np.uint32], owners: NDArray[np.intp], n: int) -> NDArray[np.int64]:
    """Pairs of pictures that share a word which few have, coded as a * n + b."""
    # One sort of word and owner in a single number; owners of one word are then in order, and once only.
    entries = np.sort((words.astype(np.uint64) << np.uint64(32)) | owners.astype(np.uint64))
    entries = entries[_starts(entries)]
    word, owner = entries >> np.uint64(32), (entries & np.uint64(0xFFFFFFFF)).astype(np.int64)
    starts = _starts(word)
    sizes = np.diff(np.r_[starts, len(word)])
    rare = np.repeat((sizes > 1) & (sizes <= _COMMONEST), sizes)
    word, owner = word[rare], owner[rare]
    found = [np.empty(0, dtype=np.int64)]
    for step in range(1, _COMMONEST):
        same = word[step:] == word[:-step]
        found.append(owner[:-step][same] * n + owner[step:][same])
    return np.concatenate(found)


def _starts(ordered: NDArray[np.int64] | NDArray[np.uint64]) -> NDArray[np.intp]:
    """Where another number begins in an ordered array."""
    return np.flatnonzero(np.r_[np.ones(min(1, len(ordered)), dtype=bool), ordered[1:] != ordered[:-1]])
