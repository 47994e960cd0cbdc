"""Thumbnails of one picture agree in gray values around each pixel, those of two pictures do not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import leukokit
from leukokit.audit.pairs.correlation import local_correlation, same_picture


@pytest.fixture(scope="module")
def grays():
    """Two smears."""
    smears = leukokit.component("dataset", "smears", per_class=3, seed=2)
    return [cv2.cvtColor(smears.render(sample), cv2.COLOR_RGB2GRAY) for sample in smears.samples()[:2]]


def small(gray):
    """Squeeze the whole picture into a square."""
    return cv2.resize(gray, (48, 48), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("transform", range(8))
def test_a_squeezed_and_turned_thumbnail_is_the_same_picture(grays, transform):
    """Brighter, too; and only under its own transform."""
    turned = np.rot90(np.fliplr(grays[0]) if transform >= 4 else grays[0], transform % 4)
    changed = cv2.resize((turned * 0.7 + 60).astype(np.uint8), (200, 150), interpolation=cv2.INTER_AREA)

    assert [same_picture(small(grays[0]), small(changed), number) for number in range(8)] == [
        number == transform for number in range(8)
    ]


def test_two_smears_are_two_pictures(grays):
    """Whatever the transform."""
    assert not any(same_picture(*map(small, grays), transform) for transform in range(8))


def test_pictures_without_structure_cannot_be_compared():
    """They equal each other and show no cells."""
    flat = np.zeros((48, 48), np.float32)

    assert local_correlation(flat, flat, np.ones((48, 48), dtype=bool)) is None
