"""Working at a reference scale: what is resampled, and what comes back on the grid of the image."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from leukokit.api import (
    CELL,
    NUCLEUS,
    RED_CELL,
    UNKNOWN_SCALE,
    LabelImage,
    Labels,
    Scale,
    ScaleSource,
    Status,
)
from leukokit.evaluation.masks import dice
from leukokit.plugins.segment._rescale import MAX_SIDE, MIN_SIDE, to_native, to_reference
from leukokit.testing.images import disks


def scale(px: float) -> Scale:
    return Scale(px, 1.0, ScaleSource.GIVEN)


@pytest.mark.parametrize("px", [17.0, 20.0, 23.0])
def test_an_image_near_the_reference_is_left_alone(px: float) -> None:
    """Resampling costs detail: within the range the very same array comes back."""
    image, _ = disks()
    assert to_reference(image, scale(px), 17, 23, enlarged=20, shrunk=20).image is image


def test_an_image_of_unknown_scale_is_left_alone() -> None:
    """No ruler, no resampling."""
    image, _ = disks()
    assert to_reference(image, UNKNOWN_SCALE, 17, 23, enlarged=20, shrunk=20) == (image, UNKNOWN_SCALE)


@pytest.mark.parametrize(("px", "side", "after"), [(10.0, 192, 20.0), (40.0, 64, 26.7)])
def test_red_cells_measure_what_is_asked(px: float, side: int, after: float) -> None:
    """The scale that comes with the image is that of the new grid; small images are shrunk to 64 px only."""
    image, _ = disks(size=96)
    resampled = to_reference(image, scale(px), 17, 23, enlarged=20, shrunk=20)
    assert resampled.image.shape == (side, side, 3)
    assert resampled.scale.red_cell_px == pytest.approx(after, abs=0.1)


def test_large_images_are_not_enlarged_past_memory() -> None:
    """A slide scan with a tiny red cell must not become gigapixels, nor a large image shrink."""
    image = np.zeros((100, 1900, 3), np.uint8)
    assert to_reference(image, scale(5), 17, 23, enlarged=20, shrunk=20).image.shape[1] == MAX_SIDE
    image = np.zeros((100, 2 * MAX_SIDE, 3), np.uint8)
    assert to_reference(image, scale(5), 17, 23, enlarged=20, shrunk=20).image is image
    image = np.zeros((MIN_SIDE // 2, 200, 3), np.uint8)
    assert to_reference(image, scale(80), 17, 23, enlarged=20, shrunk=20).image is image


def shrunk(labels: Labels, factor: float) -> Labels:
    def resize(label_image: LabelImage) -> LabelImage:
        return cv2.resize(label_image, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST_EXACT)

    return Labels({role: resize(label_image) for role, label_image in labels.roles.items()}, labels.status)


@pytest.mark.parametrize("factor", [0.4, 0.75, 1.5, 3.0])
def test_labels_come_back_on_the_native_grid(factor: float) -> None:
    """Ids 1..n, a nucleus inside its cell, outlines where they were."""
    for seed in range(5):
        _, truth = disks(seed, size=(160, 190), cells=6)
        back = to_native(shrunk(truth, factor), (160, 190, 3))
        assert back.nucleus.dtype == back.cell.dtype == np.int32
        assert back.cell.shape == (160, 190)
        assert np.all(back.cell[back.nucleus > 0] == back.nucleus[back.nucleus > 0])
        assert sorted(np.unique(back.cell)) == list(range(truth.count + 1))
        for role in (NUCLEUS, CELL, RED_CELL):
            assert dice(back.roles[role] > 0, truth.roles[role] > 0) > (0.93 if factor < 0.5 else 0.96)


def test_labels_of_the_right_size_are_the_same_object() -> None:
    """Nothing is copied where nothing was resampled."""
    _, truth = disks()
    assert to_native(truth, truth.cell.shape) is truth


def test_touching_cells_stay_apart() -> None:
    """No id in between two ids appears where cells 1 and 9 touch, and numbers close up."""
    cell = np.zeros((40, 40), np.int32)
    cell[5:35, 5:20], cell[5:35, 20:35] = 1, 9
    nucleus = np.where(cv2.erode((cell > 0).astype(np.uint8), np.ones((9, 9))) > 0, cell, 0)
    back = to_native(Labels({NUCLEUS: nucleus, CELL: cell}), (100, 100))
    assert list(np.unique(back.cell)) == [0, 1, 2]
    assert np.all(back.cell[back.nucleus > 0] == back.nucleus[back.nucleus > 0])


def test_a_cell_whose_nucleus_is_lost_is_dropped_in_both_roles() -> None:
    """On a grid four times as coarse a speck of nucleus has no pixel left; the next cell takes its number."""
    cell, nucleus = np.zeros((80, 80), np.int32), np.zeros((80, 80), np.int32)
    cell[4:36, 4:36], cell[44:76, 44:76] = 1, 2
    nucleus[10, 10], nucleus[50:70, 50:70] = 1, 2
    back = to_native(Labels({NUCLEUS: nucleus, CELL: cell}), (20, 20))
    assert list(np.unique(back.cell)) == list(np.unique(back.nucleus)) == [0, 1]
    assert back.cell[14, 14] == 1
    assert back.cell[4, 4] == 0


def test_nothing_is_labeled_in_the_void() -> None:
    """A cell half in the black keeps its other half; one all in it goes, and ids close up."""
    _, truth = disks(3, size=160, cells=6)
    first = truth.nucleus == 1
    columns = np.flatnonzero(first.any(axis=0))
    void = np.zeros((160, 160), np.bool_)
    void[truth.cell == 2] = True
    void[:, columns[len(columns) // 2] :] |= (truth.cell == 1)[:, columns[len(columns) // 2] :]
    back = to_native(Labels({NUCLEUS: truth.nucleus, CELL: truth.cell}), (160, 160), void)
    assert not back.cell[void].any()
    assert back.count == truth.count - 1
    assert back.cell[(truth.cell == 1) & ~void].all()
    everything = to_native(truth, (160, 160), np.ones((160, 160), np.bool_))
    assert everything.status is Status.NO_CELL
