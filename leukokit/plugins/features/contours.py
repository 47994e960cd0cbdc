"""Areas of the contours of Canny edges (``cv2.findContours``)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Self

import cv2
import numpy as np
from pydantic import model_validator

from leukokit.api import Distinct, FeatureExtractor, Field, Labels, Params, Planes
from leukokit.plugins.features._common import check_canny_thresholds, mean_of, named_values, std_of
from leukokit.plugins.features._regions import Region, blank_outside, roles_of
from leukokit.plugins.features._units import UNIT_DESCRIPTION, LengthUnit, at_reference


class Retrieval(StrEnum):
    """Which contours are kept."""

    EXTERNAL = "external"
    LIST = "list"


class ContourMeasure(StrEnum):
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
    unit: LengthUnit = Field(LengthUnit.UM, description=UNIT_DESCRIPTION)
    measures: Distinct[ContourMeasure] = Field(
        tuple(ContourMeasure), description="What is measured on the contours."
    )

    @model_validator(mode="after")
    def _thresholds_ordered(self) -> Self:
        check_canny_thresholds(self.low_threshold, self.high_threshold)
        return self


class Contours(FeatureExtractor):
    """Count of contours, and sum, mean and standard deviation of their areas.

    An area is that of the polygon through the pixel centers of the border (``cv2.contourArea``), so an open
    edge has nearly none. Features: ``contours_count``, ``contours_area_um2_sum``, ``contours_area_um2_mean``
    and ``contours_area_um2_std``; ``rc`` in place of ``um2`` for areas of a red cell. Without a contour,
    count and sum are 0, mean and std are NaN.

    Edges are computed in the image resampled to red cells of 24 px, since edges, and so every feature, would
    otherwise depend on the camera. Where the scale of the image is not known, all features are NaN. With
    ``unit: px`` edges are those of the image as it is, whatever its scale, and names are those of the
    paper's tables: ``contours_count``, ``contours_area_sum``, ``contours_area_mean``, ``contours_area_std``,
    areas in px2.

    Notes
    -----
    The paper (section 5.1.4) names Canny (1986, doi 10.1109/TPAMI.1986.4767851) and border following (Suzuki
    and Abe 1985, doi 10.1016/0734-189X(85)90016-7) without their settings; 100 and 200 are the thresholds of
    OpenCV's tutorial.
    """

    Params = ContoursParams
    params: ContoursParams
    revision = 2

    def __init__(self, params: ContoursParams | None = None) -> None:
        super().__init__(params)
        self.uses_scale = self.params.unit is not LengthUnit.PX

    def roles(self) -> tuple[str, ...]:
        """Label image of ``within``."""
        return roles_of([self.params.within])

    def names(self) -> tuple[str, ...]:
        """One name per measure."""
        return tuple(f"contours_{self.params.unit.column_name(measure)}" for measure in self.params.measures)

    def nullable(self) -> frozenset[str]:
        """Mean and standard deviation, undefined without contours; all where the scale may be unknown."""
        names = frozenset(self.names())
        return names if self.uses_scale else names & {"contours_area_mean", "contours_area_std"}

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Count and measure contours.

        Raises
        ------
        ImageRejected
            ``too_large`` where the image would be enlarged more than 8 times.
        PluginError
            Where ``within`` needs labels that are absent.
        """
        params = self.params
        region_planes = blank_outside(params.within, planes, labels)
        if params.unit is LengthUnit.PX:
            edges, px_area = region_planes.edges(params.low_threshold, params.high_threshold), 1.0
        else:
            at_scale = at_reference(region_planes)
            if at_scale is None:
                return named_values(self.names(), [math.nan] * len(params.measures))
            edges = np.asarray(
                cv2.Canny(at_scale.gray, params.low_threshold, params.high_threshold), np.uint8
            )
            px_area = params.unit.per_px2(at_scale.scale)
        contours, _ = cv2.findContours(edges, _MODES[params.retrieval], cv2.CHAIN_APPROX_SIMPLE)
        areas = np.array([cv2.contourArea(contour) for contour in contours], dtype=np.float64) * px_area
        measured = {
            ContourMeasure.COUNT: float(areas.size),
            ContourMeasure.AREA_SUM: float(areas.sum()),
            ContourMeasure.AREA_MEAN: mean_of(areas),
            ContourMeasure.AREA_STD: std_of(areas),
        }
        return named_values(self.names(), [measured[measure] for measure in params.measures])
