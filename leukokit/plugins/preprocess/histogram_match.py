"""Histogram matching."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import DataError, Field, FloatArray, PluginError, Preprocessor, RGBImage
from leukokit.plugins.preprocess._template import TemplateFile, TemplateParams, file_digest, read_template


class HistogramMatchParams(TemplateParams):
    """Parameters of histogram matching."""

    template: Literal["file", "fitted"] = Field(
        "fitted",
        description=(
            "Whose histograms every image takes on: `fitted` (the average of the training part) or `file` "
            "(the image `template_file`)."
        ),
    )
    template_file: TemplateFile | None = Field(
        None, description="Image to take the histograms from; alone it implies `template: file`."
    )


class HistogramMatch(Preprocessor):
    """Maps each of red, green and blue so that its cumulative histogram follows the template's.

    Notes
    -----
    Gonzalez and Woods, Digital Image Processing, section 3.3; the interpolation between levels is that of
    ``skimage.exposure.match_histograms``, here on 256-entry tables and rounded where that truncates.
    """

    Params = HistogramMatchParams
    params: HistogramMatchParams
    cheap = True

    _fitted: FloatArray | None = None

    def needs_fit(self) -> bool:
        """Only ``template: fitted`` learns."""
        return self.params.template == "fitted"

    def fit(self, images: Iterable[RGBImage]) -> None:
        """Average the relative histograms of the training images, each image counting once.

        Raises
        ------
        DataError
            Where there is no image.
        """
        total, count = np.zeros((3, 256)), 0
        for image in images:
            total += _histograms(image)
            count += 1
        if count == 0:
            raise DataError(
                "histogram_match was given no image to fit its template on", where="training part"
            )
        self._fitted = total / count

    def state(self) -> Mapping[str, NDArray[Any]]:
        """``histograms``, float64 3 x 256, each row sums to 1; empty where nothing was fitted."""
        return {} if self._fitted is None else {"histograms": self._fitted.copy()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take back what ``state`` gave."""
        if state:
            self._fitted = np.array(state["histograms"], dtype=np.float64)

    def fingerprint(self) -> str:
        """Digest of the template file's content."""
        return "" if self.params.template_file is None else file_digest(self.params.template_file)

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:  # noqa: ARG002
        """Match one image, uint8 H x W x 3."""
        table = np.empty((256, 3), dtype=np.uint8)
        for channel, (source, target) in enumerate(zip(_histograms(image), self._target(), strict=True)):
            levels = np.flatnonzero(target)
            matched = np.interp(np.cumsum(source), np.cumsum(target[levels]), levels)
            table[:, channel] = np.rint(matched)
        return np.asarray(cv2.LUT(image, table[None]), dtype=np.uint8)

    def _target(self) -> FloatArray:
        if self.params.template == "file":
            return self._of_file
        if self._fitted is None:
            raise PluginError(
                "histogram_match with `template: fitted` was applied before it was fitted",
                hint="Call fit with the training images, or restore a saved state",
            )
        return self._fitted

    @cached_property
    def _of_file(self) -> FloatArray:
        assert self.params.template_file is not None  # the parameters were validated
        return _histograms(read_template(self.params.template_file))


def _histograms(image: RGBImage) -> FloatArray:
    """Relative histograms of the three channels, float64 3 x 256."""
    counts = [cv2.calcHist([image], [channel], None, [256], [0, 256]) for channel in range(3)]
    # OpenCV 5 returns vectors, OpenCV 4 columns.
    pixels = image.shape[0] * image.shape[1]
    histograms: FloatArray = np.divide(np.asarray(counts, dtype=np.float64).reshape(3, 256), pixels)
    return histograms
