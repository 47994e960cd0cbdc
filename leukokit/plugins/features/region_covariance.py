"""Covariance of color and edges at several scales, as a point in a flat space."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Annotated, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from leukokit.api import Distinct, FeatureExtractor, Field, Labels, Params, Planes, matrix_logarithm
from leukokit.plugins.features._channels import Channel, channel_plane
from leukokit.plugins.features._common import named_values
from leukokit.plugins.features._covariance import map_moments
from leukokit.plugins.features._regions import Region, region_mask, roles_of

_FINE = 8
"""Bits after the point of blurred values."""

_SOBEL_GAIN = 8.0
"""Sum of the positive weights of OpenCV's 3 x 3 Sobel filter, times 2 px: a ramp of 1 a px gives 1."""


Sigma = Annotated[float, Field(ge=0.3, le=64)]


class RegionCovarianceParams(Params):
    """Parameters of :class:`RegionCovariance`."""

    regions: Distinct[Region] = Field(
        (Region.IMAGE,), description="Where to measure: image, nucleus, cell (nucleus included)."
    )
    channels: Distinct[Channel] = Field(
        (Channel.LAB_L, Channel.LAB_A, Channel.LAB_B), description="Channels that maps are made of."
    )
    sigmas: Distinct[Sigma] = Field(
        (1.0, 2.0, 4.0, 8.0),
        description="Widths of the Gaussian blur (standard deviation), in px, in rising order. Each gives a "
        "map of edges and a band of sizes a channel.",
    )
    ridge: float = Field(
        0.05,
        gt=0,
        le=1000,
        description="Added to each variance before the logarithm, in squared gray levels: less variation "
        "than this counts as none.",
    )
    moments: bool = Field(True, description="Also give mean, skewness and log kurtosis of each map.")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if list(self.sigmas) != sorted(self.sigmas):
            raise ValueError(f"sigmas must be in rising order, got {list(self.sigmas)}")
        return self


class RegionCovariance(FeatureExtractor):
    """How color and edges of several sizes vary together: the logarithm of a covariance matrix.

    Each channel gives the map of its values and, for each sigma, the size of the gradient of the blurred
    channel (``edge``, times sigma) and the blur before it minus this one (``band``: structures of that size).
    Features are named ``regioncov_<region>_<map>__<map>`` for the logarithm of their covariance (off-diagonal
    values times the square root of 2, so that distances of vectors are log-Euclidean distances), and
    ``regioncov_<region>_<map>_<mean|skewness|log_kurtosis>`` for moments of one map. A map is ``lab_l``,
    ``lab_l_edge2`` or ``lab_l_band2``. A region without pixels gives NaN.

    Values are in 8-bit gray levels, logarithms of their squares, or without unit (skewness, kurtosis).
    Sigmas are in px. To measure the same structures in images of several cameras, resample them to one scale
    first, with the preprocessor ``rescale``.

    Notes
    -----
    Tuzel, Porikli and Meer 2006, doi 10.1007/11744047_45; log-Euclidean vectors: Arsigny et al. 2006,
    doi 10.1002/mrm.20965. Blur and gradient use the pixels around a region, too.
    """

    Params = RegionCovarianceParams
    params: RegionCovarianceParams

    def roles(self) -> tuple[str, ...]:
        """Label images of ``regions``."""
        return roles_of(self.params.regions)

    def names(self) -> tuple[str, ...]:
        """By region: covariances, then moments map by map."""
        return self._names

    def nullable(self) -> frozenset[str]:
        """Features of nuclei and cells, which may be missing in the labels."""
        return frozenset(name for name in self.names() if not name.startswith("regioncov_image_"))

    @cached_property
    def _maps(self) -> tuple[str, ...]:
        """Names of the maps, in the order of :meth:`_planes`."""
        channels = self.params.channels
        kinds = [f"_{kind}{sigma:g}" for sigma in self.params.sigmas for kind in ("edge", "band")]
        return tuple(f"{channel}{kind}" for kind in ("", *kinds) for channel in channels)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        pairs = [f"{first}__{second}" for first, second in combinations_with_replacement(self._maps, 2)]
        moments = ("mean", "skewness", "log_kurtosis") if self.params.moments else ()
        one = [f"{name}_{moment}" for moment in moments for name in self._maps]
        return tuple(f"regioncov_{region}_{name}" for region in self.params.regions for name in pairs + one)

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Measure the maps.

        Raises
        ------
        PluginError
            Where ``regions`` needs labels that are absent.
        """
        masks = [region_mask(region, planes, labels) for region in self.params.regions]
        maps = self._planes(planes)
        values: list[float] = []
        for mask in masks:
            found = map_moments(maps, mask)
            if found is None:
                values.extend([math.nan] * (len(self._names) // len(masks)))
                continue
            values.extend(matrix_logarithm(found.covariance, self.params.ridge).tolist())
            if self.params.moments:
                for moment in (found.mean, found.skewness, found.log_kurtosis):
                    values.extend(moment.tolist())
        return named_values(self.names(), values)

    def _planes(self, planes: Planes) -> NDArray[np.float32]:
        """All maps, float32 (1 + 2 sigmas) x H x W x channels, in the order of their names.

        The blur is computed in whole numbers of 1/256 gray level: OpenCV's blur of floating point depends on
        its number of threads. Sums of few such numbers are exact in float32.
        """
        stack = np.stack([channel_plane(planes, channel) for channel in self.params.channels], axis=2)
        fine = stack.astype(np.uint16) << _FINE
        maps = np.empty((1 + 2 * len(self.params.sigmas), *stack.shape), np.float32)
        maps[0] = before = fine.astype(np.float32)
        for number, sigma in enumerate(self.params.sigmas):
            blurred = cv2.GaussianBlur(fine, (0, 0), sigma).reshape(stack.shape).astype(np.float32)
            across, down = (cv2.Sobel(blurred, cv2.CV_32F, *of, ksize=3) for of in ((1, 0), (0, 1)))
            edge = np.sqrt(across * across + down * down).reshape(stack.shape)
            np.multiply(edge, np.float32(sigma / _SOBEL_GAIN), out=maps[2 * number + 1])
            np.subtract(before, blurred, out=maps[2 * number + 2])
            before = blurred
        maps *= np.float32(1 / (1 << _FINE))
        return maps
