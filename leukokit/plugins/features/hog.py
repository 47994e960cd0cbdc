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

from leukokit.api import (
    Aggregate,
    Distinct,
    FeatureExtractor,
    Field,
    FloatArray,
    ImageRejected,
    Labels,
    Params,
    Planes,
    Status,
    aggregate_columns,
    aggregate_names,
)
from leukokit.plugins.features._common import check_canny_thresholds, named_values
from leukokit.plugins.features._hog_descriptor import HogDescriptor, gradients
from leukokit.plugins.features._regions import Region, blank_outside, roles_of


class GradientMeasure(StrEnum):
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
        check_canny_thresholds(self.low_threshold, self.high_threshold)
        if self.block > self.grid:
            raise ValueError(
                f"block ({self.block} cells) must not be wider than the grid ({self.grid} cells)"
            )
        return self


class Hog(FeatureExtractor):
    """Gradients within contours, aggregated over contours, and optionally the global HOG descriptor.

    Contours are the outermost contours of the Canny edges, filled. Features
    ``hog_contour_<measure>_<aggregate>``: largest, mean and standard deviation of the gradient's magnitude
    within a contour (gray levels per 2 px, as central differences give it), and the share of its pixels
    (0..1) that are active. NaN without contours.

    The global descriptor adds ``hog_block_<row>_<column>_cell_<row>_<column>_<bin>``, counted from 0:
    magnitudes summed by orientation over the cells of a grid, L2-Hys normalized over blocks of cells that
    overlap, each 0..1. The grid is fixed, so the number of columns does not depend on the image's size; rows
    and columns left over at the lower right, fewer than the grid's, are not used.

    Gradients are taken over 2 px, and the size of a cell is a fraction of the image. To measure the same
    structures in images of several cameras, resample them to one scale first, with the preprocessor
    ``rescale``.

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
        """Features of contours by measure and aggregate, then the descriptor by block."""
        contours = aggregate_names(
            [f"hog_contour_{measure}" for measure in GradientMeasure], self.params.aggregates
        )
        return (*contours, *self._descriptor.names()) if self.params.global_descriptor else contours

    def nullable(self) -> frozenset[str]:
        """Features of contours, undefined in images without contours."""
        return frozenset(
            name
            for name in self.names()
            if name.startswith("hog_contour_") and not name.endswith(f"_{Aggregate.COUNT}")
        )

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
        region_planes = blank_outside(params.within, planes, labels)
        down, right = gradients(region_planes.gray)
        magnitude = np.sqrt((down * down + right * right).astype(np.float64))
        measured = per_contour(
            region_planes.edges(params.low_threshold, params.high_threshold), magnitude, params.active_above
        )
        values = aggregate_columns([measured[measure] for measure in GradientMeasure], params.aggregates)
        if params.global_descriptor:
            if min(magnitude.shape) < 2 * params.grid:
                raise ImageRejected(
                    "too_small",
                    f"hog with grid {params.grid} needs {2 * params.grid} px a side, got {magnitude.shape}",
                )
            if self._region_is_empty(labels):
                values += [math.nan] * len(self._descriptor.names())
            else:
                values += self._descriptor.compute(down, right, magnitude).tolist()
        return named_values(self.names(), values)

    @cached_property
    def _descriptor(self) -> HogDescriptor:
        return HogDescriptor(self.params.grid, self.params.block, self.params.orientations)

    def _region_is_empty(self, labels: Labels | None) -> bool:
        """Whether the status says that there is no region: its descriptor would be that of a black image."""
        return bool(self.roles()) and labels is not None and labels.status is not Status.OK


def per_contour(
    edges: NDArray[np.uint8], magnitude: FloatArray, active_above: float
) -> dict[GradientMeasure, FloatArray]:
    """Measure gradient magnitudes within each outermost contour.

    Filled outermost contours do not touch each other, so they are the connected components of their union:
    one pass over the image instead of one per contour.
    """
    contours, _ = cv2.findContours(edges, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = cv2.drawContours(np.zeros(edges.shape, dtype=np.uint8), contours, -1, 1, cv2.FILLED)
    n_components, ids = cv2.connectedComponents(filled, connectivity=8, ltype=cv2.CV_32S)
    pixels_inside = np.flatnonzero(filled)
    contour_ids = ids.ravel()[pixels_inside].astype(np.intp) - 1
    values = magnitude.ravel()[pixels_inside]
    n = n_components - 1
    pixels = np.bincount(contour_ids, minlength=n)
    mean = np.bincount(contour_ids, weights=values, minlength=n) / pixels
    # Two passes: sums of squares lose precision where contours are nearly flat.
    variance = np.bincount(contour_ids, weights=(values - mean[contour_ids]) ** 2, minlength=n) / pixels
    largest = np.zeros(n, dtype=np.float64)
    np.maximum.at(largest, contour_ids, values)
    active = np.bincount(contour_ids[values > active_above], minlength=n) / pixels
    return {
        GradientMeasure.MAX: largest,
        GradientMeasure.MEAN: mean,
        GradientMeasure.STD: np.sqrt(variance),
        GradientMeasure.ACTIVE: active,
    }
