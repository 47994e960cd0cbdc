"""Uniform local binary patterns, rotation invariant, at several radii and on several channels."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from leukokit.api import Distinct, FeatureExtractor, Field, ImageRejected, Labels, Params, Planes
from leukokit.plugins.features._channels import Channel, channel_plane
from leukokit.plugins.features._common import named_values
from leukokit.plugins.features._counting import count_by_region, shares
from leukokit.plugins.features._lbp_codes import uniform_codes
from leukokit.plugins.features._regions import Region, region_mask, roles_of


class NeighborCircle(Params):
    """One circle of neighbors."""

    points: int = Field(ge=4, le=32, description="Neighbors on the circle.")
    radius: int = Field(ge=1, le=32, description="Radius of the circle, in px.")


class LbpParams(Params):
    """Parameters of :class:`Lbp`."""

    regions: Distinct[Region] = Field(
        (Region.IMAGE,), description="Where patterns are counted: image, nucleus, cell (nucleus included)."
    )
    channels: Distinct[Channel] = Field(
        (Channel.LAB_L, Channel.LAB_A, Channel.LAB_B, Channel.HSV_S, Channel.RGB_G),
        description="Channels that patterns are taken on.",
    )
    scales: Distinct[NeighborCircle] = Field(
        (
            NeighborCircle(points=8, radius=1),
            NeighborCircle(points=16, radius=2),
            NeighborCircle(points=24, radius=3),
        ),
        description="Circles of neighbors, each with points and radius.",
    )


class Lbp(FeatureExtractor):
    """Histograms of uniform local binary patterns.

    Features are named ``lbp_<region>_<channel>_p<points>r<radius>_<code>``. Each is the share of the region's
    pixels (0..1) with that code. The code is the number of neighbors at least as bright as the pixel, if
    these form one arc, and points + 1 for all other patterns. Pixels closer to the image border than the
    radius are not counted. A region without counted pixels gives NaN.

    Radii are in px. To measure the same structures in images of several cameras, resample them to one scale
    first, with the preprocessor ``rescale``.

    Notes
    -----
    Ojala, Pietikainen and Maenpaa 2002, doi 10.1109/TPAMI.2002.1017623, as ``method='uniform'`` of
    scikit-image, with two differences. Neighbors are interpolated in integers, so that ties do not depend on
    gray level and machine; in floating point they depend on rounding (about 1 pixel in 10,000 has another
    code). And scikit-image also codes pixels at the border, as if the image were surrounded by black.
    """

    Params = LbpParams
    params: LbpParams

    def roles(self) -> tuple[str, ...]:
        """Label images of ``regions``."""
        return roles_of(self.params.regions)

    def names(self) -> tuple[str, ...]:
        """By region, channel, circle and code."""
        return self._names

    def nullable(self) -> frozenset[str]:
        """Features of nuclei and cells, which may lie completely at the image border."""
        return frozenset(name for name in self.names() if not name.startswith("lbp_image_"))

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(
            f"lbp_{region}_{channel}_p{scale.points}r{scale.radius}_{code:02d}"
            for region in self.params.regions
            for channel in self.params.channels
            for scale in self.params.scales
            for code in range(scale.points + 2)
        )

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Count patterns.

        Raises
        ------
        ImageRejected
            ``too_small`` where the largest circle fits nowhere in the image.
        PluginError
            Where ``regions`` needs labels that are absent.
        """
        margin = max(scale.radius for scale in self.params.scales)
        shape = planes.rgb.shape[:2]
        if min(shape) <= 2 * margin:
            raise ImageRejected(
                "too_small", f"lbp with radius {margin} needs {2 * margin + 1} px a side, got {shape}"
            )
        masks = [region_mask(region, planes, labels) for region in self.params.regions]
        stack = np.stack([channel_plane(planes, channel) for channel in self.params.channels])
        histograms = []
        for scale in self.params.scales:
            edge = slice(scale.radius, -scale.radius)
            inner = [None if mask is None else mask[edge, edge] for mask in masks]
            codes = uniform_codes(stack, scale.points, scale.radius)
            histograms.append(shares(count_by_region(codes, inner, scale.points + 2)))
        values = np.concatenate(histograms, axis=2)  # regions x channels x codes of all scales
        return named_values(self.names(), values.ravel().tolist())
