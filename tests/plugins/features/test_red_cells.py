"""Red cells of drawn smears: count, clumping, size, shape and pallor."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from leukokit.api import RED_CELL_UM, LabelImage, Labels, Planes, PluginError, Scale, ScaleSource, Status
from leukokit.plugins.features.red_cells import RedCells


def planes(labels: LabelImage, scale: Scale) -> Planes:
    """Draw evenly stained cells on glass."""
    rgb = np.full((*labels.shape, 3), 220, np.uint8)
    rgb[labels > 0] = (200, 120, 130)
    return Planes(rgb, scale)


def test_red_cells_are_measured_one_by_one(draw_disks: Callable[..., LabelImage]) -> None:
    """Two of four cells touch; the one at the border counts and is not measured."""
    red = draw_disks([(25, 25, 12), (25, 50, 12), (90, 60, 16), (60, 0, 12)])
    features = RedCells.create(aggregates=["mean", "count"]).extract(
        planes(red, Scale(24.0, 1.0, ScaleSource.GIVEN)), Labels({"red_cell": red}, Status.NO_CELL)
    )
    assert features["red_cells_count"] == 4
    assert features["red_cells_touching_mean"] == 0.5
    assert features["red_cells_diameter_rc_count"] == 3
    assert features["red_cells_diameter_rc_mean"] == pytest.approx((24 + 24 + 32) / 24 / 3, rel=0.01)
    assert features["red_cells_diameter_um_mean"] == pytest.approx(
        features["red_cells_diameter_rc_mean"] * RED_CELL_UM
    )
    assert features["red_cells_roundness_mean"] == pytest.approx(1, abs=0.15)
    assert features["red_cells_pallor_mean"] == 0


def test_without_scale_there_are_no_um(draw_disks: Callable[..., LabelImage]) -> None:
    """Sizes are missing, shapes are not."""
    red = draw_disks([(40, 40, 12)])
    features = RedCells().extract(planes(red, Scale()), Labels({"red_cell": red}))
    assert math.isnan(features["red_cells_diameter_um_mean"])
    assert math.isnan(features["red_cells_diameter_rc_mean"])
    assert features["red_cells_roundness_mean"] > 0.8


def test_labels_of_red_cells_are_needed(draw_disks: Callable[..., LabelImage]) -> None:
    """The message says what is missing and what to do."""
    cell = draw_disks([(40, 40, 12)])
    with pytest.raises(PluginError, match="RedCells measures red_cell labels, and they were not given"):
        RedCells().extract(planes(cell, Scale()), Labels({"cell": cell, "nucleus": cell}))
