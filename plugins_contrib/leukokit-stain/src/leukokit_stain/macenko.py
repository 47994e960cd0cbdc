"""Stain normalization by Macenko et al. 2009."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from leukokit.api import DataError, Field, FloatArray, Mask, Params, Preprocessor, RGBImage, note
from leukokit.api.smear import stain_contrast, void_mask, white_point

# Hematoxylin and eosin of the method's authors; azure B and eosin of blood smears are close to them.
REFERENCE_STAINS = np.array([[0.5626, 0.2159], [0.7201, 0.8012], [0.4062, 0.5581]])
REFERENCE_STRENGTH = np.array([1.9705, 1.0308])
WHITE = 240.0
"""Intensity of clear glass in the result, and in images without visible glass (value of the authors)."""

MOST_DENSITY = 2.5


@dataclass(frozen=True)
class _Stained:
    """An image split into its two stains.

    Attributes
    ----------
    stains : float64 array, 3 x 2
        Density of a unit of each stain in red, green and blue, of length 1.
    strength : float64 array (2,)
        99th percentile of the concentrations.
    concentrations : float64 array, pixels x 2
    void : bool array, H x W, or None
    no_glass : bool
        True where the white point could not be measured.
    """

    stains: FloatArray
    strength: FloatArray
    concentrations: FloatArray
    void: Mask | None
    no_glass: bool


class MacenkoParams(Params):
    """Parameters of Macenko's method."""

    template: Literal["reference", "fitted"] = Field(
        "reference",
        description="Stain colors that images are adjusted to: the published ones, or the training "
        "part's mean.",
    )
    light: float | None = Field(
        None,
        gt=0,
        le=255,
        description=(
            "Intensity of light through clear glass, 0..255, the same in all channels of every image and of "
            "the result. By default it is measured on the glass of each image, and is 240 in the result."
        ),
    )
    min_density: float = Field(
        0.15, ge=0, description="Pixels with less optical density in every channel are background."
    )
    percentile: float = Field(
        1, gt=0, lt=50, description="Percentile of the angles that is used as the angle of a pure stain."
    )


class Macenko(Preprocessor):
    """Replace the two stain colors of an image by those of a template.

    Optical density is decomposed into two stains, whose directions are the extreme angles in the plane of the
    two largest principal components. Concentrations are kept, and the stain colors are replaced.

    Density is relative to the white point, which is estimated on the glass of each image: with one white
    point for all images, tinted or gray glass would count as stain and become pink. Where no glass is visible
    (as in a crop inside a cell), the white point is 240, the value of the authors, and a note is added. Black
    areas do not count and are not changed. An image without stain contrast (blank glass, noise, black), or
    with too little stain for two directions, is returned unchanged, with a note.

    Source: Macenko et al. 2009, doi 10.1109/ISBI.2009.5193250, with three changes for blood. A pixel is
    stained if any channel absorbs, not only if all do, since azure does not absorb blue and nuclei would be
    left out. Density is limited to 2.5, where a nucleus is nearly black for an 8-bit camera. Concentrations
    are not negative; pixels with negative ones became turquoise.
    """

    Params = MacenkoParams
    params: MacenkoParams
    revision = 3

    def __init__(self, params: MacenkoParams | None = None) -> None:
        super().__init__(params)
        self._stains: FloatArray = REFERENCE_STAINS
        self._strength: FloatArray = REFERENCE_STRENGTH

    def needs_fit(self) -> bool:
        """Whether the template is learnt from the training part."""
        return self.params.template == "fitted"

    def fit(self, images: Iterable[RGBImage]) -> None:
        """Average stain colors and strengths over images that have both stains.

        Raises
        ------
        DataError
            Where no image has them.
        """
        total_stains, total_strength, count = np.zeros((3, 2)), np.zeros(2), 0
        for image in images:
            stained = self._stained(image)
            if stained is not None:
                total_stains += stained.stains
                total_strength += stained.strength
                count += 1
        if not count:
            raise DataError(
                "stain/macenko found two stains in none of the images that its template is fitted on",
                where="training part",
                hint="Check the images, or use `template: reference`",
            )
        self._stains = total_stains / np.linalg.norm(total_stains, axis=0)
        self._strength = total_strength / count

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Learnt stain colors (3 x 2) and strengths (2); empty for the published template."""
        return {"stains": self._stains, "strength": self._strength} if self.needs_fit() else {}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Restore the result of ``state``."""
        self._stains = np.asarray(state["stains"], dtype=np.float64)
        self._strength = np.asarray(state["strength"], dtype=np.float64)

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:  # noqa: ARG002
        """Replace the stain colors; uint8 H x W x 3 in and out."""
        stained = self._stained(image)
        if stained is None:
            note("no stain contrast (blank glass, noise or black): passed unchanged")
            return image
        if stained.no_glass:
            note(f"no glass visible: white point set to {WHITE:.0f}")
        shown = -(stained.concentrations * (self._strength / stained.strength)) @ self._stains.T
        np.exp(shown, out=shown)
        shown *= self.params.light or WHITE
        np.rint(shown, out=shown)
        np.clip(shown, 0, 255, out=shown)
        result = shown.astype(np.uint8).reshape(image.shape)
        if stained.void is not None:
            result[stained.void] = image[stained.void]
        return result

    def _stained(self, image: RGBImage) -> _Stained | None:
        """Decompose an image into its two stains; None where it does not have both."""
        if not stain_contrast(image).stained:
            return None
        measured = np.full(3, self.params.light) if self.params.light else white_point(image)
        density = _density(image, np.full(3, WHITE) if measured is None else measured)
        void = void_mask(image)
        seen = density if void is None else density[~void.ravel()]
        stains = self._directions(seen)
        if stains is None:
            return None
        concentrations: FloatArray = np.maximum(density @ np.linalg.pinv(stains).T, 0)
        counted = concentrations if void is None else concentrations[~void.ravel()]
        strength: FloatArray = np.percentile(counted, 99, axis=0)
        if not (strength > 0).all():
            return None
        return _Stained(stains, strength, concentrations, void, no_glass=measured is None)

    def _directions(self, density: FloatArray) -> FloatArray | None:
        """Directions of the two stains, float64 3 x 2, unit length; None where there is too little stain."""
        stained = density[density.max(axis=1) > self.params.min_density]
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
        # Hematoxylin-like first: it absorbs red more than blue.
        redder = ends[0] - ends[2]
        return ends if redder[0] > redder[1] else ends[:, ::-1]


def _density(image: RGBImage, white: FloatArray) -> FloatArray:
    """Optical density of each pixel against the white point, float64 n x 3."""
    levels = np.arange(256, dtype=np.float64)[:, None]
    table = np.clip(np.log(white / (levels + 1)), 0, MOST_DENSITY)
    channels = [table[:, channel].take(image[..., channel].ravel()) for channel in range(3)]
    return np.stack(channels, axis=1)
