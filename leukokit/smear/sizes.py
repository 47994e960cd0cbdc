"""The most frequent size among circles, and the sizes of what is stained like nuclei."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.smear.fields import Field

_FloatArray = NDArray[np.float64]

# Edges lie where the rim is half as dark as the cell, some 5 % inside of what an expert's box goes around.
DIAMETER = 2.2
"""Red-cell diameter over the radius of the edge."""

_KERNEL, _WITHIN = 0.1, 0.22  # of ln r: deviation of the kernel that finds the mode, and what belongs to it
_ENOUGH, _COVERED = 3.0, 0.3  # circles, and share of the foreground they cover, that make a mode sure
_JOIN = 0.35  # of the radius of the largest nucleus: parts nearer than twice that are lobes of one
_TYPICAL = 0.3  # of the largest area: smaller parts are platelets and dirt
_LOBED = 1.8  # times as wide as its largest lobe is a disk of the area of a lobed nucleus, at most
_LARGEST = 2.6  # red cells side by side in the largest circle inside a nucleus


@dataclass(frozen=True, slots=True)
class SizeMode:
    """The most frequent size among circles.

    Attributes
    ----------
    diameter : float
        Of a red cell, in px of the image; NaN where there is no mode.
    confidence : float
        0..1: share of the circles' weight in the mode; less where these are few or cover little foreground.
    circles : float64 array (n, 3)
        y, x, radius of the circles of the mode, in px of the image.
    """

    diameter: float
    confidence: float
    circles: _FloatArray

    @classmethod
    def of(cls, circles: _FloatArray, foreground: float) -> Self:
        """Find the mode of circles (y, x, radius, share of rim) on ``foreground`` px2 that are no glass."""
        if len(circles) < 2:
            return cls(math.nan, 0.0, np.zeros((0, 3)))
        radius, size = circles[:, 2], np.log(circles[:, 2])
        weight = circles[:, 3] ** 2 * radius  # small circles are found by chance more easily
        grid = np.arange(size.min() - 0.05, size.max() + 0.06, 0.01)
        density = np.exp(-0.5 * ((grid[:, None] - size) / _KERNEL) ** 2) @ weight
        near = np.abs(size - grid[np.argmax(density)]) < _WITHIN
        diameter = DIAMETER * math.exp(np.average(size[near], weights=weight[near]))
        covered = math.pi * float((radius[near] ** 2).sum()) / max(foreground, 1.0)
        confidence = float(weight[near].sum() / weight.sum())
        confidence *= min(1.0, float(circles[near, 3].sum()) / _ENOUGH) * min(1.0, covered / _COVERED)
        return cls(diameter, float(confidence), circles[near, :3])


@dataclass(frozen=True, slots=True)
class NucleusSizes:
    """Sizes of what is stained like nuclei, in px of the image, 0 where there are none.

    Attributes
    ----------
    typical : float
        Diameter of a disk of the median area, lobes of a nucleus joined; less in clumps of nuclei, whose
        area tells of many.
    inscribed : float
        Diameter of the largest circle inside.
    """

    typical: float
    inscribed: float

    @classmethod
    def of(cls, fields: list[Field]) -> Self:
        """Measure nuclei in the first guess of them that each field brings."""
        typical, inscribed = [0.0], [0.0]
        for field in fields:
            nucleus = np.asarray(field.edges.nucleus[::2, ::2])  # exact enough, at a fourth of the time
            if nucleus.any():
                px = 2 / field.factor
                padded = cv2.distanceTransform(np.pad(nucleus, 1), cv2.DIST_L2, 3)
                depth = np.asarray(padded, dtype=np.float32)[1:-1, 1:-1]
                typical.append(_typical_diameter(nucleus, depth) * px)
                inscribed.append(2 * px * float(depth.max()))
        return cls(max(typical), max(inscribed))

    def fit_beside(self, red_cell: float) -> bool:
        """Tell whether red cells of this diameter are not too small for such nuclei."""
        return self.inscribed < _LARGEST * red_cell

    def agree_with(self, red_cell: float) -> bool:
        """Tell whether they are as large as nuclei are beside red cells of this diameter."""
        return 0.7 * red_cell < self.typical < _LARGEST * red_cell and self.inscribed > 0.45 * red_cell


def _typical_diameter(nucleus: NDArray[np.uint8], depth: NDArray[np.float32]) -> float:
    """Diameter of a disk of the median area, in px of the mask.

    Parts that nearly touch count as lobes of one nucleus, but only up to the size that a lobed nucleus has
    beside its largest lobe: what is wider is a clump of nuclei.
    """
    _, _, parts, _ = cv2.connectedComponentsWithStats(nucleus)
    reach = max(1, round(_JOIN * math.sqrt(parts[1:, cv2.CC_STAT_AREA].max() / math.pi)))
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    count, groups = cv2.connectedComponents(cv2.dilate(nucleus, around))
    joined, inside = np.asarray(groups, dtype=np.int32), nucleus > 0
    areas = np.bincount(joined[inside], minlength=count)[1:]
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, joined[inside], depth[inside])
    diameters = np.minimum(2 * np.sqrt(areas / math.pi), _LOBED * 2 * deepest[1:])
    return float(np.median(diameters[areas > _TYPICAL * areas.max()]))
