"""Augmentation: random changes of training images that keep them realistic smears."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api.params import Field, Params
from leukokit.arrays import RGBImage


class Augmentation(Params):
    """Parameters of the augmentation; the defaults flip and rotate, which only permutes pixels."""

    flips: bool = Field(True, description="Mirror images.")
    rotations: bool = Field(
        True, description="Rotate by multiples of 90 degrees (of 180 where an image is not square)."
    )
    small_rotation: float = Field(
        0.0, ge=0, le=45, description="Largest additional rotation, in degrees; corners are mirrored."
    )
    stain_jitter: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="Strength s of color jitter in stain space: each stain's concentration is multiplied by "
        "1 - s to 1 + s and shifted by up to s / 10.",
    )
    crop: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="Largest share of height and width that a random crop removes; the rest is enlarged.",
    )
    views: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Number of fixed random views of each image: epoch e uses view e mod views, and frozen "
        "layers are computed once per view. null: new random changes in each epoch.",
    )

    @property
    def active(self) -> bool:
        """Whether any change is enabled."""
        return bool(self.flips or self.rotations or self.small_rotation or self.stain_jitter or self.crop)


def sample_rng(seed: int, sample_id: str, view: int) -> np.random.Generator:
    """Random generator of one view of one sample, independent of the order and of workers."""
    text = f"augment\0{seed}\0{view}\0{sample_id}".encode("utf-8", "surrogateescape")
    digest = hashlib.blake2b(text, digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))


@dataclass(frozen=True, slots=True)
class Draws:
    """All random numbers of one view, drawn whether they are used or not.

    So the numbers of a transform do not depend on which other transforms are enabled.
    """

    flip: bool
    turns: int
    angle: float
    scale: NDArray[np.float64]
    shift: NDArray[np.float64]
    crop: NDArray[np.float64]

    @classmethod
    def of(cls, rng: np.random.Generator) -> Self:
        """Draw uniform numbers, in -1..1 or 0..1."""
        u = rng.random(13)
        return cls(
            flip=bool(u[0] < 0.5),
            turns=int(u[1] * 4),
            angle=2 * u[2] - 1,
            scale=2 * u[3:6] - 1,
            shift=2 * u[6:9] - 1,
            crop=u[9:13],
        )


def augmented(image: RGBImage, params: Augmentation, rng: np.random.Generator) -> RGBImage:
    """Change an image at random.

    Parameters
    ----------
    image : uint8 array, H x W x 3
        Not changed.
    params : Augmentation
    rng : numpy Generator
        From :func:`sample_rng`.

    Returns
    -------
    uint8 array, H x W x 3
        A new array of the same shape. Flips and rotations by 90 degrees permute pixels; a crop and a small
        rotation are done in one interpolation.
    """
    draws = Draws.of(rng)
    out = image
    if params.stain_jitter:
        out = _stain_jitter(out, params.stain_jitter, draws)
    if params.crop or params.small_rotation:
        out = _warp(out, params, draws)
    if params.rotations:
        square = out.shape[0] == out.shape[1]
        turn = _TURNS[draws.turns if square else 2 * (draws.turns // 2)]
        if turn is not None:
            out = np.asarray(cv2.rotate(out, turn), dtype=np.uint8)
    if params.flips and draws.flip:
        out = np.asarray(cv2.flip(out, 1), dtype=np.uint8)
    # Always a copy, so that the result never shares memory with the image.
    return image.copy(order="C") if out is image else out


# Counterclockwise rotations by 0, 90, 180 and 270 degrees. OpenCV is several times as fast as numpy's rot90
# with a contiguous copy.
_TURNS = (None, cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE)


# Stain vectors of hematoxylin, eosin and a residual (Ruifrok and Johnston 2001, as in scikit-image). The
# stains of blood smears are azure B and eosin; azure absorbs similarly to hematoxylin. For a jitter the
# vectors only need to span the colors of the smear.
_STAINS = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
_UNMIX = np.linalg.inv(_STAINS)
_DENSITY = (-np.log((np.arange(256) + 1.0) / 256.0)).astype(np.float32)


def _stain_jitter(image: RGBImage, strength: float, draws: Draws) -> RGBImage:
    """Scale and shift the concentration of each stain.

    Source: Tellez et al. 2018, doi 10.1109/TMI.2018.2820199. Scaling concentrations is one matrix on optical
    density, and a shift one vector.
    """
    scale = 1.0 + strength * draws.scale
    matrix = _UNMIX @ np.diag(scale) @ _STAINS
    # Glass has no stain to scale: without a shift its brightness does not change.
    shift = 0.1 * strength * draws.shift @ _STAINS
    affine = np.column_stack([matrix.T, shift]).astype(np.float32)
    light = np.asarray(cv2.transform(cv2.LUT(image, _DENSITY), affine), dtype=np.float32)
    # In place: allocating arrays of this size takes longer than the arithmetic.
    np.negative(light, out=light)
    cv2.exp(light, dst=light)
    np.multiply(light, 256.0, out=light)
    np.subtract(light, 1.0, out=light)
    np.clip(light, 0.0, 255.0, out=light)
    return np.asarray(cv2.convertScaleAbs(light), dtype=np.uint8)


def _warp(image: RGBImage, params: Augmentation, draws: Draws) -> RGBImage:
    """Crop, enlarge and rotate about the center, in one interpolation."""
    height, width = image.shape[:2]
    kept = 1.0 - params.crop * draws.crop[:2]
    start = draws.crop[2:] * (1.0 - kept)
    middle = np.array([width, height]) / 2 - 0.5
    source = (start + kept / 2) * [width, height] - 0.5
    angle = np.deg2rad(params.small_rotation * draws.angle)
    turn: Any = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn * kept
    matrix = np.column_stack([linear, source - linear @ middle])
    return np.asarray(
        cv2.warpAffine(
            image,
            matrix,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101,
        ),
        dtype=np.uint8,
    ).reshape(image.shape)
