"""Hough circles: how many, how large, how scattered."""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import FeatureExtractor, FloatArray, Labels, Planes
from leukokit.plugins.features._circle_params import CirclesParams, Measure
from leukokit.plugins.features._common import Aggregate, aggregate, by_name
from leukokit.plugins.features._regions import blanked, roles_of
from leukokit.plugins.features._units import REFERENCE_PX, Unit, at_reference


class Circles(FeatureExtractor):
    """Count, radii and areas of circles, and the spread of their centers.

    Features: ``circles_count``; ``circles_radius_um_mean`` and ``circles_radius_um_std``;
    ``circles_area_um2_mean`` (pi r2); ``circles_center_um_std``, the standard deviation of the centers along
    an axis, averaged over the two axes as variances: it stays when the image is turned. In red cells, ``rc``
    stands for the unit. Without a circle the count is 0 and the others are NaN.

    Circles are looked for on the image brought to a red cell of 24 px, with lengths in diameters of a red
    cell, so that a camera's px play no part. Where the scale of the image is not known, all features are NaN.
    With ``unit: px`` the image is looked at as it is, whatever its scale, with lengths in px, and names are
    those of the paper's tables: ``circles_count``, ``circles_radius_mean``, ``circles_radius_std``,
    ``circles_area_mean``, ``circles_center_std``.

    Notes
    -----
    OpenCV's gradient method (Yuen et al. 1990, doi 10.1016/0262-8856(90)90059-E). The paper (section 5.1.4)
    names HoughCircles without its settings. These defaults find white and red cells, those in px at the data
    set's 224 px; OpenCV's tutorial settings (no smoothing, threshold 50, any radius) take 300 ms an image
    where these take 1.5.
    """

    Params = CirclesParams
    params: CirclesParams
    revision = 2

    def __init__(self, params: CirclesParams | None = None) -> None:
        super().__init__(params)
        self.uses_scale = self.params.unit is not Unit.PX

    def roles(self) -> tuple[str, ...]:
        """Label image of ``within``."""
        return roles_of([self.params.within])

    def names(self) -> tuple[str, ...]:
        """One name a measure."""
        return tuple(f"circles_{self.params.unit.told_in(measure)}" for measure in self.params.measures)

    def nullable(self) -> frozenset[str]:
        """All but the count, which no circle leaves undefined; the count too where there may be no scale."""
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
        seen, unit = blanked(self.params.within, planes, labels), self.params.unit
        if unit is not Unit.PX and not seen.scale.known:
            return by_name(self.names(), [math.nan] * len(self.params.measures))
        circles = self.find(seen) * unit.per_px(seen.scale)
        area = math.pi * unit.per_px2(seen.scale) / unit.per_px(seen.scale) ** 2
        radii = circles[:, 2]
        spread = math.sqrt(float(circles[:, :2].var(axis=0).mean())) if len(circles) else math.nan
        measured = {
            Measure.COUNT: float(len(circles)),
            Measure.RADIUS_MEAN: aggregate(radii, Aggregate.MEAN),
            Measure.RADIUS_STD: aggregate(radii, Aggregate.STD),
            Measure.AREA_MEAN: aggregate(area * radii**2, Aggregate.MEAN),
            Measure.CENTER_STD: spread,
        }
        return by_name(self.names(), [measured[measure] for measure in self.params.measures])

    def find(self, planes: Planes) -> FloatArray:
        """Circles of an image, float64 n x 3: x, y and radius in px of the image, strongest first.

        Empty where the unit is not px and the scale of the image is not known.
        """
        if self.params.unit is Unit.PX:
            return self._circles(planes.gray)
        looked_at = at_reference(planes)
        if looked_at is None:
            return np.empty((0, 3), dtype=np.float64)
        return self._circles(looked_at.gray) * (planes.scale.red_cell_px / REFERENCE_PX)

    def _circles(self, gray: NDArray[np.uint8]) -> FloatArray:
        params, search = self.params, self.params.search()
        if search.sigma:
            gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), search.sigma), dtype=np.uint8)
        found = cv2.HoughCircles(
            gray,
            cv2.HOUGH_GRADIENT,
            dp=params.accumulator_scale,
            minDist=search.min_distance,
            param1=params.edge_threshold,
            param2=params.votes,
            minRadius=search.min_radius,
            maxRadius=search.max_radius,
        )
        if found is None:
            return np.empty((0, 3), dtype=np.float64)
        return np.asarray(found, dtype=np.float64).reshape(-1, 3)
