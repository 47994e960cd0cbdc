"""Label images on another grid."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from leukokit.smear.label_grid import labels_on_grid


def disks() -> np.ndarray:
    """Two disks that touch, ids 1 and 5, of 20 px radius."""
    labels = np.zeros((100, 160), np.int32)
    cv2.circle(labels, (50, 50), 20, 1, -1)
    cv2.circle(labels, (91, 50), 20, 5, -1)
    return labels


def test_labels_of_that_grid_come_back_themselves() -> None:
    labels = disks()
    assert labels_on_grid(labels, (100, 160)) is labels


@pytest.mark.parametrize("factor", [0.5, 1.7, 3.0])
def test_areas_grow_with_the_grid_and_ids_stay(factor: float) -> None:
    """Neither do outlines drift, nor does one object take from the other."""
    labels = disks()
    resampled = labels_on_grid(labels, (round(100 * factor), round(160 * factor)))
    assert resampled.dtype == np.int32
    assert set(np.unique(resampled)) == {0, 1, 5}
    for number in (1, 5):
        assert np.count_nonzero(resampled == number) == pytest.approx(
            factor**2 * np.count_nonzero(labels == number), rel=0.03
        )
    back = labels_on_grid(resampled, (100, 160))
    assert np.mean(back != labels) < 0.01
