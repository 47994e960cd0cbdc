"""Components that use the scale of the image, or change the size of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import cv2
import numpy as np

from leukokit.api import (
    FeatureExtractor,
    Field,
    Labels,
    Params,
    Planes,
    Preprocessor,
    RGBImage,
    Scale,
    ScaledPreprocessor,
    ScaledSegmenter,
    Status,
    note,
)


def resized(image: RGBImage, factor: float) -> RGBImage:
    """Resize by a factor."""
    height, width = image.shape[:2]
    return np.asarray(cv2.resize(image, (round(width * factor), round(height * factor))), dtype=np.uint8)


class ResizeParams(Params):
    """By how much."""

    factor: float = Field(0.5, description="Of width and height.")


class Resize(Preprocessor):
    """Resizes by a factor; its images are worth keeping."""

    Params = ResizeParams
    params: ResizeParams
    keeps_shape = False
    cheap = False

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:
        """Resize."""
        return resized(image, self.params.factor)


class ToScale(ScaledPreprocessor):
    """Resizes so that a red cell measures 20 px; leaves what has no scale."""

    keeps_shape = False

    def apply(
        self, image: RGBImage, *, rng: np.random.Generator | None = None, scale: Scale | None = None
    ) -> RGBImage:
        """Resize to the scale."""
        assert scale is not None
        return resized(image, 20 / scale.red_cell_px) if scale.known else image


class Cut(Preprocessor):
    """Leaves out the right half."""

    keeps_shape = False

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:
        """Cut."""
        return image[:, : image.shape[1] // 2]


class Noting(Preprocessor):
    """Leaves a note on images whose first pixel is red, and a warning of its own."""

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:
        """Note, and warn."""
        if tuple(image[0, 0]) == (255, 0, 0):
            note("the first pixel is red")
        warnings.warn("this library is old", DeprecationWarning, stacklevel=1)
        return image


class Dark(ScaledSegmenter):
    """Takes what is darker than 160 and larger than a quarter of a red cell; its nucleus is its cell."""

    def segment(
        self, image: RGBImage, *, rng: np.random.Generator | None = None, scale: Scale | None = None
    ) -> Labels:
        """Segment."""
        assert scale is not None
        _, labels, stats, _ = cv2.connectedComponentsWithStats((image[..., 1] < 160).astype(np.uint8))
        smallest = 0.25 * np.pi / 4 * scale.red_cell_px**2 if scale.known else 30
        small = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] < smallest)
        cells = np.where(np.isin(labels, small), 0, labels).astype(np.int32)
        status = Status.OK if cells.any() else Status.NO_CELL
        return Labels({"nucleus": cells, "cell": cells.copy()}, status)


class TellScale(FeatureExtractor):
    """Tells the scale it was handed, and the width of the image."""

    uses_scale = True

    def names(self) -> tuple[str, ...]:
        """Names."""
        return ("red_cell_px", "um_per_px", "confidence", "width")

    def nullable(self) -> frozenset[str]:
        """Both lengths."""
        return frozenset({"red_cell_px", "um_per_px"})

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Tell."""
        scale = planes.scale
        values = (scale.red_cell_px, scale.um_per_px, scale.confidence, float(planes.rgb.shape[1]))
        return dict(zip(self.names(), values, strict=True))
