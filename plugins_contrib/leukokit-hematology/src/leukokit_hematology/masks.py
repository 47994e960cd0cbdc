"""Label images from the gray masks of experts: one value for nuclei, one for cytoplasm."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from leukokit.api import CELL, MAX_PIXELS, NUCLEUS, ImageRejected, LabelImage, Labels, Status, read_input

OtherValues: TypeAlias = Literal["error", "nearest"]
OTHER_DESCRIPTION = (
    "What to do with gray values of masks other than the published ones: error rejects the image and lists "
    "them, "
    "nearest reads each as the nearest of background, cytoplasm and nucleus."
)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class GrayMask:
    """How the masks of a data set are drawn.

    Attributes
    ----------
    nucleus, cytoplasm : int
        Gray values, 1 to 255; 0 is background.
    border : int
        Width of the border of the image that the mask does not have, px.
    """

    nucleus: int
    cytoplasm: int
    border: int = 0


def read_mask(path: Path, drawn: GrayMask, other: OtherValues) -> Labels:
    """Read a mask; cells are 8-connected, and a nucleus has the number of its cell.

    Raises
    ------
    ImageRejected
        ``bad_mask``, where the file cannot be read, is colored, or holds other values.
    """
    gray = _gray_values(path)
    named = np.array([0, drawn.cytoplasm, drawn.nucleus])
    present = np.unique(gray)
    odd = [int(value) for value in present if value not in named]
    if odd and other == "error":
        listed = ", ".join(map(str, odd[:_SHOWN])) + (
            f" and {len(odd) - _SHOWN} more" if len(odd) > _SHOWN else ""
        )
        raise ImageRejected(
            "bad_mask",
            f"{path.name} holds the gray values {listed}; published are 0, {drawn.cytoplasm} (cytoplasm) and "
            f"{drawn.nucleus} (nucleus). Set data.params.mask_other=nearest to read each as the nearest of "
            "these",
        )
    nearest = np.abs(np.arange(256)[:, None] - named).argmin(axis=1).astype(np.uint8)
    kinds = np.pad(nearest[gray], drawn.border)
    _, components = cv2.connectedComponents((kinds > 0).astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    cells: LabelImage = np.asarray(components, dtype=np.int32)
    status = Status.OK if cells.any() else Status.NO_CELL
    return Labels({NUCLEUS: np.where(kinds == 2, cells, np.int32(0)), CELL: cells}, status)


def _gray_values(path: Path) -> NDArray[np.uint8]:
    """Gray values of a PNG or BMP file, H x W; three equal channels count as gray."""
    try:
        with Image.open(io.BytesIO(read_input(path)), formats=("PNG", "BMP")) as image:
            if image.width * image.height > MAX_PIXELS:
                size = f"{image.width} x {image.height} px"
                raise ImageRejected("bad_mask", f"{path.name} has {size}, too many")
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageRejected("bad_mask", f"{path.name} cannot be read: {error}") from error
    if (pixels != pixels[..., :1]).any():
        raise ImageRejected("bad_mask", f"{path.name} is a color image, expected gray values")
    return pixels[..., 0]
