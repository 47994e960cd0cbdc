"""Ground-truth masks from single-channel images."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from scipy import ndimage

from leukokit.api import CELL, NUCLEUS, ImageRejected, Labels, Status


MaskRole = Literal["nucleus", "cytoplasm"]


def read_mask(path: Path) -> NDArray[Any]:
    """Values of a mask file, H x W.

    Raises
    ------
    ImageRejected
        ``unreadable`` or ``damaged``, and ``unsupported`` for files with color.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageRejected("unreadable", f"mask {path.name}: {error.strerror}") from error
    try:
        with Image.open(io.BytesIO(data)) as image:
            mask = np.asarray(image)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise ImageRejected("damaged", f"mask {path.name} cannot be read: {error}") from error
    if mask.ndim == 3 and (mask == mask[..., :1]).all():
        mask = mask[..., 0]
    if mask.ndim != 2:
        raise ImageRejected("unsupported", f"mask {path.name} has color; expected one value a pixel")
    return mask


def labels_from_mask(mask: NDArray[Any], values: Mapping[MaskRole, int], *, one_cell: bool = False) -> Labels:
    """Turn mask values into label images.

    Parameters
    ----------
    mask : array, H x W
    values : mapping of MaskRole to int
        Value of ``nucleus`` and, where it is marked, of ``cytoplasm``.
    one_cell : bool
        All marked pixels are one cell; otherwise each connected region (8 neighbors) is.
    """
    nucleus = mask == values["nucleus"]
    marked = nucleus | (mask == values["cytoplasm"]) if "cytoplasm" in values else nucleus
    if one_cell:
        cell = marked.astype(np.int32)
    else:
        cell = ndimage.label(marked, structure=np.ones((3, 3)))[0].astype(np.int32)
    status = Status.OK if marked.any() else Status.NO_CELL
    return Labels({NUCLEUS: np.where(nucleus, cell, 0).astype(np.int32), CELL: cell}, status)
