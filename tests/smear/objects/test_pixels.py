"""Color and texture of a region against scikit-image's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.feature import graycomatrix, graycoprops

from leukokit.smear.objects.pixels import measure_pixels


def test_texture_and_color_are_those_of_the_pixels() -> None:
    """Of a whole rectangle, contrast and homogeneity are those of a co-occurrence matrix right and down."""
    rng = np.random.default_rng(1)
    rgb = rng.integers(0, 256, (14, 9, 3), dtype=np.uint8)
    gray = rng.integers(0, 256, (14, 9), dtype=np.uint8)
    measured = measure_pixels(rgb, gray, np.ones(gray.shape, np.bool_))
    # Pairs to the right and down, each direction weighted by its number of pairs.
    counts = graycomatrix(gray, [1], [0, np.pi / 2], levels=256, symmetric=True).sum(axis=3, keepdims=True)
    assert measured.contrast == pytest.approx(graycoprops(counts, "contrast")[0, 0])
    assert measured.homogeneity == pytest.approx(graycoprops(counts, "homogeneity")[0, 0])
    assert measured[:3] == pytest.approx(rgb.reshape(-1, 3).mean(axis=0))
    assert measured[3:6] == pytest.approx(rgb.reshape(-1, 3).std(axis=0))
    shares = np.bincount(gray.ravel() // 8, minlength=32) / gray.size
    assert measured.entropy == pytest.approx(-sum(p * math.log2(p) for p in shares if p))


def test_only_the_region_counts() -> None:
    """Pixels outside, and pairs that leave the region, change nothing; of nothing nothing is known."""
    rgb = np.full((6, 6, 3), 255, np.uint8)
    gray = np.full((6, 6), 255, np.uint8)
    region = np.zeros((6, 6), np.bool_)
    region[2:4, 1:3] = True
    rgb[region], gray[region] = (10, 20, 30), 20
    measured = measure_pixels(rgb, gray, region)
    assert measured == (10, 20, 30, 0, 0, 0, 0, 1, 0)
    assert all(math.isnan(value) for value in measure_pixels(rgb, gray, np.zeros((6, 6), np.bool_)))
