"""Channels a and b of CIE Lab in floating point, by look-up tables."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray

Plane = NDArray[np.uint8]
Chroma = NDArray[np.float32]

# sRGB to XYZ, D65, 2 degree observer, with scikit-image's digits; rows divided by the white point.
_FROM_RGB = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
) / np.array([[0.95047], [1.0], [1.08883]])
_STEPS = 1 << 14
_LEVELS = np.arange(256) / 255.0
_LIGHT = np.where(_LEVELS > 0.04045, ((_LEVELS + 0.055) / 1.055) ** 2.4, _LEVELS / 12.92)
_RATIOS = np.arange(_STEPS + 2) / _STEPS
_CURVE = np.where(_RATIOS > 0.008856, np.cbrt(_RATIOS), 7.787 * _RATIOS + 16.0 / 116.0)
for _table in (_FROM_RGB, _LIGHT, _CURVE):
    _table.setflags(write=False)


def chroma(red: Plane, green: Plane, blue: Plane) -> tuple[Chroma, Chroma]:
    """Channels a and b of Lab, as in ``skimage.color.rgb2lab``.

    The cube root comes from a table with linear interpolation: within 0.001 of the exact a and b, in a tenth
    of the time.

    Parameters
    ----------
    red, green, blue : uint8 arrays, H x W, contiguous and writable

    Returns
    -------
    a, b : float32 arrays, H x W
    """
    a, b = _chroma(red, green, blue, _FROM_RGB, _LIGHT, _CURVE)
    return a, b


@numba.njit(cache=True, nogil=True)
def _chroma(
    red: Plane, green: Plane, blue: Plane, from_rgb: FloatArray, light: FloatArray, curve: FloatArray
) -> Any:
    a = np.empty(red.shape, np.float32)
    b = np.empty(red.shape, np.float32)
    m = from_rgb * _STEPS
    for i in range(red.shape[0]):
        for j in range(red.shape[1]):
            r, g, v = light[red[i, j]], light[green[i, j]], light[blue[i, j]]
            x = m[0, 0] * r + m[0, 1] * g + m[0, 2] * v
            y = m[1, 0] * r + m[1, 1] * g + m[1, 2] * v
            z = m[2, 0] * r + m[2, 1] * g + m[2, 2] * v
            ix, iy, iz = int(x), int(y), int(z)
            fx = curve[ix] + (x - ix) * (curve[ix + 1] - curve[ix])
            fy = curve[iy] + (y - iy) * (curve[iy + 1] - curve[iy])
            fz = curve[iz] + (z - iz) * (curve[iz + 1] - curve[iz])
            a[i, j] = 500.0 * (fx - fy)
            b[i, j] = 200.0 * (fy - fz)
    return a, b
