"""The most frequent size among circles, and the sizes of objects stained like nuclei."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.smear.windows import EdgeWindow

_FloatArray = NDArray[np.float64]

# Edges are where the rim is half as dark as the cell, about 5 % inside of the outline that experts draw.
DIAMETER = 2.2
"""Red-cell diameter over the radius of the edge."""

_KERNEL, _MODE_WIDTH = 0.1, 0.22  # of ln r: standard deviation of the kernel, and half width of the mode
_MIN_WEIGHT, _MIN_COVERAGE = 3.0, 0.3  # circles, and share of the foreground they cover, for full confidence
_LOBE_GAP = 0.35  # of the largest nucleus's radius: parts closer than twice that are lobes of one nucleus
_MIN_RELATIVE_AREA = 0.3  # of the largest area: smaller parts are platelets and dirt
_MAX_LOBED_RATIO = 1.8  # largest diameter of a lobed nucleus's area, relative to that of its largest lobe
_MAX_RED_CELLS = 2.6  # diameter of the largest circle inside a nucleus, in red-cell diameters


@dataclass(frozen=True, slots=True)
class SizeMode:
    """The most frequent size among circles.

    Attributes
    ----------
    diameter : float
        Of a red cell, in px of the image; NaN where there is no mode.
    confidence : float
        0..1: share of the circles' weight in the mode; lower where they are few or cover little foreground.
    circles : float64 array (n, 3)
        y, x, radius of the circles of the mode, in px of the image.
    """

    diameter: float
    confidence: float
    circles: _FloatArray

    @classmethod
    def of(cls, circles: _FloatArray, foreground: float) -> Self:
        """Find the mode of circles (y, x, radius, share of rim); ``foreground`` is its area in px2."""
        if len(circles) < 2:
            return cls(math.nan, 0.0, np.zeros((0, 3)))
        radius, size = circles[:, 2], np.log(circles[:, 2])
        weight = circles[:, 3] ** 2 * radius  # small circles are found by chance more easily
        grid = np.arange(size.min() - 0.05, size.max() + 0.06, 0.01)
        density = np.exp(-0.5 * ((grid[:, None] - size) / _KERNEL) ** 2) @ weight
        in_mode = np.abs(size - grid[np.argmax(density)]) < _MODE_WIDTH
        diameter = DIAMETER * math.exp(np.average(size[in_mode], weights=weight[in_mode]))
        covered = math.pi * float((radius[in_mode] ** 2).sum()) / max(foreground, 1.0)
        confidence = float(weight[in_mode].sum() / weight.sum())
        confidence *= min(1.0, float(circles[in_mode, 3].sum()) / _MIN_WEIGHT) * min(
            1.0, covered / _MIN_COVERAGE
        )
        return cls(diameter, float(confidence), circles[in_mode, :3])


@dataclass(frozen=True, slots=True)
class NucleusSizes:
    """Sizes of objects stained like nuclei, in px of the image, 0 where there are none.

    Attributes
    ----------
    typical : float
        Diameter of a disk of the median area, lobes of a nucleus joined; limited in clumps of nuclei.
    inscribed : float
        Diameter of the largest inscribed circle.
    """

    typical: float
    inscribed: float

    @classmethod
    def of(cls, windows: list[EdgeWindow]) -> Self:
        """Measure nuclei in the rough mask of each window."""
        typical, inscribed = [0.0], [0.0]
        for window in windows:
            nucleus = np.asarray(window.edges.nucleus[::2, ::2])  # exact enough, at a fourth of the time
            if nucleus.any():
                px = 2 / window.factor
                distance = cv2.distanceTransform(np.pad(nucleus, 1), cv2.DIST_L2, 3)
                depth = np.asarray(distance[1:-1, 1:-1], np.float32)
                typical.append(_typical_diameter(nucleus, depth) * px)
                inscribed.append(2 * px * float(depth.max()))
        return cls(max(typical), max(inscribed))

    def are_compatible_with(self, red_cell: float) -> bool:
        """Whether red cells of this diameter are not too small beside such nuclei."""
        return self.inscribed < _MAX_RED_CELLS * red_cell

    def have_typical_size_for(self, red_cell: float) -> bool:
        """Whether the nuclei have the usual size of nuclei beside red cells of this diameter."""
        return 0.7 * red_cell < self.typical < _MAX_RED_CELLS * red_cell and self.inscribed > 0.45 * red_cell


def _typical_diameter(nucleus: NDArray[np.uint8], depth: NDArray[np.float32]) -> float:
    """Diameter of a disk of the median area, in px of the mask.

    Parts that nearly touch count as lobes of one nucleus, but only up to the size of a lobed nucleus relative
    to its largest lobe: larger groups are clumps of nuclei.
    """
    _, _, parts, _ = cv2.connectedComponentsWithStats(nucleus)
    radius = max(1, round(_LOBE_GAP * math.sqrt(parts[1:, cv2.CC_STAT_AREA].max() / math.pi)))
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    count, joined = cv2.connectedComponents(cv2.dilate(nucleus, element))
    inside = nucleus > 0
    part = np.asarray(joined[inside], np.int64)
    areas = np.bincount(part, minlength=count)[1:]
    max_depth = np.zeros(count, np.float32)
    np.maximum.at(max_depth, part, depth[inside])
    diameters = np.minimum(2 * np.sqrt(areas / math.pi), _MAX_LOBED_RATIO * 2 * max_depth[1:])
    return float(np.median(diameters[areas > _MIN_RELATIVE_AREA * areas.max()]))
