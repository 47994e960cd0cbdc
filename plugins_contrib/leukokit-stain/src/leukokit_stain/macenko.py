"""Stain normalization by Macenko et al. 2009."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Field, FloatArray, Params, Preprocessor, RGBImage

# Hematoxylin and eosin of the method's authors; azure B and eosin of blood smears are close to them.
REFERENCE_STAINS = np.array([[0.5626, 0.2159], [0.7201, 0.8012], [0.4062, 0.5581]])
REFERENCE_STRENGTH = np.array([1.9705, 1.0308])


class MacenkoParams(Params):
    """Parameters of Macenko's method."""

    template: Literal["reference", "fitted"] = Field(
        "reference",
        description="Stain colors to bring images to: the published ones, or the training part's mean.",
    )
    light: float = Field(240, gt=0, le=255, description="Intensity of light through clear glass, 0..255.")
    min_density: float = Field(0.15, ge=0, description="Pixels of less optical density count as background.")
    percentile: float = Field(
        1, gt=0, lt=50, description="Percentile of angles taken for a pure stain; robust against noise."
    )


class Macenko(Preprocessor):
    """Replace the two stain colors of an image by a template's.

    Optical density is split into two stains, whose directions are the extreme angles in the plane of the two
    largest principal components; concentrations are kept, colors are exchanged. An image with too little
    stain to find two directions (nearly empty glass) is returned as it is.

    Source: Macenko et al. 2009, doi 10.1109/ISBI.2009.5193250.
    """

    Params = MacenkoParams
    params: MacenkoParams

    def __init__(self, params: MacenkoParams | None = None) -> None:
        super().__init__(params)
        self._stains: FloatArray = REFERENCE_STAINS
        self._strength: FloatArray = REFERENCE_STRENGTH

    def needs_fit(self) -> bool:
        """Whether the template is learnt from the training part."""
        return self.params.template == "fitted"

    def fit(self, images: Iterable[RGBImage]) -> None:
        """Average stain colors and strengths over images that have both stains."""
        total_stains, total_strength, count = np.zeros((3, 2)), np.zeros(2), 0
        for image in images:
            density = self._density(image)
            stains = self._directions(density)
            if stains is not None:
                total_stains += stains
                total_strength += _strength(_concentrations(density, stains))
                count += 1
        if count:
            self._stains = total_stains / np.linalg.norm(total_stains, axis=0)
            self._strength = total_strength / count

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Learnt stain colors (3 x 2) and strengths (2); empty for the published template."""
        return {"stains": self._stains, "strength": self._strength} if self.needs_fit() else {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take back learnt stains."""
        self._stains = np.asarray(state["stains"], dtype=np.float64)
        self._strength = np.asarray(state["strength"], dtype=np.float64)

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:  # noqa: ARG002
        """Exchange stain colors; uint8 H x W x 3 in and out."""
        density = self._density(image)
        stains = self._directions(density)
        if stains is None:
            return image
        concentrations = _concentrations(density, stains)
        strength = _strength(concentrations)
        if not (strength > 0).all():
            return image
        concentrations *= self._strength / strength
        shown = -concentrations @ self._stains.T
        np.exp(shown, out=shown)
        shown *= self.params.light
        np.rint(shown, out=shown)
        np.clip(shown, 0, 255, out=shown)
        return shown.astype(np.uint8).reshape(image.shape)

    def _density(self, image: RGBImage) -> FloatArray:
        """Optical density of each pixel, float64 n x 3."""
        return self._table().take(image.reshape(-1, 3))

    def _table(self) -> FloatArray:
        """Optical density of each of the 256 levels, falling."""
        table: FloatArray = -np.log((np.arange(256) + 1) / self.params.light)
        return table

    def _directions(self, density: FloatArray) -> FloatArray | None:
        """Directions of the two stains, float64 3 x 2, unit length; None where there is too little stain."""
        red, green, blue = density.T
        stained = density[np.minimum(np.minimum(red, green), blue) > self.params.min_density]
        if len(stained) < 100:
            return None
        values, vectors = np.linalg.eigh(np.cov(stained, rowvar=False))
        if values[1] < 1e-8:  # all pixels on one line: a single color
            return None
        plane = vectors[:, [2, 1]]
        plane = plane * np.where(plane.sum(axis=0) < 0, -1, 1)
        angles = np.arctan2(*(stained @ plane).T[::-1])
        low, high = np.percentile(angles, [self.params.percentile, 100 - self.params.percentile])
        ends = plane @ np.array([[np.cos(low), np.cos(high)], [np.sin(low), np.sin(high)]])
        # Hematoxylin-like first: it absorbs more red.
        return ends if ends[0, 0] > ends[0, 1] else ends[:, ::-1]


def _concentrations(density: FloatArray, stains: FloatArray) -> FloatArray:
    return density @ np.linalg.pinv(stains).T


def _strength(concentrations: FloatArray) -> FloatArray:
    return np.percentile(concentrations, 99, axis=0)
