"""Connected components of linked items, such as images of one patient or copies of one image."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def connected(n: int, links: Iterable[tuple[int, int]]) -> NDArray[np.intp]:
    """Compute the connected component of each of ``n`` items.

    A union-find in plain Python, since importing :mod:`scipy.sparse` takes longer than most calls.

    Parameters
    ----------
    n : int
    links : iterable of two ints
        Two item numbers each, from 0.

    Returns
    -------
    intp array (n,)
        Component of each item, numbered from 0 by first appearance.
    """
    parent = list(range(n))
    for a, b in links:
        one, other = _root(parent, a), _root(parent, b)
        # The smaller number is the root, so that a component first appears at its root.
        parent[max(one, other)] = min(one, other)
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(_root(parent, i), len(numbers)) for i in range(n)], dtype=np.intp)


def _root(parent: list[int], node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node
