"""One id for a nucleus and its cell."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from leukokit.api import LabelImage


def pair(nuclei: LabelImage, parts: LabelImage, *, split: bool, keep: bool) -> tuple[LabelImage, LabelImage]:
    """Give nuclei and cells, segmented apart from each other, one id a cell.

    A nucleus belongs to the part that holds most of it. A part belongs to the nuclei that are at home in it;
    if there are none, to the nucleus with most pixels in it; if no nucleus meets it, it is dropped.

    Parameters
    ----------
    nuclei : int32 array, H x W
        Segmented nuclei, 0 outside.
    parts : int32 array, H x W
        Segmented cells, 0 outside.
    split : bool
        Whether a part with several nuclei is divided, each pixel going to the nearest one; otherwise they are
        one cell, with a nucleus of several pieces.
    keep : bool
        Whether a nucleus outside all parts stays, with itself as its cell.

    Returns
    -------
    nucleus, cell : int32 array, H x W
        Ids 1..n in the order of the cells' first pixel, row by row; every nucleus lies in the cell of its id.
    """
    pixels = np.flatnonzero(nuclei > 0)  # several times faster than of whole numbers
    nucleus_of, part_of = nuclei.ravel()[pixels], parts.ravel()[pixels]
    home, guests = _overlaps(nucleus_of, part_of)
    residents: dict[int, list[int]] = {}
    for nucleus, part in home.items():
        residents.setdefault(part, []).append(nucleus)
    owner = np.zeros(int(parts.max()) + 1, np.int32)
    for part, guest in guests.items():
        owner[part] = residents.get(part, [guest])[0]
    alias = np.arange(int(nuclei.max()) + 1, dtype=np.int32)
    if not split:
        for together in residents.values():
            alias[together] = together[0]
    if not keep:
        homeless = np.ones(len(alias), np.bool_)
        homeless[list(home)] = False
        alias[homeless] = 0

    cell = owner.take(parts)
    if split:
        _divide(cell, nuclei, parts, {part: each for part, each in residents.items() if len(each) > 1})
    cell.ravel()[pixels] = nucleus_of
    _by_first_pixel(cell, alias)
    labels = np.zeros_like(cell)
    labels.ravel()[pixels] = cell.ravel()[pixels]
    return labels, cell


def _overlaps(
    nucleus_of: NDArray[np.int32], part_of: NDArray[np.int32]
) -> tuple[dict[int, int], dict[int, int]]:
    """For each nucleus the part, and for each part the nucleus, that shares most pixels with it."""
    met = part_of > 0
    stride = int(part_of.max(initial=0)) + 1
    pairs, shared = np.unique(nucleus_of[met].astype(np.int64) * stride + part_of[met], return_counts=True)
    home: dict[int, int] = {}
    guests: dict[int, int] = {}
    for i in np.argsort(shared, kind="stable"):  # the largest comes last, and stays
        nucleus, part = divmod(int(pairs[i]), stride)
        home[nucleus] = part
        guests[part] = nucleus
    return dict(sorted(home.items())), guests


def _divide(cell: LabelImage, nuclei: LabelImage, parts: LabelImage, shared: dict[int, list[int]]) -> None:
    """Write the nearest of its nuclei into each pixel of a shared part."""
    if not shared:
        return
    boxes = ndi.find_objects(parts)
    for part, residents in shared.items():
        box = boxes[part - 1]
        here = parts[box] == part
        seeds = np.where(here & np.isin(nuclei[box], residents), nuclei[box], 0)
        row, column = ndi.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
        cell[box] = np.where(here, seeds[row, column], cell[box])


@numba.njit(cache=True, nogil=True)
def _by_first_pixel(labels: LabelImage, alias: NDArray[np.int32]) -> Any:
    """Replace labels by their alias, in place, and number these 1..n in the order of their first pixels."""
    number = np.zeros(len(alias), np.int32)
    count = 0
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            if labels[i, j]:
                name = alias[labels[i, j]]
                if name and number[name] == 0:
                    count += 1
                    number[name] = count
                labels[i, j] = number[name]
