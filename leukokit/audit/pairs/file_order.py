"""Pairs of neighbors in file order, distant pairs, and copies.

Images that were taken one after the other have neighboring names and often show the same part of a smear.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_DIGITS = re.compile(r"([0-9]{1,18})")


def file_sequences(folders: Sequence[str], ids: Sequence[str]) -> list[NDArray[np.intp]]:
    """Rows of each folder in natural order of their names: ``cell-9`` before ``cell-10``.

    Parameters
    ----------
    folders : sequence of str (n,)
        Images of one value share a numbering: folder and class.
    ids : sequence of str (n,)

    Returns
    -------
    list of intp array
        One per folder, by first appearance.
    """
    rows: dict[str, list[int]] = defaultdict(list)
    for row, folder in enumerate(folders):
        rows[folder].append(row)
    return [
        np.array(sorted(members, key=lambda row: _natural(ids[row])), dtype=np.intp)
        for members in rows.values()
    ]


def neighbor_pairs(sequence: NDArray[np.intp], lag: int) -> NDArray[np.intp]:
    """Rows a < b of a file sequence that are ``lag`` files apart, intp (m, 2)."""
    return _ordered(np.stack([sequence[:-lag], sequence[lag:]], axis=1))


def distant_pairs(
    sequences: Sequence[NDArray[np.intp]], *, beyond: int, count: int, seed: int
) -> NDArray[np.intp]:
    """Draw pairs of the same file sequence that are more than ``beyond`` files apart.

    Runs take part by the pairs that they have: chance is then what any two images of a class have in common.

    Parameters
    ----------
    sequences : sequence of intp array
        As ``file_sequences`` gives them.
    beyond : int
        Files between neighbors at most.
    count : int
        Pairs to draw, at most; fewer where there are not as many.
    seed : int

    Returns
    -------
    intp array (m, 2)
        Distinct rows a < b, in order.
    """
    # With m = length - beyond - 1 > 0, a sequence has m (m + 1) / 2 such pairs; all pairs are numbered.
    reach = np.array([max(0, len(sequence) - beyond - 1) for sequence in sequences], dtype=np.int64)
    ends = np.cumsum(reach * (reach + 1) // 2)
    total = int(ends[-1]) if len(ends) else 0
    rng = np.random.default_rng(seed)
    if total <= 2 * count:
        drawn = rng.permutation(total)[:count]
    else:
        # Draw twice as many as wanted, so that enough are left after removing repeats.
        drawn = np.unique(rng.integers(total, size=2 * count))
        drawn = rng.permutation(drawn)[:count]
    which = np.searchsorted(ends, drawn, side="right")
    pairs = []
    for number, sequence in zip(drawn.tolist(), which.tolist(), strict=True):
        inside = number - (int(ends[sequence - 1]) if sequence else 0)
        # Pair (i, beyond + 1 + j) with i <= j; j (j + 1) / 2 of them come before those of j.
        j = (int(np.sqrt(8 * inside + 1)) - 1) // 2
        i = inside - j * (j + 1) // 2
        pairs.append((int(sequences[sequence][i]), int(sequences[sequence][beyond + 1 + j])))
    ordered = _ordered(np.array(pairs, dtype=np.intp).reshape(-1, 2))
    return ordered[np.lexsort((ordered[:, 1], ordered[:, 0]))]


def identical_pairs(keys: Sequence[str | None], most: int = 30) -> list[tuple[int, int]]:
    """Rows a < b with the same key, in order.

    Of more than ``most`` copies, only the first is paired with each other copy, and each copy with the next:
    the number of all pairs grows with the square.
    """
    rows: dict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        if key is not None:
            rows[key].append(row)
    pairs: set[tuple[int, int]] = set()
    for same in rows.values():
        if len(same) <= most:
            pairs.update((a, b) for i, a in enumerate(same) for b in same[i + 1 :])
        else:
            pairs.update((same[0], b) for b in same[1:])
            pairs.update(pairwise(same))
    return sorted(pairs)


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    # After the split every second part is a number; the name itself is the last key, since "007" equals "7".
    parts = _DIGITS.split(name)
    return (*((int(part), "") if i % 2 else (-1, part) for i, part in enumerate(parts)), (-1, name))


def _ordered(pairs: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.sort(pairs, axis=1)
