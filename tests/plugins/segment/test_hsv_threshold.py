"""Thresholds in HSV: known scenes, hue ranges, and the collectors' own images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from leukokit.api import ImageRejected, RGBImage, Status
from leukokit.evaluation.masks import dice, iou
from leukokit.plugins.segment.hsv_threshold import HsvThreshold, in_range
from leukokit.testing import Check, conformance

NUCLEUS, PINK_NUCLEUS = (112, 70, 200), (214, 120, 225)
TINT = (212, 204, 236)


@conformance(HsvThreshold, red_cells=True, border="keep", hue_high=160)
def test_contract_with_red_cells(check: Check) -> None:
    """The segmenter keeps the contract with red cells, kept borders and a wider range."""
    check()


def test_finds_purple_nuclei_and_their_cells(scene: Any) -> None:
    """A purple nucleus in a paler cell is found, both under one id; red cells are told apart."""
    centers = scene.crowd()
    cell = scene.disk(110, 170, 20, TINT)
    nucleus = scene.disk(110, 170, 15, NUCLEUS)
    labels = HsvThreshold.create(red_cells=True, cell_saturation_low=20).segment(scene.image())
    assert (labels.status, labels.count) == (Status.OK, 1)
    assert dice(labels.nucleus > 0, nucleus) > 0.92
    assert dice(labels.cell > 0, cell) > 0.93
    assert labels.red_cell.max() == len(centers)


def test_cytoplasm_ends_at_the_reach(scene: Any) -> None:
    """No cytoplasm lies farther from the nucleus than ``reach``."""
    scene.disk(110, 110, 60, TINT)
    nucleus = scene.disk(110, 110, 20, NUCLEUS)
    labels = HsvThreshold.create(reach=5, cell_saturation_low=20).segment(scene.image())
    away = cv2.distanceTransform((~nucleus).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    assert labels.count == 1
    assert 4.0 <= away[labels.cell > 0].max() <= 7.5


def test_pink_nuclei_need_a_wider_range(scene: Any) -> None:
    """The collectors' range misses pink nuclei; a wider one finds them."""
    scene.disk(110, 110, 20, PINK_NUCLEUS)
    image = scene.image()
    assert HsvThreshold().segment(image).status is Status.NO_CELL
    assert HsvThreshold.create(hue_high=160).segment(image).count == 1


@settings(max_examples=60, deadline=None)
@given(arrays(np.uint8, (5, 5, 3), elements=st.integers(0, 179)), st.integers(0, 179), st.integers(0, 179))
def test_a_hue_range_may_go_through_red(hsv: RGBImage, low: int, high: int) -> None:
    """From low to high, past 179 to 0 where high is below low."""
    hue = hsv[..., 0].astype(int)
    expected = (hue - low) % 180 <= (high - low) % 180
    assert np.array_equal(in_range(hsv, (low, high), (0, 255), (0, 255)), expected)


@pytest.mark.parametrize("name", ["saturation", "value"])
def test_an_empty_range_is_refused(name: str) -> None:
    """The message names both ends."""
    with pytest.raises(ValidationError, match=f"{name}_low is above {name}_high, so no pixel can match"):
        HsvThreshold.create(**{f"{name}_low": 200, f"{name}_high": 100})


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (150, 165, 196)])
def test_constant_images_have_no_cell(color: tuple[int, int, int]) -> None:
    """One color outside the range is no cell."""
    labels = HsvThreshold.create(red_cells=True).segment(np.full((40, 50, 3), color, np.uint8))
    assert labels.status is Status.NO_CELL
    assert not any(image.any() for image in labels.roles.values())


def test_a_frame_full_of_purple_is_cut_by_the_border() -> None:
    """One purple frame touches the border; kept, it is no cell: all is stained alike."""
    image = np.full((40, 50, 3), NUCLEUS, np.uint8)
    assert HsvThreshold().segment(image).status is Status.ALL_TOUCH_BORDER
    assert HsvThreshold.create(border="keep").segment(image).status is Status.NO_CELL


def test_tiny_images_are_rejected() -> None:
    """A side below 16 px is refused."""
    with pytest.raises(ImageRejected, match="too_small: 40 x 15 px"):
        HsvThreshold().segment(np.zeros((15, 40, 3), np.uint8))


@pytest.mark.real_data
def test_the_default_range_is_the_collectors(data_root: Path) -> None:
    """Pixels in range agree with the foreground of the collectors' images: IoU .84 over a sample."""
    p = HsvThreshold().params
    ours, theirs = [], []
    for folder in sorted((data_root / "all-pbs").iterdir()):
        for path in sorted(folder.iterdir())[::60]:
            hsv = np.asarray(cv2.cvtColor(read(path), cv2.COLOR_RGB2HSV), dtype=np.uint8)
            ours.append(in_range(hsv, (p.hue_low, p.hue_high), (p.saturation_low, 255), (p.value_low, 255)))
            segmented = data_root / "all-pbs-segmented" / folder.name / path.name
            theirs.append(read(segmented).max(axis=2) > 60)
    assert len(ours) > 50
    assert iou(np.stack(ours), np.stack(theirs)) > 0.84


def read(path: Path) -> RGBImage:
    """Decode a file from its bytes, red first."""
    pixels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR_RGB)
    return np.asarray(pixels, dtype=np.uint8)
