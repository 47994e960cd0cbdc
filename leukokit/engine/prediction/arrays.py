"""Arrays that a Python caller predicts: checked, and written without loss as files that the workers read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image as PillowImage

from leukokit.api import RGBImage, Sample
from leukokit.errors import UsageError
from leukokit.process.scratch import scratch_folder


@contextmanager
def array_files(images: Sequence[object]) -> Iterator[list[Sample]]:
    """Give a sample for each array, for as long as the block.

    Raises
    ------
    UsageError
        Where one of them is no uint8 array H x W x 3, saying what it is and how to change it.
    """
    arrays: list[NDArray[np.generic]] = []
    for number, image in enumerate(images):
        if not isinstance(image, np.ndarray):
            error = no_image(image, f"image {number}")
            mixed = isinstance(image, str | Path | Sample)
            hint = "Give arrays only, or paths, URLs and samples only" if mixed else error.hint
            raise UsageError(error.what, hint=hint)
        arrays.append(image)
    checked = [checked_array(image, f"array {number}") for number, image in enumerate(arrays)]
    with scratch_folder() as folder:
        yield [_written(image, number, folder) for number, image in enumerate(checked)]


def _written(image: RGBImage, number: int, folder: Path) -> Sample:
    path = folder / f"{number}.png"
    done, content = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not done:
        raise UsageError(f"array {number} of shape {image.shape} cannot be written as an image")
    path.write_bytes(content.tobytes())
    return Sample(f"array {number}", path=path)


def no_image(given: object, name: str) -> UsageError:
    """Give the error for an object that is neither path, URL, array nor sample."""
    hint = "Give paths, URLs, uint8 arrays H x W x 3, or samples of a data set"
    if isinstance(given, PillowImage):
        hint = "Give its pixels: np.asarray(image.convert('RGB')); or better its path"
    elif isinstance(given, bytes):
        hint = "Write the bytes to a file, and give its path"
    elif isinstance(given, list):
        hint = "Lists in lists are not looked into: give one list of paths or of arrays"
    return UsageError(f"{name} is a {type(given).__name__}", hint=hint)


def checked_array(image: NDArray[np.generic], name: str) -> RGBImage:
    """Refuse what is no RGB image, with what to do about it."""
    shape = " x ".join(map(str, image.shape)) or "a single number"
    if hint := _shape_hint(image):
        raise UsageError(f"{name} has the shape {shape}, expected H x W x 3 (red, green, blue)", hint=hint)
    if image.dtype != np.uint8:
        raise UsageError(
            f"{name} has the type {image.dtype}, expected uint8 in 0..255", hint=_type_hint(image)
        )
    return np.ascontiguousarray(image)


def _shape_hint(image: NDArray[np.generic]) -> str | None:
    """Say what to do about a wrong shape; None where it is right."""
    if image.ndim == 2:
        return (
            "A gray image holds no stain: give the color image; or, if the model learned from gray ones, "
            "np.stack([image] * 3, axis=-1)"
        )
    if image.ndim == 4:
        return "Give the images of a batch one by one: list(batch)"
    if image.ndim != 3:
        return "Give one array of height x width x 3 an image"
    if image.shape[2] == 4:
        return "Leave the alpha channel out: image[..., :3]"
    if image.shape[2] == 3:
        return None if min(image.shape) > 0 else "It has no pixels"
    if image.shape[0] == 3:
        return "The channels come first: np.moveaxis(image, 0, -1)"
    return "Choose the red, green and blue channels: image[..., [r, g, b]]"


def _type_hint(image: NDArray[np.generic]) -> str:
    if np.issubdtype(image.dtype, np.floating):
        if not np.isfinite(image).all():
            return "It holds values that are not finite (nan, inf): see how it was made"
        if image.max() <= 1:
            return "It looks divided by 255: (image * 255).round().astype(np.uint8)"
        return "If its values are 0..255: image.round().astype(np.uint8)"
    if image.dtype == np.uint16:
        return "16 bits a channel: divide by what the camera's white is, or give the file and set data.read"
    return "If its values are 0..255: image.astype(np.uint8)"
