"""Brightness, contrast and channel statistics of whole images, for exploring a data set."""

from __future__ import annotations

from collections.abc import Mapping

import cv2

from leukokit.api import FeatureExtractor, Labels, Planes
from leukokit.plugins.features._common import named_values


class Intensity(FeatureExtractor):
    """Brightness and contrast of the gray plane, mean and standard deviation of red, green and blue.

    Features, all in gray levels 0..255: ``intensity_brightness`` (mean of gray), ``intensity_contrast``
    (standard deviation of gray), then ``intensity_<channel>_mean`` and ``intensity_<channel>_std`` for
    ``red``, ``green`` and ``blue``. Source: exploratory data analysis of the paper.
    """

    def names(self) -> tuple[str, ...]:
        """Eight names."""
        channels = [f"intensity_{name}_{how}" for name in ("red", "green", "blue") for how in ("mean", "std")]
        return ("intensity_brightness", "intensity_contrast", *channels)

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:  # noqa: ARG002
        """Measure the whole image; labels are not used."""
        values: list[float] = []
        for plane in (planes.gray, planes.rgb):
            means, stds = cv2.meanStdDev(plane)
            for mean, std in zip(means.ravel(), stds.ravel(), strict=True):
                values += [float(mean), float(std)]
        return named_values(self.names(), values)
