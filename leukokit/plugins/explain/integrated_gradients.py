"""Integrated gradients: attribution of the class score to pixels, which sums to the difference of scores."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Field, FloatArray
from leukokit.api.deep import NetworkModel
from leukokit.plugins.explain._gradients import image_gradients
from leukokit.plugins.explain._heat import HeatExplainer, HeatMethod, HeatParams, batches

_MAX_GAP = 0.05  # gap above which the note asks for more steps


class IntegratedGradientsParams(HeatParams):
    """Parameters of :class:`IntegratedGradients`."""

    steps: int = Field(64, ge=1, le=4096, description="Number of points between baseline and image.")
    baseline: Literal["white", "black", "mean"] = Field(
        "white",
        description="Image without information at which the path starts: white like an empty slide, "
        "black, or "
        "the mean color of the image.",
    )


class IntegratedGradients(HeatExplainer):
    """Contribution of each pixel to the class score, along a path from an empty image.

    Gradients of the class score (before softmax) are averaged on the straight line from the baseline to the
    image and multiplied by the difference between the two. The sum over all pixels is the difference of the
    two scores (completeness); ``note`` gives the error for the number of ``steps``. The heat map is the
    positive part, summed over the channels. Source: Sundararajan et al. 2017, arXiv 1703.01365.
    """

    Params = IntegratedGradientsParams
    params: IntegratedGradientsParams

    def method(self, model: NetworkModel) -> HeatMethod:
        """Prepare the paths for one network."""
        return _IntegratedPaths(model.logits, model.batch_size, self.params)


def attributions(
    network: Any,
    image: NDArray[np.float32],
    baseline: NDArray[np.float32],
    target: int,
    *,
    steps: int,
    batch_size: int,
) -> tuple[FloatArray, float]:
    """Contribution of each value of an image to the difference of two scores.

    Parameters
    ----------
    network : keras.Model
        Maps images to the scores of k classes.
    image, baseline : float32 arrays, side x side x 3
        In 0..255.
    target : int
        Class whose score is attributed.
    steps : int
        Number of points on the path, at the centers of equal intervals.
    batch_size : int
        Number of points per batch.

    Returns
    -------
    shares : float64 array, side x side x 3
        In units of the score.
    difference : float
        Score of the image minus score of the baseline; the sum of the shares up to the error of finite steps.
    """
    change = image.astype(np.float64) - baseline
    fractions = (np.arange(steps) + 0.5) / steps
    total = np.zeros(image.shape)
    for part in batches(steps, batch_size):
        points = (baseline + fractions[part, None, None, None] * change).astype(np.float32)
        total += image_gradients(network, points, np.full(len(points), target))[1].sum(axis=0)
    ends, _ = image_gradients(network, np.stack([image, baseline]), np.full(2, target))
    return total / steps * change, float(ends[0] - ends[1])


@dataclass
class _IntegratedPaths:
    network: Any
    batch_size: int
    params: IntegratedGradientsParams
    gaps: list[float] = field(default_factory=list)
    differences: list[float] = field(default_factory=list)

    def __call__(self, images: NDArray[np.float32], targets: NDArray[np.intp]) -> FloatArray:
        return np.stack(
            [self._map(image, int(target)) for image, target in zip(images, targets, strict=True)]
        )

    def _map(self, image: NDArray[np.float32], target: int) -> FloatArray:
        shares, difference = attributions(
            self.network,
            image,
            _baseline(self.params.baseline, image),
            target,
            steps=self.params.steps,
            batch_size=self.batch_size,
        )
        self.gaps.append(abs(float(shares.sum()) - difference))
        self.differences.append(abs(difference))
        summed: FloatArray = shares.sum(axis=2)
        return summed

    @property
    def note(self) -> str:
        p = self.params
        text = f"baseline {p.baseline}, {p.steps} step{'' if p.steps == 1 else 's'}"
        scale = float(np.mean(self.differences)) if self.differences else 0.0
        if scale == 0.0:
            return text
        # Relative to the mean: for an image with the score of its baseline the relative gap is infinite.
        gap = max(self.gaps) / scale
        advice = "; more steps would close it" if gap > _MAX_GAP else ""
        return f"{text}, shares sum to the difference of scores within {100 * gap:.2g} %{advice}"


def _baseline(kind: str, image: NDArray[np.float32]) -> NDArray[np.float32]:
    level = {"white": 255.0, "black": 0.0}.get(kind)
    color = image.mean(axis=(0, 1)) if level is None else level
    return np.full_like(image, color)
