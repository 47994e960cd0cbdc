"""Hough circles: how many, how large, how scattered."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Self

import cv2
import numpy as np
from pydantic import model_validator

from leukokit.api import FeatureExtractor, Field, FloatArray, Labels, Params, Planes
from leukokit.plugins.features._common import Aggregate, Distinct, aggregate, by_name
from leukokit.plugins.features._regions import Region, blanked, roles_of


class Measure(StrEnum):
    """What is measured on the circles of an image."""

    COUNT = "count"
    RADIUS_MEAN = "radius_mean"
    RADIUS_STD = "radius_std"
    AREA_MEAN = "area_mean"
    CENTER_STD = "center_std"


class CirclesParams(Params):
    """Parameters of :class:`Circles`."""

    within: Region = Field(
        Region.IMAGE,
        description="Take circles of the image, or of the image blanked to black outside nuclei or cells.",
    )
    sigma: float = Field(
        1.5,
        ge=0,
        le=20,
        description="Gaussian smoothing before the transform, standard deviation in px; 0 for none.",
    )
    accumulator_scale: float = Field(
        1.0, ge=1, le=8, description="Pixels of the image a cell of the accumulator is wide (OpenCV's dp)."
    )
    min_distance: float = Field(
        15.0, ge=1, le=10_000, description="Smallest distance between two centers, in px."
    )
    edge_threshold: float = Field(
        100.0,
        gt=0,
        le=10_000,
        description="Canny's high threshold, in gray levels; the low one is half of it.",
    )
    votes: float = Field(
        20.0, gt=0, le=10_000, description="Edge pixels that must point at a center, at least."
    )
    min_radius: int = Field(6, ge=1, le=5_000, description="Smallest radius, in px.")
    max_radius: int = Field(25, ge=1, le=5_000, description="Largest radius, in px.")
    measures: Distinct[Measure] = Field(tuple(Measure), description="What is measured on the circles.")

    @model_validator(mode="after")
    def _radii_ordered(self) -> Self:
        if self.min_radius > self.max_radius:
            raise ValueError(
                f"min_radius ({self.min_radius}) must not be above max_radius ({self.max_radius})"
            )
        return self


class Circles(FeatureExtractor):
    """Count, radii and areas of circles, and the spread of their centers.

    Features: ``circles_count``; ``circles_radius_mean`` and ``circles_radius_std`` in px;
    ``circles_area_mean`` in px2 (pi r2); ``circles_center_std`` in px, the standard deviation of the centers
    along an axis, averaged over the two axes as variances: it stays when the image is turned. Without a
    circle the count is 0 and the others are NaN.

    Notes
    -----
    OpenCV's gradient method (Yuen et al. 1990, doi 10.1016/0262-8856(90)90059-E). The paper (section 5.1.4)
    names HoughCircles without its settings. These defaults find white and red cells at the data set's 224 px;
    OpenCV's tutorial settings (no smoothing, threshold 50, any radius) take 300 ms an image where these take
    1.5.
    """

    Params = CirclesParams
    params: CirclesParams

    def roles(self) -> tuple[str, ...]:
        """Label image of ``within``."""
        return roles_of([self.params.within])

    def names(self) -> tuple[str, ...]:
        """One name a measure."""
        return tuple(f"circles_{measure}" for measure in self.params.measures)

    def nullable(self) -> frozenset[str]:
        """All but the count, which no circle leaves undefined."""
        return frozenset(self.names()) - {"circles_count"}

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Find and measure circles.

        Raises
        ------
        PluginError
            Where ``within`` needs labels that are absent.
        """
        circles = self.find(blanked(self.params.within, planes, labels))
        radii = circles[:, 2]
        spread = math.sqrt(float(circles[:, :2].var(axis=0).mean())) if len(circles) else math.nan
        measured = {
            Measure.COUNT: float(len(circles)),
            Measure.RADIUS_MEAN: aggregate(radii, Aggregate.MEAN),
            Measure.RADIUS_STD: aggregate(radii, Aggregate.STD),
            Measure.AREA_MEAN: aggregate(math.pi * radii**2, Aggregate.MEAN),
            Measure.CENTER_STD: spread,
        }
        return by_name(self.names(), [measured[measure] for measure in self.params.measures])

    def find(self, planes: Planes) -> FloatArray:
        """Circles of an image, float64 n x 3: x, y and radius in px, strongest first."""
        params = self.params
        gray = planes.gray
        if params.sigma:
            gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), params.sigma), dtype=np.uint8)
        found = cv2.HoughCircles(
            gray,
            cv2.HOUGH_GRADIENT,
            dp=params.accumulator_scale,
            minDist=params.min_distance,
            param1=params.edge_threshold,
            param2=params.votes,
            minRadius=params.min_radius,
            maxRadius=params.max_radius,
        )
        if found is None:
            return np.empty((0, 3), dtype=np.float64)
        return np.asarray(found, dtype=np.float64).reshape(-1, 3)
