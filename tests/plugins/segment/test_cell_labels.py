"""From masks to labels: ids, areas, holes, borders, statuses, red cells."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leukokit import component
from leukokit.api import CELL, NUCLEUS, Labels, Mask, Segmenter, Status
from leukokit.plugins.segment._basins import split_at_necks
from leukokit.plugins.segment._labels import (
    CellParams,
    clean,
    empty_labels,
    grow_labels,
    labels_of_cells,
    with_status_checked,
)
from leukokit.testing.images import disks

masks = arrays(np.bool_, st.tuples(st.integers(3, 20), st.integers(3, 20)))


def disk(row: int, column: int, radius: int, size: int = 120) -> Mask:
    """Draw one disk."""
    rows, columns = np.ogrid[:size, :size]
    inside: Mask = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return inside


def test_lobes_of_one_cell_share_its_id() -> None:
    """Two lobes in one cell are one nucleus; the neighbor cell has another id."""
    cell = disk(40, 40, 24) | disk(90, 90, 16)
    nucleus = disk(33, 33, 7) | disk(48, 46, 7) | disk(90, 90, 10)
    labels = labels_of_cells(nucleus, split_at_necks(cell, 0.8), CellParams())
    assert labels.status is Status.OK
    assert labels.count == 2
    assert labels.nucleus[33, 33] == labels.nucleus[48, 46] == labels.cell[40, 40] == 1
    assert labels.nucleus[90, 90] == labels.cell[90, 90] == 2


def test_a_cell_needs_nucleus() -> None:
    """What has too little nucleus is no white cell."""
    labels = labels_of_cells(disk(40, 40, 3), split_at_necks(disk(40, 40, 20), 0.8), CellParams())
    assert labels.status is Status.NO_CELL
    assert labels.count == 0


def test_border_rule() -> None:
    """Cut cells are cleared or kept; where all are cut the status says so."""
    cell, nucleus = disk(3, 60, 20) | disk(80, 60, 20), disk(3, 60, 12) | disk(80, 60, 12)
    parts = split_at_necks(cell, 0.8)
    cleared = labels_of_cells(nucleus, parts, CellParams(border="clear"))
    kept = labels_of_cells(nucleus, parts, CellParams(border="keep"))
    assert (cleared.count, cleared.status) == (1, Status.OK)
    assert (kept.count, kept.status) == (2, Status.OK)
    assert cleared.cell[80, 60] == 1
    top = split_at_necks(disk(3, 60, 20), 0.8)
    alone = labels_of_cells(nucleus, top, CellParams(border="clear"))
    assert (alone.count, alone.status) == (0, Status.ALL_TOUCH_BORDER)
    assert not alone.cell.any()


def test_red_cells_leave_out_white_cells_and_close_their_pallor() -> None:
    """Red cells are what remains, touching ones apart, rings filled."""
    white = disk(30, 30, 15)
    ring = disk(80, 40, 12) & ~disk(80, 40, 5)
    pair = disk(80, 75, 10) | disk(80, 93, 10)
    params = CellParams(red_cells=True, border="keep")
    labels = labels_of_cells(disk(30, 30, 9), split_at_necks(white, 0.8), params, red=white | ring | pair)
    assert np.count_nonzero(np.unique(labels.red_cell)) == 3
    assert not (labels.red_cell[white] > 0).any()
    assert labels.red_cell[80, 40] > 0
    assert labels.red_cell[80, 73] != labels.red_cell[80, 95]


def test_red_cells_at_the_border_follow_the_rule() -> None:
    """Cut red cells are cleared with cut white cells."""
    red = disk(2, 60, 12) | disk(80, 60, 12)
    none = np.zeros_like(red)
    count = {}
    for border in ("keep", "clear"):
        params = CellParams.model_validate({"red_cells": True, "border": border})
        labels = labels_of_cells(none, split_at_necks(none, 0.8), params, red=red)
        assert labels.status is Status.NO_CELL
        count[border] = labels.red_cell.max()
    assert count == {"keep": 2, "clear": 1}


@settings(max_examples=60, deadline=None)
@given(masks, st.integers(0, 40))
def test_holes_are_filled_by_their_area(mask: Mask, limit: int) -> None:
    """Background that 4 neighbors enclose is filled up to the limit, and nothing else changes."""
    outside = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    _, holes, stats, _ = cv2.connectedComponentsWithStats(outside, connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] <= limit
    small[holes[0, 0]] = False
    small[0] = False
    expected = mask | small[holes][1:-1, 1:-1]
    # A hole that meets the image border is open: findContours sees the frame as background.
    assert np.array_equal(clean(mask, max_hole=limit), expected)


@settings(max_examples=60, deadline=None)
@given(masks, st.integers(1, 60))
def test_small_objects_are_dropped_by_their_area(mask: Mask, limit: int) -> None:
    """Of objects without holes exactly those below the limit go."""
    solid = clean(mask, max_hole=10_000)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8), connectivity=8)
    keep = stats[:, cv2.CC_STAT_AREA] >= limit
    keep[0] = False
    assert np.array_equal(clean(solid, min_area=limit), keep[labels])


def test_labels_grow_only_into_what_is_allowed() -> None:
    """A grown label keeps its pixels, stays in reach and inside."""
    labels = disk(40, 40, 10).astype(np.int32) * 7
    inside = np.zeros(labels.shape, np.bool_)
    inside[:, :45] = True
    dilated = grow_labels(labels, 3, inside)
    assert dilated.dtype == np.int32
    assert set(np.unique(dilated)) == {0, 7}
    assert np.array_equal(dilated > 0, (labels > 0) | (inside & (grow_labels(labels, 3, inside | True) > 0)))
    assert (dilated > 0).sum() > (labels > 0).sum()
    assert grow_labels(labels, 0, inside) is labels


def test_red_cells_called_white_are_declared_implausible() -> None:
    """The labels stay to be looked at; right ones and empty ones come back as they are."""
    image, truth = disks(size=160, cells=4)
    right = Labels({NUCLEUS: truth.nucleus, CELL: truth.cell})
    assert with_status_checked(right, image) is right
    some = np.where(truth.red_cell > 3, truth.red_cell, 0)
    wrong = with_status_checked(Labels({NUCLEUS: some, CELL: some}), image)
    assert wrong.status is Status.IMPLAUSIBLE
    assert wrong.nucleus is some
    empty = empty_labels(image, (NUCLEUS, CELL))
    assert with_status_checked(empty, image) is empty


@pytest.mark.parametrize("name", ["hsv_threshold", "kmeans_watershed", "multi_otsu"])
@pytest.mark.parametrize("grain", [0.0, 1.0, 4.0, 8.0])
def test_noise_on_glass_has_no_cell(name: str, grain: float) -> None:
    """Whatever its grain: clusters and thresholds find something in every image, but nothing is stained."""
    noise = np.random.default_rng(3).normal(size=(224, 224, 3)).astype(np.float32)
    if grain:
        noise = cv2.GaussianBlur(noise, (0, 0), grain)
    glass = np.array([232.0, 226.0, 236.0]) + 12.0 * (noise / noise.std())
    image = np.clip(np.rint(glass), 0, 255).astype(np.uint8)
    segmenter = component("segmenter", name)
    assert isinstance(segmenter, Segmenter)
    labels = segmenter.segment(image)
    assert (labels.status, labels.count) == (Status.NO_CELL, 0)
