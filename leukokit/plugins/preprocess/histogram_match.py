"""Histogram matching."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import Field, FloatArray, Mask, PluginError, Preprocessor, RGBImage, note
from leukokit.api.smear import stain_contrast, void_mask
from leukokit.plugins.preprocess._template import (
    TemplateFile,
    TemplateParams,
    file_digest,
    no_stained_image_error,
    read_template,
)


class HistogramMatchParams(TemplateParams):
    """Parameters of histogram matching."""

    template: Literal["file", "fitted"] = Field(
        "fitted",
        description=(
            "Histograms that every image is matched to: `fitted` (the mean of the training part) or `file` "
            "(those of the image `template_file`)."
        ),
    )
    template_file: TemplateFile | None = Field(
        None, description="Image to take the histograms from; given alone, it implies `template: file`."
    )


class HistogramMatch(Preprocessor):
    """Maps each of red, green and blue so that its cumulative histogram follows the template's.

    Black areas (of a mask, or outside an aperture) are not part of the smear: they do not count and are not
    changed. An image without stain contrast (blank glass, noise, black) is returned unchanged, with a note,
    because the mapping would amplify its noise.

    Notes
    -----
    Gonzalez and Woods, Digital Image Processing, section 3.3; the interpolation between levels is that of
    ``skimage.exposure.match_histograms``, here on 256-entry tables and rounded where that truncates.
    """

    Params = HistogramMatchParams
    params: HistogramMatchParams
    revision = 3
    cheap = True

    _fitted: FloatArray | None = None

    def needs_fit(self) -> bool:
        """Whether the template is fitted (``template: fitted``)."""
        return self.params.template == "fitted"

    def fit(self, images: Iterable[RGBImage]) -> None:
        """Average the relative histograms of the stained training images, with equal weights.

        Raises
        ------
        DataError
            Where there is no image, or none with stain contrast.
        """
        total, count, n_images = np.zeros((3, 256)), 0, 0
        for image in images:
            n_images += 1
            if stain_contrast(image).stained:
                total += _histograms(image, void_mask(image))
                count += 1
        if count == 0:
            raise no_stained_image_error("histogram_match", n_images)
        self._fitted = total / count

    def state(self) -> Mapping[str, NDArray[Any]]:
        """``histograms``, float64 3 x 256, each row sums to 1; empty where nothing was fitted."""
        return {} if self._fitted is None else {"histograms": self._fitted.copy()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Restore the result of ``state``."""
        if state:
            self._fitted = np.array(state["histograms"], dtype=np.float64)

    def fingerprint(self) -> str:
        """Digest of the template file's content."""
        return "" if self.params.template_file is None else file_digest(self.params.template_file)

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:  # noqa: ARG002
        """Match one image, uint8 H x W x 3."""
        targets = self._target()
        if not stain_contrast(image).stained:
            note("no stain contrast (blank glass, noise or black): passed unchanged")
            return image
        void = void_mask(image)
        table = np.empty((256, 3), dtype=np.uint8)
        for channel, (source, target) in enumerate(zip(_histograms(image, void), targets, strict=True)):
            levels = np.flatnonzero(target)
            matched = np.interp(np.cumsum(source), np.cumsum(target[levels]), levels)
            table[:, channel] = np.rint(matched)
        result = np.asarray(cv2.LUT(image, table[None]), dtype=np.uint8)
        if void is not None:
            result[void] = image[void]
        return result

    def _target(self) -> FloatArray:
        if self._file_histograms is not None:
            return self._file_histograms
        if self._fitted is None:
            raise PluginError(
                "histogram_match with `template: fitted` was applied before it was fitted",
                hint="Call fit with the training images, or restore a saved state",
            )
        return self._fitted

    @cached_property
    def _file_histograms(self) -> FloatArray | None:
        if self.params.template_file is None:
            return None
        template = read_template(self.params.template_file)
        return _histograms(template, void_mask(template))


def _histograms(image: RGBImage, void: Mask | None) -> FloatArray:
    """Relative histograms of the three channels, without black areas, float64 3 x 256."""
    visible = None if void is None else (~void).view(np.uint8)
    counts = [cv2.calcHist([image], [channel], visible, [256], [0, 256]) for channel in range(3)]
    # OpenCV 5 returns vectors, OpenCV 4 columns.
    table = np.asarray(counts, dtype=np.float64).reshape(3, 256)
    histograms: FloatArray = np.divide(table, table.sum(axis=1, keepdims=True))
    return histograms
