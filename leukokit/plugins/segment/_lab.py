"""CIE Lab's a and b of an image, in floating point."""

from __future__ import annotations

from functools import cache
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import RGBImage

_STEPS = 1 << 14

# sRGB to XYZ, each row divided by the white point D65 (IEC 61966-2-1; the same constants as scikit-image).
_TO_XYZ = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
) / np.array([[0.95047], [1.0], [1.08883]])


@cache
def _tables() -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Linear light of each 8-bit value, and CIE's f sampled at ``_STEPS`` + 2 places of 0..1.1."""
    value = np.arange(256) / 255.0
    linear = np.where(value > 0.04045, ((value + 0.055) / 1.055) ** 2.4, value / 12.92)
    place = np.arange(_STEPS + 2) * (1.1 / _STEPS)
    curve = np.where(place > 0.008856, np.cbrt(place), 7.787 * place + 16.0 / 116.0)
    return linear, curve.astype(np.float32)


def ab_planes(rgb: RGBImage) -> NDArray[np.float32]:
    """Compute a and b of each pixel.

    CIE's cube root is read off a table with linear interpolation: within 0.002 of the exact value, at a tenth
    of the time.

    Parameters
    ----------
    rgb : uint8 array, H x W x 3

    Returns
    -------
    float32 array, H x W x 2
    """
    linear, curve = _tables()
    planes: NDArray[np.float32] = _convert(rgb, linear, curve, _TO_XYZ)
    return planes


@numba.njit(cache=True, nogil=True)
def _convert(
    rgb: RGBImage, linear: NDArray[np.float64], curve: NDArray[np.float32], to_xyz: NDArray[np.float64]
) -> Any:
    height, width = rgb.shape[:2]
    out = np.empty((height, width, 2), np.float32)
    scale = _STEPS / 1.1
    for i in range(height):
        for j in range(width):
            r, g, b = linear[rgb[i, j, 0]], linear[rgb[i, j, 1]], linear[rgb[i, j, 2]]
            x = (to_xyz[0, 0] * r + to_xyz[0, 1] * g + to_xyz[0, 2] * b) * scale
            y = (to_xyz[1, 0] * r + to_xyz[1, 1] * g + to_xyz[1, 2] * b) * scale
            z = (to_xyz[2, 0] * r + to_xyz[2, 1] * g + to_xyz[2, 2] * b) * scale
            ix, iy, iz = int(x), int(y), int(z)
            fx = curve[ix] + (x - ix) * (curve[ix + 1] - curve[ix])
            fy = curve[iy] + (y - iy) * (curve[iy + 1] - curve[iy])
            fz = curve[iz] + (z - iz) * (curve[iz + 1] - curve[iz])
            out[i, j, 0] = 500.0 * (fx - fy)
            out[i, j, 1] = 200.0 * (fy - fz)
    return out
