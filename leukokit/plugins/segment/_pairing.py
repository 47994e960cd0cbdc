"""Matching nuclei with cells, so that both have one id."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from leukokit.api import LabelImage


def pair(nuclei: LabelImage, parts: LabelImage, *, split: bool, keep: bool) -> tuple[LabelImage, LabelImage]:
    """Give separately segmented nuclei and cells matching ids.

    A nucleus belongs to the part that contains most of it. A part belongs to the nuclei that belong to it; if
    there are none, to the nucleus with most pixels in it; if no nucleus overlaps it, it is dropped.

    Parameters
    ----------
    nuclei : int32 array, H x W
        Segmented nuclei, 0 outside.
    parts : int32 array, H x W
        Segmented cells, 0 outside.
    split : bool
        Whether a part with several nuclei is divided, each pixel going to the nearest nucleus; otherwise it
        is one cell, with a nucleus of several pieces.
    keep : bool
        Whether a nucleus outside all parts is kept, as a cell without cytoplasm.

    Returns
    -------
    nucleus, cell : int32 array, H x W
        Ids 1..n in the order of the cells' first pixel, row by row; every nucleus lies in the cell of its id.
    """
    pixels = np.flatnonzero(nuclei > 0)  # several times faster than of whole numbers
    nucleus_of, part_of = nuclei.ravel()[pixels], parts.ravel()[pixels]
    part_by_nucleus, nucleus_by_part = _overlaps(nucleus_of, part_of)
    nuclei_by_part: dict[int, list[int]] = {}
    for nucleus, part in part_by_nucleus.items():
        nuclei_by_part.setdefault(part, []).append(nucleus)
    nucleus_of_part = np.zeros(int(parts.max()) + 1, np.int32)
    for part, largest_overlap in nucleus_by_part.items():
        nucleus_of_part[part] = nuclei_by_part.get(part, [largest_overlap])[0]
    alias = np.arange(int(nuclei.max()) + 1, dtype=np.int32)
    if not split:
        for merged in nuclei_by_part.values():
            alias[merged] = merged[0]
    if not keep:
        unmatched = np.ones(len(alias), np.bool_)
        unmatched[list(part_by_nucleus)] = False
        alias[unmatched] = 0

    cell = nucleus_of_part.take(parts)
    if split:
        _divide(cell, nuclei, parts, {part: ids for part, ids in nuclei_by_part.items() if len(ids) > 1})
    cell.ravel()[pixels] = nucleus_of
    _renumber_in_place(cell, alias)
    labels = np.zeros_like(cell)
    labels.ravel()[pixels] = cell.ravel()[pixels]
    return labels, cell


def _overlaps(
    nucleus_of: NDArray[np.int32], part_of: NDArray[np.int32]
) -> tuple[dict[int, int], dict[int, int]]:
    """For each nucleus the part, and for each part the nucleus, with the largest overlap."""
    overlapping = part_of > 0
    stride = int(part_of.max(initial=0)) + 1
    pairs, shared = np.unique(
        nucleus_of[overlapping].astype(np.int64) * stride + part_of[overlapping], return_counts=True
    )
    part_by_nucleus: dict[int, int] = {}
    nucleus_by_part: dict[int, int] = {}
    for i in np.argsort(shared, kind="stable"):  # the largest overlap comes last and overwrites the others
        nucleus, part = divmod(int(pairs[i]), stride)
        part_by_nucleus[nucleus] = part
        nucleus_by_part[part] = nucleus
    return dict(sorted(part_by_nucleus.items())), nucleus_by_part


def _divide(cell: LabelImage, nuclei: LabelImage, parts: LabelImage, shared: dict[int, list[int]]) -> None:
    """Write the nearest of its nuclei into each pixel of a shared part."""
    if not shared:
        return
    boxes = ndi.find_objects(parts)
    for part, nucleus_ids in shared.items():
        box = boxes[part - 1]
        in_part = parts[box] == part
        seeds = np.where(in_part & np.isin(nuclei[box], nucleus_ids), nuclei[box], 0)
        row, column = ndi.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
        cell[box] = np.where(in_part, seeds[row, column], cell[box])


@numba.njit(cache=True, nogil=True)
def _renumber_in_place(labels: LabelImage, alias: NDArray[np.int32]) -> Any:
    """Replace labels by their alias, in place, and number these 1..n in the order of their first pixels."""
    number = np.zeros(len(alias), np.int32)
    count = 0
    for i in range(labels.shape[0]):
        for j in range(labels.shape[1]):
            if labels[i, j]:
                new_id = alias[labels[i, j]]
                if new_id and number[new_id] == 0:
                    count += 1
                    number[new_id] = count
                labels[i, j] = number[new_id]
