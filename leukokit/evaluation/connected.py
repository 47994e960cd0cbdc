"""Groups that links hold together: images of one patient, copies of one picture."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def connected(n: int, links: Iterable[tuple[int, int]]) -> NDArray[np.intp]:
    """Give the group of each of ``n`` things, held together by links, directly or through others.

    Plain Python, by union-find: :mod:`scipy.sparse` would take longer to load than most runs need here.

    Parameters
    ----------
    n : int
    links : iterable of two ints
        Each names two of the things, from 0.

    Returns
    -------
    intp array (n,)
        Group of each, numbered by first appearance from 0.
    """
    parent = list(range(n))
    for a, b in links:
        one, other = _root(parent, a), _root(parent, b)
        # The smaller number leads, so that a group is met first at the one that stands for it.
        parent[max(one, other)] = min(one, other)
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(_root(parent, i), len(numbers)) for i in range(n)], dtype=np.intp)


def _root(parent: list[int], node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node
