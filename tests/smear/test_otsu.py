"""Otsu's thresholds against scikit-image and a brute-force search."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from skimage.filters import threshold_multiotsu

from leukokit.smear.otsu import histogram, median_level, two_level_otsu, two_shades

Counts = NDArray[np.int64]
counts = arrays(np.int64, 12, elements=st.integers(0, 50))


def within(values: Counts, levels: tuple[int, ...]) -> float:
    """Variance inside the classes, times the number of pixels."""
    edges = (0, *(level + 1 for level in levels), len(values))
    total = 0.0
    for start, stop in pairwise(edges):
        weights, grays = values[start:stop], np.arange(start, stop)
        if weights.sum():
            mean = weights @ grays / weights.sum()
            total += float(weights @ (grays - mean) ** 2)
    return total


@settings(max_examples=60, deadline=None)
@given(counts)
def test_two_levels_have_the_least_variance_within_classes(values: Counts) -> None:
    """No other pair of levels parts the histogram better."""
    thresholds = two_level_otsu(values)
    if np.count_nonzero(values) < 3:
        assert thresholds is None
        return
    assert thresholds is not None
    best = min(within(values, (i, j)) for i in range(11) for j in range(i + 1, 11))
    assert within(values, thresholds) <= best + 1e-6


@settings(max_examples=60, deadline=None)
@given(counts)
def test_two_shades_are_the_means_of_the_best_two_classes(values: Counts) -> None:
    """The means belong to the threshold that no other one beats; of one shade both are its mean."""
    first, shades = two_shades(np.stack([values * 0, values]))
    assert first.tolist() == [0.0, 0.0]
    grays = np.arange(12)
    if np.count_nonzero(values) < 2:
        assert np.allclose(shades, values @ grays / max(values.sum(), 1))
        return
    best = min(within(values, (level,)) for level in range(11))
    candidates = [
        (values[: i + 1] @ grays[: i + 1] / low, values[i + 1 :] @ grays[i + 1 :] / high)
        for i in range(11)
        if (low := values[: i + 1].sum())
        and (high := values[i + 1 :].sum())
        and within(values, (i,)) <= best + 1e-6
    ]
    assert any(np.allclose(shades, pair) for pair in candidates)


def test_agrees_with_scikit_image() -> None:
    """On three populations of gray levels the thresholds are scikit-image's."""
    rng = np.random.default_rng(3)
    grays = np.concatenate([rng.normal(m, 8, 4000) for m in (40, 110, 190)])
    plane = np.clip(grays, 0, 255).astype(np.uint8).reshape(100, 120)
    assert two_level_otsu(histogram(plane)) == tuple(threshold_multiotsu(plane, 3, nbins=256).astype(int))


def test_histogram_of_a_mask() -> None:
    """Only pixels inside the mask count, and their median is numpy's."""
    plane = np.random.default_rng(0).integers(0, 256, (31, 20), dtype=np.uint8)
    mask = plane % 3 == 0
    counts = histogram(plane, mask)
    assert np.array_equal(counts, np.bincount(plane[mask], minlength=256))
    assert abs(median_level(counts) - np.median(plane[mask])) <= 3
    assert median_level(np.zeros(256, np.int64)) == 0.0
