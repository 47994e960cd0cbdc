"""Smears for preprocessors, stained and not."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

Draw = Callable[..., np.ndarray]


@pytest.fixture(scope="session")
def draw_smear() -> Draw:
    """Draw blobs of purple and blue on near white, uint8; a size, a lightness and colors for each seed."""

    def draw(seed: int = 0, side: int = 64) -> np.ndarray:
        rng = np.random.default_rng(seed)
        image = np.full((side, side + seed % 9, 3), rng.integers(225, 250, 3), np.uint8)
        for _ in range(side // 5):
            center = tuple(int(v) for v in rng.integers(5, side - 5, 2))
            cv2.circle(image, center, side // 10, tuple(int(v) for v in rng.integers(60, 180, 3)), -1)
        return cv2.GaussianBlur(image, (0, 0), 1.5)

    return draw


@pytest.fixture(scope="session")
def blank_fields() -> dict[str, np.ndarray]:
    """Images without stain contrast: bare glass, noise of several grains, black, white."""
    rng = np.random.default_rng(11)
    fields = {
        "black": np.zeros((64, 64, 3), np.uint8),
        "white": np.full((64, 64, 3), 255, np.uint8),
        "one pixel": np.full((1, 1, 3), 130, np.uint8),
    }
    for grain in (0.0, 1.0, 2.0, 4.0):
        for strength in (1, 5, 10):
            noise = rng.normal(0, 1, (160, 160, 3)).astype(np.float32)
            if grain:
                noise = cv2.GaussianBlur(noise, (0, 0), grain)
            field = np.array([224, 221, 227]) + noise * strength / noise.std()
            fields[f"grain {grain}, {strength} gray levels"] = np.clip(np.rint(field), 0, 255).astype(
                np.uint8
            )
    return fields
