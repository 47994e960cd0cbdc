"""Texture from gray-level co-occurrence."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated

import numpy as np

from leukokit.api import Distinct, FeatureExtractor, Field, ImageRejected, Labels, Params, Planes
from leukokit.plugins.features._channels import Channel, channel_plane
from leukokit.plugins.features._common import named_values
from leukokit.plugins.features._cooccurrence import Property, cooccurrence, texture
from leukokit.plugins.features._regions import Region, region_mask, roles_of


class OverAngles(StrEnum):
    """How the four directions become one number."""

    MEAN = "mean"
    RANGE = "range"


class HaralickParams(Params):
    """Parameters of :class:`Haralick`."""

    regions: Distinct[Region] = Field(
        (Region.IMAGE,), description="Where pixel pairs are counted: image, nucleus, cell (nucleus included)."
    )
    channels: Distinct[Channel] = Field(
        (Channel.LAB_L, Channel.LAB_A, Channel.LAB_B), description="Channels that texture is taken on."
    )
    distances: Distinct[Annotated[int, Field(ge=1, le=64)]] = Field(
        (1,),
        description="Distances of a pair, in px along rows, columns and diagonals alike; 1..64 each.",
    )
    levels: int = Field(
        32, ge=2, le=256, description="Number of equally wide levels that 0..255 is binned to."
    )
    properties: Distinct[Property] = Field(
        tuple(Property), description="What is measured on each co-occurrence matrix."
    )
    statistics: Distinct[OverAngles] = Field(
        (OverAngles.MEAN, OverAngles.RANGE),
        description="Mean and range (largest less smallest) over the four directions.",
    )


class Haralick(FeatureExtractor):
    """Properties of gray-level co-occurrence matrices over four directions.

    Features are named ``haralick_<region>_<channel>_d<distance>_<property>_<statistic>``. Matrices are
    symmetric and sum to 1; levels count from 0, so contrast is in squared levels, dissimilarity in levels,
    entropy in nats; the rest have no unit. Both pixels of a pair lie in the region; a region without pairs
    gives NaN. A constant region has correlation 1, as in scikit-image.

    Distances are in px. To measure the same structures in images of several cameras, resample them to one
    scale first, with the preprocessor ``rescale``.

    Notes
    -----
    Haralick, Shanmugam and Dinstein 1973, doi 10.1109/TSMC.1973.4309314. As there, a diagonal neighbor at
    distance d is d rows and d columns away.
    """

    Params = HaralickParams
    params: HaralickParams

    def roles(self) -> tuple[str, ...]:
        """Label images of ``regions``."""
        return roles_of(self.params.regions)

    def names(self) -> tuple[str, ...]:
        """By region, channel, distance, property and statistic."""
        return self._names

    def nullable(self) -> frozenset[str]:
        """Features of nuclei and cells, which may be too small for a pair."""
        return frozenset(name for name in self.names() if not name.startswith("haralick_image_"))

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(
            f"haralick_{region}_{channel}_d{distance}_{which}_{statistic}"
            for region in self.params.regions
            for channel in self.params.channels
            for distance in self.params.distances
            for which in self.params.properties
            for statistic in self.params.statistics
        )

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Count pixel pairs and measure their matrices.

        Raises
        ------
        ImageRejected
            ``too_small`` where the largest distance leaves no pair.
        PluginError
            Where ``regions`` needs labels that are absent.
        """
        params = self.params
        shape = planes.rgb.shape[:2]
        if min(shape) <= max(params.distances):
            raise ImageRejected(
                "too_small",
                f"haralick at distance {max(params.distances)} needs a larger image than {shape}",
            )
        masks = [region_mask(region, planes, labels) for region in params.regions]
        # A table of 256 entries takes less time than a division per pixel.
        to_level = (np.arange(256) * params.levels // 256).astype(np.uint8)
        leveled = [to_level.take(channel_plane(planes, channel)) for channel in params.channels]
        distances = np.array(params.distances, dtype=np.int64)
        values: list[float] = []
        for mask in masks:
            for plane in leveled:
                values_by_angle = texture(
                    cooccurrence(plane, mask, distances, params.levels), params.properties
                )
                by_statistic = {
                    OverAngles.MEAN: values_by_angle.mean(axis=2),
                    OverAngles.RANGE: values_by_angle.max(axis=2) - values_by_angle.min(axis=2),
                }
                # properties x distances, for each statistic -> distances x properties x statistics
                table = np.stack([by_statistic[statistic].T for statistic in params.statistics], axis=2)
                values += table.ravel().tolist()
        return named_values(self.names(), values)
