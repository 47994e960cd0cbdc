"""Parameters of the search for circles, in px or in red cells."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from leukokit.api import Field, Params
from leukokit.plugins.features._common import Distinct
from leukokit.plugins.features._regions import Region
from leukokit.plugins.features._units import REFERENCE_PX, UNIT_DESCRIPTION, Unit


class Measure(StrEnum):
    """What is measured on the circles of an image."""

    COUNT = "count"
    RADIUS_MEAN = "radius_mean"
    RADIUS_STD = "radius_std"
    AREA_MEAN = "area_mean"
    CENTER_STD = "center_std"


@dataclass(frozen=True, slots=True)
class Search:
    """Lengths that circles are looked for with, in px of the image that is looked at."""

    sigma: float
    min_distance: float
    min_radius: int
    max_radius: int


_PAPER = Search(sigma=1.5, min_distance=15.0, min_radius=6, max_radius=25)
# The same in diameters of a red cell, which is some 19 px wide in the paper's images.
_SIGMA_RC, _MIN_DISTANCE_RC, _MIN_RADIUS_RC, _MAX_RADIUS_RC = 0.08, 0.8, 0.3, 1.3


class CirclesParams(Params):
    """Parameters of :class:`Circles`; ``*_rc`` are lengths in red cells, their namesakes in px."""

    within: Region = Field(
        Region.IMAGE,
        description="Take circles of the image, or of the image blanked to black outside nuclei or cells.",
    )
    unit: Unit = Field(Unit.UM, description=UNIT_DESCRIPTION)
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
        1.0, ge=1, le=8, description="Pixels of the image a cell of the accumulator is wide (OpenCV's dp)."
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
            "Edge pixels that must point at a center, at least; where `unit` is not px, of the image brought "
            "to a red cell of 24 px."
        ),
    )
    measures: Distinct[Measure] = Field(tuple(Measure), description="What is measured on the circles.")

    @model_validator(mode="after")
    def _lengths_belong_to_the_unit(self) -> Self:
        for name in ("sigma", "min_distance", "min_radius", "max_radius"):
            if self.unit is Unit.PX and getattr(self, f"{name}_rc") is not None:
                raise ValueError(f"{name}_rc is in red-cell diameters; with `unit: px` give {name}, in px")
            if self.unit is not Unit.PX and getattr(self, name) is not None:
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

    def search(self) -> Search:
        """Lengths in px: of the image as it is with ``unit: px``, else of a red cell of 24 px."""
        smallest, largest, _ = self._radii()
        if self.unit is Unit.PX:
            return Search(
                sigma=_or(self.sigma, _PAPER.sigma),
                min_distance=_or(self.min_distance, _PAPER.min_distance),
                min_radius=int(smallest),
                max_radius=int(largest),
            )
        return Search(
            sigma=_or(self.sigma_rc, _SIGMA_RC) * REFERENCE_PX,
            min_distance=_or(self.min_distance_rc, _MIN_DISTANCE_RC) * REFERENCE_PX,
            min_radius=max(1, round(smallest * REFERENCE_PX)),
            max_radius=max(1, round(largest * REFERENCE_PX)),
        )

    def _radii(self) -> tuple[float, float, str]:
        """Smallest and largest radius in the unit, and the suffix of their names."""
        if self.unit is Unit.PX:
            return _or(self.min_radius, _PAPER.min_radius), _or(self.max_radius, _PAPER.max_radius), ""
        return _or(self.min_radius_rc, _MIN_RADIUS_RC), _or(self.max_radius_rc, _MAX_RADIUS_RC), "_rc"


def _or(given: float | None, default: float) -> float:
    return default if given is None else given
