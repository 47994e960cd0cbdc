"""Pairs of images that show the same cells, and the groups that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from leukokit.evaluation.connected import connected


class PairKind(StrEnum):
    """In what way two images are alike."""

    EXACT = "exact"
    """The same file, or the same pixels."""
    NEAR = "near"
    """The same picture, turned, flipped, resized, re-encoded or shifted a little."""
    OVERLAP = "overlap"
    """Two views of the smear that have an area in common."""


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Two images that show the same cells.

    Attributes
    ----------
    a, b : int
        Row numbers, a < b.
    kind : PairKind
    transform : str
        Flip or turn of ``a`` that gives ``b``, a name of ``hashes.TRANSFORMS``.
    inliers : int or None
        Matched points that agree on one motion; None where no points had to be matched.
    overlap : float or None
        Share of the smaller view that both show, 0..1.
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
class Compared:
    """How many pairs of images were compared, and how many of them showed the same cells."""

    pairs: int
    alike: int


@dataclass(frozen=True, slots=True)
class NeighborCount:
    """Neighbors of one class in file order: compared, and alike.

    Attributes
    ----------
    label : str
        Class; an empty string for images without a label.
    lag : int
        Distance in file order; 1 for the next file.
    """

    label: str
    lag: int
    compared: Compared


@dataclass(frozen=True, slots=True)
class PairTable:
    """Everything that comparing the images of a data set gave.

    Attributes
    ----------
    images : int
        Images that were compared; unreadable ones do not count.
    pairs : tuple of Pair
        In order of (a, b), one a pair of images.
    neighbors : tuple of NeighborCount
        One a class and lag.
    random : Compared
        Pairs drawn at random: the chance level.
    """

    images: int
    pairs: tuple[Pair, ...]
    neighbors: tuple[NeighborCount, ...]
    random: Compared


def connected_groups(n: int, pairs: Sequence[Pair]) -> NDArray[np.intp]:
    """Give the group of each image, held together by pairs, directly or through others.

    Parameters
    ----------
    n : int
        Number of images.
    pairs : sequence of Pair

    Returns
    -------
    intp array (n,)
        Group of each image, numbered by first appearance from 0.
    """
    return connected(n, ((pair.a, pair.b) for pair in pairs))
