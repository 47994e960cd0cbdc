"""Occlusion: drop of the class probability when a patch of the image is covered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from leukokit.api import Field, FloatArray, LeukokitError
from leukokit.api.deep import NetworkModel
from leukokit.plugins.explain._heat import HeatExplainer, HeatMethod, HeatParams, batches


class OcclusionParams(HeatParams):
    """Parameters of :class:`Occlusion`."""

    patch: int = Field(32, ge=1, le=4096, description="Side of the patch, in px of the network's input.")
    stride: int = Field(
        16,
        ge=1,
        le=4096,
        description="Step between patches, in px of the network's input; at most the patch's side.",
    )
    fill: Literal["mean", "gray"] = Field(
        "mean", description="Color of the patch: the mean color of the image, or middle gray."
    )

    @model_validator(mode="after")
    def _no_gaps(self) -> Self:
        if self.stride > self.patch:
            raise ValueError(
                f"with a stride of {self.stride} px, patches of {self.patch} px leave gaps: use a stride of "
                f"{self.patch} or less"
            )
        return self


class Occlusion(HeatExplainer):
    """Drop of the class probability when a patch is covered.

    Needs no gradients, so it works on every backend. It takes one prediction per patch: 169 for an image of
    224 px with the default patches. Each pixel gets the mean drop over the patches that cover it; a patch
    whose covering raises the probability is evidence against the class. Source: Zeiler and Fergus 2014, doi
    10.1007/978-3-319-10590-1_53.
    """

    Params = OcclusionParams
    params: OcclusionParams

    def method(self, model: NetworkModel) -> HeatMethod:
        """Prepare the patches.

        Raises
        ------
        LeukokitError
            Where a patch covers the whole image.
        """
        p = self.params
        if p.patch >= model.side:
            raise LeukokitError(
                f"a patch of {p.patch} px covers all of the network's input, {model.side} x {model.side} px",
                hint="Give a smaller patch",
            )
        return _Patches(model, p)


@dataclass(frozen=True)
class _Patches:
    model: NetworkModel
    params: OcclusionParams

    def __call__(self, images: NDArray[np.float32], targets: NDArray[np.intp]) -> FloatArray:
        return np.stack(
            [self._map(image, int(target)) for image, target in zip(images, targets, strict=True)]
        )

    def _map(self, image: NDArray[np.float32], target: int) -> FloatArray:
        color = image.mean(axis=(0, 1)) if self.params.fill == "mean" else 127.5
        boxes = self._boxes()
        probability = np.empty(len(boxes))
        for part in batches(len(boxes), self.model.batch_size):
            covered = np.repeat(image[None], len(boxes[part]), axis=0)
            for patch_image, box in zip(covered, boxes[part], strict=True):
                patch_image[box] = color
            probability[part] = self._probability(covered, target)
        drops = self._probability(image[None], target) - probability
        total, n_patches = np.zeros(image.shape[:2]), np.zeros(image.shape[:2])
        for drop, box in zip(drops, boxes, strict=True):
            total[box] += drop
            n_patches[box] += 1
        return total / n_patches

    def _boxes(self) -> list[tuple[slice, slice]]:
        size, last = self.params.patch, self.model.side - self.params.patch
        starts = [*range(0, last, self.params.stride), last]
        return [(slice(y, y + size), slice(x, x + size)) for y in starts for x in starts]

    def _probability(self, images: NDArray[np.float32], target: int) -> FloatArray:
        return np.asarray(self.model.network.predict_on_batch(images), np.float64)[:, target]

    @property
    def note(self) -> str:
        p = self.params
        return f"patch {p.patch} px, stride {p.stride} px, {p.fill} color"
