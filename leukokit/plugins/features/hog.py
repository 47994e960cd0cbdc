"""Gradients within contours, and the global histogram of oriented gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from leukokit.api import FeatureExtractor, Field, FloatArray, ImageRejected, Labels, Params, Planes, Status
from leukokit.plugins.features._common import Aggregate, Distinct, aggregate, by_name, ordered
from leukokit.plugins.features._hog_descriptor import Descriptor, gradients
from leukokit.plugins.features._regions import Region, blanked, roles_of


class Measure(StrEnum):
    """What is measured on the pixels of one contour."""

    MAX = "max"
    MEAN = "mean"
    STD = "std"
    ACTIVE = "active"


class HogParams(Params):
    """Parameters of :class:`Hog`."""

    within: Region = Field(
        Region.IMAGE,
        description="Take gradients of the image, or of the image blanked to black outside nuclei or cells.",
    )
    low_threshold: float = Field(
        100.0, ge=0, le=10_000, description="Canny: edges weaker than this are dropped, in gray levels."
    )
    high_threshold: float = Field(
        200.0, ge=0, le=10_000, description="Canny: edges stronger than this are kept, in gray levels."
    )
    active_above: float = Field(
        0.0,
        ge=0,
        lt=361,
        description="A pixel is active where its gradient is larger, in gray levels per 2 px.",
    )
    aggregates: Distinct[Aggregate] = Field(
        (Aggregate.MEAN, Aggregate.STD, Aggregate.MAX),
        description="How the values of all contours become one number.",
    )
    global_descriptor: bool = Field(
        False, description="Add the histogram of oriented gradients of the whole image."
    )
    grid: int = Field(3, ge=1, le=32, description="Global descriptor: cells along each side of the image.")
    block: int = Field(2, ge=1, le=32, description="Global descriptor: cells along each side of a block.")
    orientations: int = Field(9, ge=2, le=36, description="Global descriptor: bins of 0..180 degrees.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ordered(self.low_threshold, self.high_threshold)
        if self.block > self.grid:
            raise ValueError(
                f"block ({self.block} cells) must not be wider than the grid ({self.grid} cells)"
            )
        return self


class Hog(FeatureExtractor):
    """Gradients within contours, aggregated over contours, and optionally the global HOG descriptor.

    Contours are the outermost ones of the Canny edges, each filled. Features
    ``hog_contour_<measure>_<aggregate>``: largest, mean and standard deviation of the gradient's magnitude
    within a contour (gray levels per 2 px, as central differences give it), and the share of its pixels
    (0..1) that are active. NaN without contours.

    The global descriptor adds ``hog_block_<row>_<column>_cell_<row>_<column>_<bin>``, counted from 0:
    magnitudes summed by orientation over the cells of a grid, L2-Hys normalized over blocks of cells that
    overlap, each 0..1. The grid is fixed, so the number of columns does not depend on the image's size; rows
    and columns left over at the lower right, fewer than the grid's, are not used.

    Gradients are taken over 2 px, and cells are parts of the image: to look at the same structures in the
    images of several cameras, bring these to one scale first, with the preprocessor ``rescale``.

    Notes
    -----
    Per-contour gradients: paper, section 5.1.3. Descriptor: Dalal and Triggs 2005, doi 10.1109/CVPR.2005.177,
    equal to ``skimage.feature.hog`` with ``pixels_per_cell`` = image size // grid where that is even. (At odd
    sizes scikit-image leaves out the last row and column of each cell; here they count.)
    """

    Params = HogParams
    params: HogParams

    def roles(self) -> tuple[str, ...]:
        """Label image of ``within``."""
        return roles_of([self.params.within])

    def names(self) -> tuple[str, ...]:
        """Contours measure by measure, then the descriptor block by block."""
        contours = tuple(
            f"hog_contour_{measure}_{how}" for measure in Measure for how in self.params.aggregates
        )
        return (*contours, *self._descriptor.names()) if self.params.global_descriptor else contours

    def nullable(self) -> frozenset[str]:
        """Features of contours, which an image without contours leaves undefined."""
        return frozenset(name for name in self.names() if name.startswith("hog_contour_"))

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Measure gradients.

        Raises
        ------
        ImageRejected
            ``too_small`` where the descriptor's cells would be narrower than 2 px.
        PluginError
            Where ``within`` needs labels that are absent.
        """
        params = self.params
        seen = blanked(params.within, planes, labels)
        down, right = gradients(seen.gray)
        magnitude = np.sqrt((down * down + right * right).astype(np.float64))
        measured = per_contour(
            seen.edges(params.low_threshold, params.high_threshold), magnitude, params.active_above
        )
        values = [aggregate(measured[measure], how) for measure in Measure for how in params.aggregates]
        if params.global_descriptor:
            if min(magnitude.shape) < 2 * params.grid:
                raise ImageRejected(
                    "too_small",
                    f"hog with grid {params.grid} needs {2 * params.grid} px a side, got {magnitude.shape}",
                )
            if self._nothing_found(labels):
                values += [math.nan] * len(self._descriptor.names())
            else:
                values += self._descriptor.compute(down, right, magnitude).tolist()
        return by_name(self.names(), values)

    @cached_property
    def _descriptor(self) -> Descriptor:
        return Descriptor(self.params.grid, self.params.block, self.params.orientations)

    def _nothing_found(self, labels: Labels | None) -> bool:
        """Whether the region is empty by declaration: a descriptor of black would look like a measurement."""
        return bool(self.roles()) and labels is not None and labels.status is not Status.OK


def per_contour(
    edges: NDArray[np.uint8], magnitude: FloatArray, active_above: float
) -> dict[Measure, FloatArray]:
    """Measure gradient magnitudes within each outermost contour.

    Filled outermost contours are disjoint and no two touch, so they are the connected components of their
    union: one pass over the image instead of one a contour.
    """
    contours, _ = cv2.findContours(edges, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = cv2.drawContours(np.zeros(edges.shape, dtype=np.uint8), contours, -1, 1, cv2.FILLED)
    number, ids = cv2.connectedComponents(filled, connectivity=8, ltype=cv2.CV_32S)
    inside = np.flatnonzero(filled)
    of = ids.ravel()[inside].astype(np.intp) - 1
    values = magnitude.ravel()[inside]
    n = number - 1
    pixels = np.bincount(of, minlength=n)
    mean = np.bincount(of, weights=values, minlength=n) / pixels
    # Two passes: sums of squares lose digits where contours are nearly flat.
    variance = np.bincount(of, weights=(values - mean[of]) ** 2, minlength=n) / pixels
    largest = np.zeros(n, dtype=np.float64)
    np.maximum.at(largest, of, values)
    active = np.bincount(of[values > active_above], minlength=n) / pixels
    return {
        Measure.MAX: largest,
        Measure.MEAN: mean,
        Measure.STD: np.sqrt(variance),
        Measure.ACTIVE: active,
    }
