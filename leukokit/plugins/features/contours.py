"""Contour areas: Canny edges, then the borders that ``findContours`` follows along them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

import cv2
import numpy as np
from pydantic import model_validator

from leukokit.api import FeatureExtractor, Field, Labels, Params, Planes
from leukokit.plugins.features._common import Aggregate, Distinct, aggregate, by_name, ordered
from leukokit.plugins.features._regions import Region, blanked, roles_of


class Retrieval(StrEnum):
    """Which contours are kept."""

    EXTERNAL = "external"
    LIST = "list"


class Measure(StrEnum):
    """What is measured on the contours of an image."""

    COUNT = "count"
    AREA_SUM = "area_sum"
    AREA_MEAN = "area_mean"
    AREA_STD = "area_std"


_MODES = {Retrieval.EXTERNAL: cv2.RETR_EXTERNAL, Retrieval.LIST: cv2.RETR_LIST}


class ContoursParams(Params):
    """Parameters of :class:`Contours`."""

    within: Region = Field(
        Region.IMAGE,
        description="Take contours of the image, or of the image blanked to black outside nuclei or cells.",
    )
    low_threshold: float = Field(
        100.0, ge=0, le=10_000, description="Canny: edges weaker than this are dropped, in gray levels."
    )
    high_threshold: float = Field(
        200.0, ge=0, le=10_000, description="Canny: edges stronger than this are kept, in gray levels."
    )
    retrieval: Retrieval = Field(
        Retrieval.EXTERNAL,
        description="external: outermost contours only; list: every border, holes and nested ones included.",
    )
    measures: Distinct[Measure] = Field(tuple(Measure), description="What is measured on the contours.")

    @model_validator(mode="after")
    def _thresholds_ordered(self) -> Self:
        ordered(self.low_threshold, self.high_threshold)
        return self


class Contours(FeatureExtractor):
    """Count of contours, and sum, mean and standard deviation of their areas.

    An area is that of the polygon through the pixel centers of the border (``cv2.contourArea``), so an open
    edge has nearly none. Features: ``contours_count``, ``contours_area_sum``, ``contours_area_mean`` and
    ``contours_area_std``, areas in px2. Without a contour, count and sum are 0, mean and std are NaN.

    Notes
    -----
    The paper (section 5.1.4) names Canny (1986, doi 10.1109/TPAMI.1986.4767851) and border following (Suzuki
    and Abe 1985, doi 10.1016/0734-189X(85)90016-7) without their settings; 100 and 200 are the thresholds of
    OpenCV's tutorial.
    """

    Params = ContoursParams
    params: ContoursParams

    def roles(self) -> tuple[str, ...]:
        """Label image of ``within``."""
        return roles_of([self.params.within])

    def names(self) -> tuple[str, ...]:
        """One name a measure."""
        return tuple(f"contours_{measure}" for measure in self.params.measures)

    def nullable(self) -> frozenset[str]:
        """Mean and standard deviation, which no contour leaves undefined."""
        return frozenset(self.names()) & {"contours_area_mean", "contours_area_std"}

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Count and measure contours.

        Raises
        ------
        PluginError
            Where ``within`` needs labels that are absent.
        """
        seen = blanked(self.params.within, planes, labels)
        edges = seen.edges(self.params.low_threshold, self.params.high_threshold)
        contours, _ = cv2.findContours(edges, _MODES[self.params.retrieval], cv2.CHAIN_APPROX_SIMPLE)
        areas = np.array([cv2.contourArea(contour) for contour in contours], dtype=np.float64)
        measured = {
            Measure.COUNT: float(areas.size),
            Measure.AREA_SUM: float(areas.sum()),
            Measure.AREA_MEAN: aggregate(areas, Aggregate.MEAN),
            Measure.AREA_STD: aggregate(areas, Aggregate.STD),
        }
        return by_name(self.names(), [measured[measure] for measure in self.params.measures])
