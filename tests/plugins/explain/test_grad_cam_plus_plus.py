"""Grad-CAM++: its weights against the formula of the paper, and where they differ from Grad-CAM's."""

from __future__ import annotations

import numpy as np

from leukokit.plugins.explain.grad_cam import mean_gradient
from leukokit.plugins.explain.grad_cam_plus_plus import pixel_weighted_gradient


def test_weights_are_those_of_the_paper() -> None:
    """Equation 19 with second and third derivatives as powers of the first, on maps after ReLU."""
    rng = np.random.default_rng(0)
    maps = np.maximum(rng.normal(size=(2, 4, 5, 3)), 0)
    g = rng.normal(size=maps.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = g**2 / (2 * g**2 + maps.sum(axis=(1, 2), keepdims=True) * g**3)
    expected = (np.nan_to_num(alpha) * np.maximum(g, 0)).sum(axis=(1, 2))
    np.testing.assert_allclose(pixel_weighted_gradient(maps, g), expected)


def test_no_gradient_no_weight() -> None:
    """Zeros and negative gradients weigh 0, never NaN, also on maps below 0."""
    maps = -np.ones((1, 2, 2, 2))
    assert pixel_weighted_gradient(maps, np.zeros((1, 2, 2, 2))).tolist() == [[0.0, 0.0]]
    assert pixel_weighted_gradient(maps, -np.ones((1, 2, 2, 2))).tolist() == [[0.0, 0.0]]
    assert np.isfinite(pixel_weighted_gradient(maps, np.full((1, 2, 2, 2), 1e-200))).all()


def test_small_places_keep_their_weight() -> None:
    """A map lit at one pixel and a map lit at many differ less in weight than under Grad-CAM."""
    maps = np.zeros((1, 8, 8, 2))
    maps[0, 0, 0, 0] = 1.0
    maps[0, :4, :, 1] = 1.0
    gradients = np.where(maps > 0, 1.0, 0.0)
    small, large = mean_gradient(maps, gradients)[0]
    assert small / large == 1 / 32
    small, large = pixel_weighted_gradient(maps, gradients)[0]
    assert small / large > 0.3
