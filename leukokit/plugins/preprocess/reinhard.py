"""Stain normalization by color statistics (Reinhard et al. 2001)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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


class ReinhardParams(TemplateParams):
    """Parameters of Reinhard's transfer."""

    template: Literal["paper", "file", "fitted"] = Field(
        "paper",
        description=(
            "Color statistics that every image is adjusted to: `paper` (those of the paper's template image, "
            "Benign-028), `file` (of the image `template_file`) or `fitted` (the mean of the training part)."
        ),
    )
    template_file: TemplateFile | None = Field(
        None, description="Image to take the statistics from; given alone, it implies `template: file`."
    )


@dataclass(frozen=True)
class _Statistics:
    """Mean and population standard deviation of L, a, b in OpenCV's 8-bit scale, float64 of length 3 each.

    Black areas (of a mask, or outside an aperture) are not part of the smear and do not count.
    """

    mean: FloatArray
    std: FloatArray

    @classmethod
    def of(cls, lab: NDArray[np.uint8], void: Mask | None) -> _Statistics:
        mean, std = cv2.meanStdDev(lab, mask=None if void is None else (~void).view(np.uint8))
        return cls(np.asarray(mean, dtype=np.float64).ravel(), np.asarray(std, dtype=np.float64).ravel())


_PAPER = _Statistics(
    # Measured on WBC-Benign-028.jpg, the template of the paper's notebooks.
    mean=np.array([211.25454400510202, 136.48676658163265, 115.84895169005101]),
    std=np.array([39.81847486742604, 16.95495232734542, 21.82780541472537]),
)


class Reinhard(Preprocessor):
    """Gives every image the mean and spread of a template, channel by channel of 8-bit Lab.

    ``(x - mean_image) * (std_template / std_image) + mean_template``, rounded and clipped to 0..255. A
    channel without any spread becomes the template's mean. Black areas are not changed.

    An image without stain contrast (blank glass, noise, black) is returned unchanged, with a note, because
    the transfer would amplify its noise.

    Notes
    -----
    Reinhard et al. 2001, Color transfer between images, doi 10.1109/38.946629. As the paper's notebooks do,
    this works in OpenCV's 8-bit Lab on all three channels, where Reinhard worked in l-alpha-beta.
    """

    Params = ReinhardParams
    params: ReinhardParams
    revision = 3
    cheap = True

    _fitted: _Statistics | None = None

    def needs_fit(self) -> bool:
        """Whether the template is fitted (``template: fitted``)."""
        return self.params.template == "fitted"

    def fit(self, images: Iterable[RGBImage]) -> None:
        """Average the means and the standard deviations of the stained training images, with equal weights.

        Raises
        ------
        DataError
            Where there is no image, or none with stain contrast.
        """
        mean, std, count, n_images = np.zeros(3), np.zeros(3), 0, 0
        for image in images:
            n_images += 1
            if not stain_contrast(image).stained:
                continue
            statistics = _Statistics.of(_lab(image), void_mask(image))
            mean += statistics.mean
            std += statistics.std
            count += 1
        if count == 0:
            raise no_stained_image_error("reinhard", n_images)
        self._fitted = _Statistics(mean / count, std / count)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """``mean`` and ``std`` of L, a, b, float64 of length 3; empty where nothing was fitted."""
        if self._fitted is None:
            return {}
        return {"mean": self._fitted.mean.copy(), "std": self._fitted.std.copy()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Restore the result of ``state``."""
        if not state:
            return
        mean, std = (np.array(state[name], dtype=np.float64) for name in ("mean", "std"))
        self._fitted = _Statistics(mean, std)

    def fingerprint(self) -> str:
        """Digest of the template file's content."""
        return "" if self.params.template_file is None else file_digest(self.params.template_file)

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:  # noqa: ARG002
        """Transfer the template's statistics to one image, uint8 H x W x 3."""
        target = self._target()
        if not stain_contrast(image).stained:
            note("no stain contrast (blank glass, noise or black): passed unchanged")
            return image
        lab, void = _lab(image), void_mask(image)
        source = _Statistics.of(lab, void)
        gain = np.divide(target.std, source.std, out=np.ones(3), where=source.std > 0)
        # An affine map of 8-bit values has 256 results per channel: a table gives the same pixels as the
        # formula on the whole image, in a tenth of the time.
        levels = np.arange(256, dtype=np.float64)[:, None]
        mapped = (levels - source.mean) * gain + target.mean
        table = np.clip(np.rint(mapped), 0, 255).astype(np.uint8)
        result = np.asarray(cv2.cvtColor(cv2.LUT(lab, table[None]), cv2.COLOR_LAB2RGB), dtype=np.uint8)
        if void is not None:
            result[void] = image[void]
        return result

    def _target(self) -> _Statistics:
        if self.params.template == "paper":
            return _PAPER
        if self._file_statistics is not None:
            return self._file_statistics
        if self._fitted is None:
            raise PluginError(
                "reinhard with `template: fitted` was applied before it was fitted",
                hint="Call fit with the training images, or restore a saved state",
            )
        return self._fitted

    @cached_property
    def _file_statistics(self) -> _Statistics | None:
        if self.params.template_file is None:
            return None
        template = read_template(self.params.template_file)
        return _Statistics.of(_lab(template), void_mask(template))


def _lab(image: RGBImage) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), dtype=np.uint8)
