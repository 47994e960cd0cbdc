"""Neighbors in file order, pairs that are none, and copies.

Images that were taken one after the other bear neighboring names and often show the same part of a smear.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_DIGITS = re.compile(r"([0-9]{1,18})")


def file_runs(folders: Sequence[str], ids: Sequence[str]) -> list[NDArray[np.intp]]:
    """Rows of each folder in the order of their names, numbers by value: ``cell-9`` before ``cell-10``.

    Parameters
    ----------
    folders : sequence of str (n,)
        What files share a numbering: folder and class.
    ids : sequence of str (n,)

    Returns
    -------
    list of intp array
        One a folder, by first appearance.
    """
    rows: dict[str, list[int]] = defaultdict(list)
    for row, folder in enumerate(folders):
        rows[folder].append(row)
    return [
        np.array(sorted(each, key=lambda row: _natural(ids[row])), dtype=np.intp) for each in rows.values()
    ]


def neighbor_pairs(run: NDArray[np.intp], lag: int) -> NDArray[np.intp]:
    """Rows a < b of a run that lie ``lag`` files apart, int (m, 2)."""
    return _ordered(np.stack([run[:-lag], run[lag:]], axis=1))


def distant_pairs(
    runs: Sequence[NDArray[np.intp]], *, beyond: int, count: int, seed: int
) -> NDArray[np.intp]:
    """Draw pairs of the same run that lie more than ``beyond`` files apart.

    Runs take part by the pairs that they have: chance is then what any two images of a class have in common.

    Parameters
    ----------
    runs : sequence of intp array
        As ``file_runs`` gives them.
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
    # With m = length - beyond - 1 > 0, a run has m (m + 1) / 2 such pairs; they are numbered through.
    reach = np.array([max(0, len(run) - beyond - 1) for run in runs], dtype=np.int64)
    ends = np.cumsum(reach * (reach + 1) // 2)
    total = int(ends[-1]) if len(ends) else 0
    rng = np.random.default_rng(seed)
    if total <= 2 * count:
        drawn = rng.permutation(total)[:count]
    else:
        # Twice as many as asked for: repeats are then too few to matter.
        drawn = np.unique(rng.integers(total, size=2 * count))
        drawn = rng.permutation(drawn)[:count]
    which = np.searchsorted(ends, drawn, side="right")
    pairs = []
    for number, run in zip(drawn.tolist(), which.tolist(), strict=True):
        inside = number - (int(ends[run - 1]) if run else 0)
        # Pair (i, beyond + 1 + j) with i <= j; j (j + 1) / 2 of them come before those of j.
        j = (int(np.sqrt(8 * inside + 1)) - 1) // 2
        i = inside - j * (j + 1) // 2
        pairs.append((int(runs[run][i]), int(runs[run][beyond + 1 + j])))
    found = _ordered(np.array(pairs, dtype=np.intp).reshape(-1, 2))
    return found[np.lexsort((found[:, 1], found[:, 0]))]


def identical_pairs(keys: Sequence[str | None], most: int = 30) -> list[tuple[int, int]]:
    """Rows a < b with the same key, in order.

    Of more than ``most`` copies only the first is paired with each, and each with the next: all pairs of a
    thousand black images would help nobody.
    """
    rows: dict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        if key is not None:
            rows[key].append(row)
    found: set[tuple[int, int]] = set()
    for same in rows.values():
        if len(same) <= most:
            found.update((a, b) for i, a in enumerate(same) for b in same[i + 1 :])
        else:
            found.update((same[0], b) for b in same[1:])
            found.update(pairwise(same))
    return sorted(found)


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    # Split at numbers, every second part is one; the name itself comes last, since "007" equals "7".
    parts = _DIGITS.split(name)
    return (*((int(part), "") if i % 2 else (-1, part) for i, part in enumerate(parts)), (-1, name))


def _ordered(pairs: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.sort(pairs, axis=1)
