"""Fits of circles, beside least squares of NumPy and drawn ovals."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from leukokit.smear.circle_fit import fit_circles

Points = NDArray[np.float32]


def oval_points(y: float, x: float, axes: tuple[float, float], count: int = 120) -> Points:
    """Edge pixels of a dark oval in the order of their rows, with the normals of its rim."""
    angle = np.arange(count) * (2 * np.pi / count)
    places = np.stack([y + axes[0] * np.sin(angle), x + axes[1] * np.cos(angle)], axis=1)
    inward = -np.stack([np.sin(angle) / axes[0], np.cos(angle) / axes[1]], axis=1)
    inward /= np.linalg.norm(inward, axis=1, keepdims=True)
    points = np.concatenate([places, inward], axis=1)
    return points[np.argsort(np.floor(points[:, 0]), kind="stable")].astype(np.float32)


def plain_fit(points: Points, start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit by whole matrices what the kernel sums edge by edge."""
    y, x, r, p, q = *start, 0.0, 0.0
    away = np.array([y, x]) - points[:, :2]
    close = (np.hypot(*away.T) <= 1.8 * r) & ((away * points[:, 2:]).sum(axis=1) >= 0.5 * np.hypot(*away.T))
    near = points[close].astype(np.float64)
    for turn in range(5):
        away = np.array([y, x]) - near[:, :2]
        d = np.hypot(*away.T)
        normal = away / d[:, None]
        use = (d > 0.65 * r) & (d < 1.5 * r) & ((normal * near[:, 2:]).sum(axis=1) >= 0.8)
        if turn == 0:
            r = float(np.median(d[use]))
            continue
        ny, nx = normal[use].T
        slope = np.stack([-ny, -nx, np.ones_like(nx), nx * nx - ny * ny, 2 * nx * ny], axis=1)
        off = d[use] - r - p * slope[:, 3] - q * slope[:, 4]
        weight = np.maximum(1 - (off / (0.3 * r)) ** 2, 0) ** 2
        total = weight.sum()
        left = slope.T @ (weight[:, None] * slope) + 0.05 * total * np.diag([1, 1, 0, 1, 1])
        right = slope.T @ (weight * off) - 0.05 * total * np.array([0, 0, 0, p, q])
        step = np.linalg.solve(left, right)
        y, x, new = np.array([y, x, r]) + np.clip(step[:3], -0.2 * r, 0.2 * r)
        r, p, q = float(new), p + step[3], q + step[4]
        shrink = max(1.0, np.hypot(p, q) / (0.25 * r))
        p, q = p / shrink, q / shrink
    return np.array([y, x, r])


@pytest.mark.parametrize("seed", range(8))
def test_fits_are_those_of_plain_numpy(seed: int) -> None:
    """On an oval with noise around it, from a rough start."""
    rng = np.random.default_rng(seed)
    points = oval_points(60, 70, tuple(rng.uniform(9, 16, 2)))
    points[:, :2] += rng.normal(0, 0.5, (len(points), 2))
    points = points[np.argsort(np.floor(points[:, 0]), kind="stable")]
    start = np.array([60, 70, 11]) + rng.normal(0, 1.5, 3)
    fitted = fit_circles(points, start[None], 130, 140)[0, :3]
    assert np.allclose(fitted, plain_fit(points, start), rtol=0, atol=1e-5)


@pytest.mark.parametrize("axes", [(12.0, 12.0), (10.0, 14.0), (15.0, 10.0)])
def test_the_radius_of_an_oval_is_the_mean_of_its_axes(axes: tuple[float, float]) -> None:
    """From a circle as narrow as its short axis, on which votes agree."""
    start = np.array([[60.0, 70.0, min(axes)]])
    y, x, radius, rim, visible = fit_circles(oval_points(60, 70, axes), start, 130, 140)[0]
    assert radius == pytest.approx(np.mean(axes), rel=0.03)
    assert np.hypot(y - 60, x - 70) < 0.5
    assert rim == visible == 1


def test_the_rim_outside_of_the_image_is_not_visible() -> None:
    """At a corner a quarter is left."""
    points = oval_points(0, 0, (12, 12))
    points = points[(points[:, 0] >= 0) & (points[:, 1] >= 0)]
    rim, visible = fit_circles(points, np.array([[0.0, 0.0, 12.0]]), 130, 140)[0, 3:]
    assert rim == pytest.approx(0.25, abs=0.09)
    assert visible == pytest.approx(0.25, abs=0.05)


def test_too_few_edges_leave_the_circle_as_it_was() -> None:
    """Five edges fit anything."""
    start = np.array([[60.0, 70.0, 12.0]])
    fitted = fit_circles(oval_points(60, 70, (12, 12), 5), start, 130, 140)
    assert np.array_equal(fitted[:, :3], start)
