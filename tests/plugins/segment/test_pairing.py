"""Nuclei and cells under one id, beside the definition written pixel by pixel."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leukokit.api import LabelImage
from leukokit.plugins.segment._pairing import pair


def labels_of(top: int) -> st.SearchStrategy[LabelImage]:
    """Label images whose objects may lie in pieces: the rule does not ask how they came about."""
    return arrays(np.int32, (6, 7), elements=st.integers(0, top))


def shares(nuclei: LabelImage, parts: LabelImage) -> dict[tuple[int, int], int]:
    """Pixels that each nucleus and each part have in common."""
    overlaps: dict[tuple[int, int], int] = {}
    for key in zip(nuclei.ravel().tolist(), parts.ravel().tolist(), strict=True):
        if all(key):
            overlaps[key] = overlaps.get(key, 0) + 1
    return overlaps


def obvious(nuclei: LabelImage, parts: LabelImage, *, keep: bool) -> tuple[LabelImage, LabelImage]:
    """Merge all nuclei at home in one part; the docstring of ``pair`` read literally."""
    common = shares(nuclei, parts)
    home = {n: max((c, p) for (m, p), c in common.items() if m == n)[1] for n, _ in common}
    cell = np.zeros_like(parts)
    for part in range(1, int(parts.max()) + 1):
        residents = [n for n in sorted(home) if home[n] == part]
        guests = sorted((c, n) for (n, p), c in common.items() if p == part)
        if residents or guests:
            cell[parts == part] = residents[0] if residents else guests[-1][1]
    for n in range(1, int(nuclei.max()) + 1):
        if n in home or keep:
            cell[nuclei == n] = n
    first = {n: min(m for m in home if home[m] == home[n]) for n in home}
    for n in home:
        cell[cell == n] = first[n]
    if not keep:
        cell[np.isin(nuclei, [n for n in np.unique(nuclei) if n and n not in home])] = 0
    order = list(dict.fromkeys(cell[cell > 0].tolist()))
    numbered = np.zeros_like(cell)
    for number, name in enumerate(order, start=1):
        numbered[cell == name] = number
    return np.where(nuclei > 0, numbered, 0), numbered


@given(labels_of(5), labels_of(4), st.booleans())
def test_merged_cells_follow_the_rule_to_the_pixel(nuclei: LabelImage, parts: LabelImage, keep: bool) -> None:
    """A nucleus goes to the part that holds most of it, a part to its nuclei."""
    before = nuclei.copy(), parts.copy()
    nucleus, cell = pair(nuclei, parts, split=False, keep=keep)
    expected = obvious(nuclei, parts, keep=keep)
    assert np.array_equal(cell, expected[1])
    assert np.array_equal(nucleus, expected[0])
    assert np.array_equal(nuclei, before[0])
    assert np.array_equal(parts, before[1])


@given(labels_of(5), labels_of(4), st.booleans())
def test_split_cells_hold_one_nucleus_each(nuclei: LabelImage, parts: LabelImage, keep: bool) -> None:
    """Every kept nucleus has an id of its own, lies in its cell, and ids run in the order of first pixels."""
    nucleus, cell = pair(nuclei, parts, split=True, keep=keep)
    assert np.array_equal(nucleus > 0, (nuclei > 0) & (cell > 0))
    assert (cell[nucleus > 0] == nucleus[nucleus > 0]).all()
    for name in np.unique(nucleus[nucleus > 0]):
        assert len(np.unique(nuclei[nucleus == name])) == 1
    seen = cell[cell > 0]
    order = list(dict.fromkeys(seen.tolist()))
    assert order == list(range(1, len(order) + 1))
