"""Moments of color channels over the image, the nuclei and the white cells."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property

import numpy as np

from leukokit.api import Distinct, FeatureExtractor, Field, FloatArray, Labels, Params, Planes
from leukokit.plugins.features._channels import Space, channels_of, space_plane
from leukokit.plugins.features._common import named_values
from leukokit.plugins.features._counting import count_by_region, shares
from leukokit.plugins.features._regions import Region, region_mask, roles_of


class Statistic(StrEnum):
    """Moments of a channel; all divide by the number of pixels."""

    MEAN = "mean"
    STD = "std"
    SKEWNESS = "skewness"


class ColorStatisticsParams(Params):
    """Parameters of :class:`ColorStatistics`."""

    regions: Distinct[Region] = Field(
        (Region.IMAGE, Region.NUCLEUS, Region.CELL),
        description="Where to measure: image, nucleus, cell (nucleus included).",
    )
    spaces: Distinct[Space] = Field(
        (Space.RGB, Space.HSV, Space.LAB, Space.YCBCR), description="Color spaces, each with three channels."
    )
    statistics: Distinct[Statistic] = Field(
        (Statistic.MEAN, Statistic.STD, Statistic.SKEWNESS), description="Moments of each channel."
    )


class ColorStatistics(FeatureExtractor):
    """Mean, standard deviation and skewness of color channels.

    Features are named ``color_<region>_<space>_<channel>_<statistic>``, such as ``color_nucleus_lab_a_mean``.
    Mean and std are in OpenCV's 8-bit units: 0..255, hue 0..179 (2 degrees each), Lab a and b shifted by 128.
    Hue is treated as a number, not an angle: 0.2 % of the stained pixels (saturation above 80) of the paper's
    data set lie within 20 degrees of the wrap-around at red. Skewness has no unit and is 0 for a constant
    channel.

    Features of a region without pixels are NaN.

    Notes
    -----
    Moments are computed from 256-bin histograms: exact for 8-bit planes, in one pass for all moments.
    Source: paper, sections 5.1.3 and 5.1.4 (mean and std of channels of RGB, Lab, YCbCr).
    """

    Params = ColorStatisticsParams
    params: ColorStatisticsParams

    def roles(self) -> tuple[str, ...]:
        """Label images of ``regions``."""
        return roles_of(self.params.regions)

    def names(self) -> tuple[str, ...]:
        """By region, color space, channel and statistic."""
        return self._names

    def nullable(self) -> frozenset[str]:
        """Features of nuclei and cells, which may be missing in the labels."""
        return frozenset(name for name in self.names() if not name.startswith("color_image_"))

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(
            f"color_{region}_{channel}_{statistic}"
            for region in self.params.regions
            for space in self.params.spaces
            for channel in channels_of(space)
            for statistic in self.params.statistics
        )

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Measure the channels.

        Raises
        ------
        PluginError
            Where ``regions`` needs labels that are absent.
        """
        masks = [region_mask(region, planes, labels) for region in self.params.regions]
        stacks = [np.moveaxis(space_plane(planes, space), 2, 0) for space in self.params.spaces]
        counts = np.concatenate([count_by_region(stack, masks, 256) for stack in stacks], axis=1)
        by_statistic = moments(shares(counts))
        values = np.stack([by_statistic[statistic] for statistic in self.params.statistics], axis=-1)
        return named_values(self.names(), values.ravel().tolist())


def moments(histograms: FloatArray) -> dict[Statistic, FloatArray]:
    """Mean, standard deviation and skewness of histograms.

    Parameters
    ----------
    histograms : float64 array, ... x levels
        Shares that sum to 1, or NaN.

    Returns
    -------
    dict of Statistic to float64 array
        Each without the last axis; NaN for NaN.
    """
    levels = np.arange(histograms.shape[-1], dtype=np.float64)
    mean = histograms @ levels
    from_mean = levels - mean[..., np.newaxis]
    variance = (histograms * from_mean**2).sum(axis=-1)
    third = (histograms * from_mean**3).sum(axis=-1)
    # A smaller variance is round-off: one pixel in a gigapixel, off by one level, gives 1e-9.
    constant = variance < 1e-12
    std = np.sqrt(np.where(constant, 0.0, variance))
    skewness = np.where(constant, 0.0, third / np.where(constant, 1.0, std**3))
    return {Statistic.MEAN: mean, Statistic.STD: std, Statistic.SKEWNESS: skewness}
