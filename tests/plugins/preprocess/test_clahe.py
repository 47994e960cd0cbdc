"""CLAHE on lightness."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from leukokit.plugins.preprocess.clahe import Clahe


def low_contrast() -> np.ndarray:
    """Gray of 120..135, smooth."""
    ramp = np.linspace(120, 135, 64).astype(np.uint8)
    return np.repeat(np.tile(ramp, (64, 1))[..., None], 3, axis=2)


def test_contrast_of_a_flat_image_grows_with_the_clip_limit() -> None:
    """More is allowed to pile up, more contrast comes out."""
    image = low_contrast()
    spreads = [float(Clahe.create(clip_limit=limit, tiles=2).apply(image).std()) for limit in (1.0, 2.0, 8.0)]
    assert image.std() < spreads[1] < spreads[2]
    assert spreads[0] <= spreads[1]


def test_color_stays_where_lightness_changes() -> None:
    """The a and b planes of mid-gray stay neutral while lightness is equalized."""
    result = Clahe().apply(low_contrast())
    lab = cv2.cvtColor(result, cv2.COLOR_RGB2LAB)
    assert np.abs(lab[..., 1:].astype(int) - 128).max() <= 1
    assert np.ptp(lab[..., 0]) > np.ptp(cv2.cvtColor(low_contrast(), cv2.COLOR_RGB2LAB)[..., 0])


def test_clip_limit_of_zero_is_refused() -> None:
    """OpenCV would take 0 for no limit at all."""
    with pytest.raises(ValidationError, match="greater than 0"):
        Clahe.create(clip_limit=0)
