"""Candidate pairs for a common area, found by their keypoint descriptors.

Keypoints of one cell in two photographs have descriptors that differ in few of 256 bits, so at least one of
the eight 32-bit words of a descriptor is often the same in both (multi-index hashing; Norouzi, Punjani and
Fleet 2012, doi 10.1109/CVPR.2012.6248043). Two images with several words in common are a candidate. Words
that many images have are ignored: the edge of any round cell, or the label of a scale bar.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leukokit.audit.pairs.overlap import Features

LEAST_WORDS = 4
"""Two images with at least this many words in common are compared.

On the paper's data set: 9,000 of 5.3 million pairs, with 98 % of the overlapping views among them.
"""

LEAST_WORDS_TURNED = 8
"""The same for mirrored and squeezed views, which need more keypoints in common to count."""

_COMMONEST = 8  # images per word; a word that more images have is ignored
_BUDGET = 2_000_000  # descriptors in total: keeps memory below 400 MB for any number of images
_MOST_A_PICTURE = 8  # candidates per image, on average


def similar_pairs(
    pictures: Sequence[Features | None],
    others: Sequence[Features | None] | None = None,
    *,
    least: int = LEAST_WORDS,
) -> NDArray[np.intp]:
    """Find pairs of images that have several words of their descriptors in common.

    Parameters
    ----------
    pictures : sequence of Features or None (n,)
        None for an image that could not be read.
    others : sequence of Features or None (n,), optional
        Other views of the same images, such as mirror images: each picture is then compared with these.
    least : int
        Smallest number of common words.

    Returns
    -------
    intp array (m, 2)
        Rows in order, a < b without ``others``; those with most common words; m is at most eight times the
        number of images.
    """
    n = len(pictures)
    views = list(pictures) if others is None else [*pictures, *others]
    per_picture = max(1, _BUDGET // max(n, 1))
    strongest = [np.empty((0, 32), np.uint8) if p is None else p.descriptors[:per_picture] for p in views]
    owners = np.repeat(np.arange(len(views)), [len(descriptors) for descriptors in strongest])
    if not len(owners):
        return np.empty((0, 2), dtype=np.intp)
    words = np.concatenate(strongest).view(np.uint32)
    commonest = _COMMONEST if others is None else 2 * _COMMONEST
    pair_codes = [
        _sharing(words[:, column], owners, len(views), commonest) for column in range(words.shape[1])
    ]
    # np.sort is ten times faster than np.unique on integers.
    codes = np.concatenate(pair_codes)
    if others is not None:
        codes = codes[(codes // len(views) < n) & (codes % len(views) >= n)]
    codes = np.sort(codes)
    starts = _starts(codes)
    counts = np.diff(np.r_[starts, len(codes)])
    codes, counts = codes[starts][counts >= least], counts[counts >= least]
    kept = np.sort(codes[np.argsort(-counts, kind="stable")[: _MOST_A_PICTURE * n]])
    return np.stack([kept // len(views), kept % len(views) % n], axis=1).astype(np.intp)


def _sharing(
    words: NDArray[np.uint32], owners: NDArray[np.intp], n: int, commonest: int
) -> NDArray[np.int64]:
    """Pairs of images that share a rare word, coded as a * n + b."""
    # Sort word and owner as one number: the owners of a word are then sorted, and duplicates are adjacent.
    entries = np.sort((words.astype(np.uint64) << np.uint64(32)) | owners.astype(np.uint64))
    entries = entries[_starts(entries)]
    word, owner = entries >> np.uint64(32), (entries & np.uint64(0xFFFFFFFF)).astype(np.int64)
    starts = _starts(word)
    sizes = np.diff(np.r_[starts, len(word)])
    rare = np.repeat((sizes > 1) & (sizes <= commonest), sizes)
    word, owner = word[rare], owner[rare]
    codes = [np.empty(0, dtype=np.int64)]
    for step in range(1, commonest):
        same = word[step:] == word[:-step]
        codes.append(owner[:-step][same] * n + owner[step:][same])
    return np.concatenate(codes)


def _starts(ordered: NDArray[np.int64] | NDArray[np.uint64]) -> NDArray[np.intp]:
    """Positions at which a new value begins in a sorted array."""
    return np.flatnonzero(np.r_[np.ones(min(1, len(ordered)), dtype=bool), ordered[1:] != ordered[:-1]])
