"""Hough circles: count, size and spread."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from leukokit.api import Distinct, FeatureExtractor, Field, FloatArray, Labels, Params, Planes
from leukokit.plugins.features._common import mean_of, named_values, std_of
from leukokit.plugins.features._regions import Region, blank_outside, roles_of
from leukokit.plugins.features._units import REFERENCE_PX, UNIT_DESCRIPTION, LengthUnit, at_reference


class CircleMeasure(StrEnum):
    """What is measured on the circles of an image."""

    COUNT = "count"
    RADIUS_MEAN = "radius_mean"
    RADIUS_STD = "radius_std"
    AREA_MEAN = "area_mean"
    CENTER_STD = "center_std"


@dataclass(frozen=True, slots=True)
class CircleSearch:
    """Lengths for the search of circles, in px of the searched image."""

    sigma: float
    min_distance: float
    min_radius: int
    max_radius: int


_PAPER = CircleSearch(sigma=1.5, min_distance=15.0, min_radius=6, max_radius=25)
# The same in red-cell diameters; a red cell is about 19 px wide in the paper's images.
_SIGMA_RC, _MIN_DISTANCE_RC, _MIN_RADIUS_RC, _MAX_RADIUS_RC = 0.08, 0.8, 0.3, 1.3


class CirclesParams(Params):
    """Parameters of :class:`Circles`; ``*_rc`` are lengths in red-cell diameters, the others in px."""

    within: Region = Field(
        Region.IMAGE,
        description="Take circles of the image, or of the image blanked to black outside nuclei or cells.",
    )
    unit: LengthUnit = Field(LengthUnit.UM, description=UNIT_DESCRIPTION)
    sigma_rc: float | None = Field(
        None,
        ge=0,
        le=1,
        description=(
            "Gaussian smoothing before the transform, standard deviation in red-cell diameters; 0.08 where "
            "not given, 0 for none. Not with `unit: px`."
        ),
    )
    min_distance_rc: float | None = Field(
        None,
        gt=0,
        le=500,
        description=(
            "Smallest distance between two centers, in red-cell diameters; 0.8 where not given. Not with "
            "`unit: px`."
        ),
    )
    min_radius_rc: float | None = Field(
        None,
        ge=0.05,
        le=20,
        description="Smallest radius, in red-cell diameters; 0.3 where not given. Not with `unit: px`.",
    )
    max_radius_rc: float | None = Field(
        None,
        ge=0.05,
        le=20,
        description="Largest radius, in red-cell diameters; 1.3 where not given. Not with `unit: px`.",
    )
    sigma: float | None = Field(
        None,
        ge=0,
        le=20,
        description=(
            "Gaussian smoothing before the transform, standard deviation in px; 1.5 where not given, 0 for "
            "none. With `unit: px` only."
        ),
    )
    min_distance: float | None = Field(
        None,
        ge=1,
        le=10_000,
        description=(
            "Smallest distance between two centers, in px; 15 where not given. With `unit: px` only."
        ),
    )
    min_radius: int | None = Field(
        None, ge=1, le=5_000, description="Smallest radius, in px; 6 where not given. With `unit: px` only."
    )
    max_radius: int | None = Field(
        None, ge=1, le=5_000, description="Largest radius, in px; 25 where not given. With `unit: px` only."
    )
    accumulator_scale: float = Field(
        1.0, ge=1, le=8, description="Width of an accumulator cell, in px of the image (OpenCV's dp)."
    )
    edge_threshold: float = Field(
        100.0,
        gt=0,
        le=10_000,
        description="Canny's high threshold, in gray levels; the low one is half of it.",
    )
    votes: float = Field(
        20.0,
        gt=0,
        le=10_000,
        description=(
            "Smallest number of edge pixels that vote for a center; where `unit` is not px, in the image at "
            "red cells of 24 px."
        ),
    )
    measures: Distinct[CircleMeasure] = Field(
        tuple(CircleMeasure), description="What is measured on the circles."
    )

    @model_validator(mode="after")
    def _lengths_belong_to_the_unit(self) -> Self:
        for name in ("sigma", "min_distance", "min_radius", "max_radius"):
            if self.unit is LengthUnit.PX and getattr(self, f"{name}_rc") is not None:
                raise ValueError(f"{name}_rc is in red-cell diameters; with `unit: px` give {name}, in px")
            if self.unit is not LengthUnit.PX and getattr(self, name) is not None:
                raise ValueError(
                    f"{name} is in px of one camera; with `unit: {self.unit}` give {name}_rc, in red-cell "
                    f"diameters, or set `unit: px`"
                )
        smallest, largest, suffix = self._radii()
        if smallest > largest:
            raise ValueError(
                f"min_radius{suffix} ({smallest:g}) must not be above max_radius{suffix} ({largest:g})"
            )
        return self

    def search(self) -> CircleSearch:
        """Lengths in px: of the image as it is with ``unit: px``, else of a red cell of 24 px."""
        smallest, largest, _ = self._radii()
        if self.unit is LengthUnit.PX:
            return CircleSearch(
                sigma=_or(self.sigma, _PAPER.sigma),
                min_distance=_or(self.min_distance, _PAPER.min_distance),
                min_radius=int(smallest),
                max_radius=int(largest),
            )
        return CircleSearch(
            sigma=_or(self.sigma_rc, _SIGMA_RC) * REFERENCE_PX,
            min_distance=_or(self.min_distance_rc, _MIN_DISTANCE_RC) * REFERENCE_PX,
            min_radius=max(1, round(smallest * REFERENCE_PX)),
            max_radius=max(1, round(largest * REFERENCE_PX)),
        )

    def _radii(self) -> tuple[float, float, str]:
        """Smallest and largest radius in the unit, and the suffix of their names."""
        if self.unit is LengthUnit.PX:
            return _or(self.min_radius, _PAPER.min_radius), _or(self.max_radius, _PAPER.max_radius), ""
        return _or(self.min_radius_rc, _MIN_RADIUS_RC), _or(self.max_radius_rc, _MAX_RADIUS_RC), "_rc"


def _or(given: float | None, default: float) -> float:
    return default if given is None else given


class Circles(FeatureExtractor):
    """Count, radii and areas of circles, and the spread of their centers.

    Features: ``circles_count``; ``circles_radius_um_mean`` and ``circles_radius_um_std``;
    ``circles_area_um2_mean`` (pi r2); ``circles_center_um_std``, the standard deviation of the centers (root
    of the mean variance along the two axes), which does not change when the image is rotated. With ``unit:
    red_cell`` the unit in the names is ``rc``. Without a circle the count is 0 and the others are NaN.

    Circles are searched for in the image resampled to red cells of 24 px, with lengths in red-cell diameters,
    so that features do not depend on the camera. Where the scale of the image is not known, all features are
    NaN. With ``unit: px`` the image is searched as it is, whatever its scale, with lengths in px, and names
    are those of the paper's tables: ``circles_count``, ``circles_radius_mean``, ``circles_radius_std``,
    ``circles_area_mean``, ``circles_center_std``.

    Notes
    -----
    OpenCV's gradient method (Yuen et al. 1990, doi 10.1016/0262-8856(90)90059-E). The paper (section 5.1.4)
    names HoughCircles without its settings. These defaults find white and red cells, those in px at the data
    set's 224 px. They take 1.5 ms per image; OpenCV's tutorial settings (no smoothing, threshold 50, any
    radius) take 300 ms.
    """

    Params = CirclesParams
    params: CirclesParams
    revision = 2

    def __init__(self, params: CirclesParams | None = None) -> None:
        super().__init__(params)
        self.uses_scale = self.params.unit is not LengthUnit.PX

    def roles(self) -> tuple[str, ...]:
        """Label image of ``within``."""
        return roles_of([self.params.within])

    def names(self) -> tuple[str, ...]:
        """One name per measure."""
        return tuple(f"circles_{self.params.unit.column_name(measure)}" for measure in self.params.measures)

    def nullable(self) -> frozenset[str]:
        """All but the count, undefined without circles; the count too where the scale may be unknown."""
        names = frozenset(self.names())
        return names if self.uses_scale else names - {"circles_count"}

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Find and measure circles.

        Raises
        ------
        ImageRejected
            ``too_large`` where the image would be enlarged more than 8 times.
        PluginError
            Where ``within`` needs labels that are absent.
        """
        region_planes, unit = blank_outside(self.params.within, planes, labels), self.params.unit
        if unit is not LengthUnit.PX and not region_planes.scale.known:
            return named_values(self.names(), [math.nan] * len(self.params.measures))
        circles = self.find(region_planes) * unit.per_px(region_planes.scale)
        area = math.pi * unit.per_px2(region_planes.scale) / unit.per_px(region_planes.scale) ** 2
        radii = circles[:, 2]
        spread = math.sqrt(float(circles[:, :2].var(axis=0).mean())) if len(circles) else math.nan
        measured = {
            CircleMeasure.COUNT: float(len(circles)),
            CircleMeasure.RADIUS_MEAN: mean_of(radii),
            CircleMeasure.RADIUS_STD: std_of(radii),
            CircleMeasure.AREA_MEAN: mean_of(area * radii**2),
            CircleMeasure.CENTER_STD: spread,
        }
        return named_values(self.names(), [measured[measure] for measure in self.params.measures])

    def find(self, planes: Planes) -> FloatArray:
        """Circles of an image, float64 n x 3: x, y and radius in px of the image, strongest first.

        Empty where the unit is not px and the scale of the image is not known.
        """
        if self.params.unit is LengthUnit.PX:
            return self._circles(planes.gray)
        at_scale = at_reference(planes)
        if at_scale is None:
            return np.empty((0, 3), dtype=np.float64)
        return self._circles(at_scale.gray) * (planes.scale.red_cell_px / REFERENCE_PX)

    def _circles(self, gray: NDArray[np.uint8]) -> FloatArray:
        params, search = self.params, self.params.search()
        if search.sigma:
            gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), search.sigma), dtype=np.uint8)
        circles = cv2.HoughCircles(
            gray,
            cv2.HOUGH_GRADIENT,
            dp=params.accumulator_scale,
            minDist=search.min_distance,
            param1=params.edge_threshold,
            param2=params.votes,
            minRadius=search.min_radius,
            maxRadius=search.max_radius,
        )
        if circles is None:
            return np.empty((0, 3), dtype=np.float64)
        return np.asarray(circles, dtype=np.float64).reshape(-1, 3)
