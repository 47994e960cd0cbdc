"""Color profiles from primaries and a curve, for PNG files that state these instead of a profile."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Chromaticity = tuple[float, float]

# ICC.1:2022: D50 as the header of a profile states it, and the parametric curve of sRGB (IEC 61966-2-1).
_D50 = (0.9642, 1.0, 0.8249)
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
# Linear Bradford adaptation of white points, ICC.1:2022, annex E.
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True, slots=True)
class Primaries:
    """Chromaticities (CIE 1931 x, y) of white, red, green and blue."""

    white: Chromaticity
    red: Chromaticity
    green: Chromaticity
    blue: Chromaticity

    def is_near(self, other: Primaries, tolerance: float = 0.005) -> bool:
        """Whether no coordinate differs by more than ``tolerance``."""
        pairs = ((self.white, other.white), (self.red, other.red), (self.green, other.green))
        return all(
            abs(first - second) <= tolerance
            for mine, others in (*pairs, (self.blue, other.blue))
            for first, second in zip(mine, others, strict=True)
        )


SRGB = Primaries(white=(0.3127, 0.3290), red=(0.64, 0.33), green=(0.30, 0.60), blue=(0.15, 0.06))
"""IEC 61966-2-1; the same primaries as ITU-R BT.709."""


def matrix_profile(primaries: Primaries, gamma: float | None) -> bytes:
    """Build an ICC profile (version 4, display, RGB) of a matrix and three equal curves.

    Parameters
    ----------
    primaries : Primaries
    gamma : float or None
        Exponent from stored values to light; None for the curve of sRGB.

    Raises
    ------
    ValueError
        Where no color space has such primaries.
    """
    curve = b"para" + bytes(4)
    if gamma is None:
        curve += struct.pack(">HH", 3, 0) + b"".join(map(_fixed, _SRGB_CURVE))
    else:
        curve += struct.pack(">HH", 0, 0) + _fixed(gamma)
    colorants = _colorants(primaries)
    tags = {name: _xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants.T, strict=True)}
    tags[b"wtpt"] = _xyz(np.array(_D50))
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(body), len(content))
        body += content
    size = 128 + len(table) + len(body)
    return _header(size) + table + body


def _header(size: int) -> bytes:
    return (
        struct.pack(">I4xI", size, 0x04400000)
        + b"mntrRGB XYZ "
        + struct.pack(">6H", 2025, 1, 1, 0, 0, 0)
        + b"acsp"
        + bytes(28)
        + b"".join(map(_fixed, _D50))
        + bytes(48)
    )


def _fixed(value: float) -> bytes:
    """s15Fixed16Number."""
    try:
        return struct.pack(">i", round(value * 65536))
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{value} does not fit into a color profile") from error


def _xyz(values: NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(_fixed(float(value)) for value in values)


def _colorants(primaries: Primaries) -> NDArray[np.float64]:
    """XYZ of red, green and blue (columns), adapted to D50."""

    def xyz(point: Chromaticity) -> NDArray[np.float64]:
        x, y = point
        if y <= 0:
            raise ValueError(f"no color has the chromaticity {x}, {y}")
        return np.array([x / y, 1, (1 - x - y) / y])

    white = xyz(primaries.white)
    points = np.stack([xyz(primaries.red), xyz(primaries.green), xyz(primaries.blue)], axis=1)
    try:
        colorants = points * np.linalg.solve(points, white)
    except np.linalg.LinAlgError as error:
        raise ValueError("the primaries lie on one line") from error
    gain = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ white)
    adapted: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ np.diag(gain) @ _BRADFORD @ colorants
    return adapted
