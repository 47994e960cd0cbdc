"""Disjoint sets in an array, for compiled loops."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(cache=True, nogil=True)
def root(parent: NDArray[np.int32], node: int) -> int:
    """Find the representative of a node's set; the path to it is halved on the way."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node
