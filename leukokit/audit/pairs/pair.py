"""Pairs of images that show the same cells, and the groups that they connect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from leukokit.evaluation.connected import connected


class PairKind(StrEnum):
    """How two images are alike."""

    EXACT = "exact"
    """The same file, or the same pixels."""
    NEAR = "near"
    """The same picture, rotated, flipped, resized, re-encoded or slightly shifted."""
    OVERLAP = "overlap"
    """Two views of the smear that have an area in common."""


@dataclass(frozen=True, slots=True, order=True)
class MatchedPair:
    """Two images that show the same cells.

    Attributes
    ----------
    a, b : int
        Row numbers, a < b.
    kind : PairKind
    transform : str
        Flip or rotation that turns ``a`` into ``b``, one of ``hashes.TRANSFORMS``.
    inliers : int or None
        Matched keypoints that agree on one transform; None where none had to be matched.
    overlap : float or None
        Common area as a share of the smaller view, 0..1.
    """

    a: int
    b: int
    kind: PairKind
    transform: str = "identity"
    inliers: int | None = None
    overlap: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.a < self.b:
            raise ValueError(f"a pair takes two row numbers with a < b, not {self.a} and {self.b}")


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Number of compared pairs of images, and of those that show the same cells."""

    pairs: int
    alike: int


@dataclass(frozen=True, slots=True)
class NeighborCount:
    """Counts of neighbors in file order, of one class and lag.

    Attributes
    ----------
    label : str
        Class; an empty string for images without a label.
    lag : int
        Distance in file order; 1 for the next file.
    """

    label: str
    lag: int
    compared: PairCounts


@dataclass(frozen=True, slots=True)
class PairTable:
    """Result of comparing the images of a data set.

    Attributes
    ----------
    images : int
        Number of images that were compared, without unreadable ones.
    pairs : tuple of MatchedPair
        Sorted by (a, b), one per pair of images.
    neighbors : tuple of NeighborCount
        One per class and lag.
    random : PairCounts
        Counts of pairs drawn at random, which give the chance level.
    """

    images: int
    pairs: tuple[MatchedPair, ...]
    neighbors: tuple[NeighborCount, ...]
    random: PairCounts


def connected_groups(n: int, pairs: Sequence[MatchedPair]) -> NDArray[np.intp]:
    """Compute the group of each image: connected components of the graph whose edges are the pairs.

    Parameters
    ----------
    n : int
        Number of images.
    pairs : sequence of MatchedPair

    Returns
    -------
    intp array (n,)
        Group of each image, numbered by first appearance from 0.
    """
    return connected(n, ((pair.a, pair.b) for pair in pairs))
