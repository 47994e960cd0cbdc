"""Label images from ground-truth mask files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from leukokit.api import (
    CELL,
    MAX_PIXELS,
    NUCLEUS,
    ImageRejected,
    LabelImage,
    Labels,
    Mask,
    Status,
    read_input,
    read_url,
    shown_url,
)

MaskRole: TypeAlias = Literal["nucleus", "cytoplasm"]

_FORMATS = ("PNG", "TIFF", "BMP", "GIF")  # JPEG would smear the values


def read_truth(path: Path | str, values: Mapping[MaskRole, int]) -> Labels:
    """Read a mask file.

    Parameters
    ----------
    path : Path or str
        Path or URL: PNG, TIFF, BMP or GIF with one value a pixel (gray, palette or three equal channels).
    values : mapping of str to int
        ``nucleus`` and, where it is marked, ``cytoplasm`` -> value; other values are background.

    Returns
    -------
    Labels
        ``cell`` is the union, labeled by 8-connected components; a nucleus has the id of its cell.

    Raises
    ------
    ImageRejected
        ``bad_mask``, with the fault of the file.
    """
    mask = _values(path)
    present = set(np.unique(mask).tolist()) - {0}
    if present and present.isdisjoint(values.values()):
        shown = ", ".join(map(str, sorted(present)[:5])) + (" ..." if len(present) > 5 else "")
        expected = ", ".join(f"{role}: {value}" for role, value in values.items())
        raise ImageRejected("bad_mask", f"{_name(path)} holds the values {shown} and none of {expected}")
    return to_labels(nucleus=np.equal(mask, values["nucleus"]), cell=np.isin(mask, list(values.values())))


def to_labels(nucleus: Mask, cell: Mask) -> Labels:
    """Label cells by 8-connected components; each nucleus has the id of its cell."""
    _, components = cv2.connectedComponents(cell.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    cells: LabelImage = np.asarray(components, dtype=np.int32)
    status = Status.OK if cells.any() else Status.NO_CELL
    return Labels({NUCLEUS: np.where(nucleus, cells, np.int32(0)), CELL: cells}, status)


def _name(path: Path | str) -> str:
    return path.name if isinstance(path, Path) else shown_url(path).partition("::")[0].rpartition("/")[2]


def _values(path: Path | str) -> NDArray[Any]:
    name = _name(path)
    try:
        content = read_url(path) if isinstance(path, str) else read_input(path)
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ImageRejected("bad_mask", f"{name} is {image.width} x {image.height} px, too large")
            mask = np.array(image)
    except ImageRejected:
        raise
    except OSError as error:
        raise ImageRejected("bad_mask", f"{name} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # malformed files cause many kinds of errors in decoders
        raise ImageRejected("bad_mask", f"{name} does not decode: {error}") from error
    if mask.ndim == 3:
        if mask.shape[2] > 3:
            mask = mask[..., :3]
        if (mask != mask[..., :1]).any():
            raise ImageRejected("bad_mask", f"{name} is a color image; a mask has one value a pixel")
        mask = mask[..., 0]
    return mask.astype(np.int64) if mask.dtype == np.bool_ else mask
