"""Label images from ground-truth mask files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

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
    note,
    read_input,
    read_url,
    shown_url,
)
from leukokit.plugins.datasets._mask_values import MaskCode, MaskRole, MaskValues, OtherValues

_FORMATS = ("PNG", "TIFF", "BMP", "GIF")  # JPEG would smear the values
MASK_EXTENSIONS = (".png", ".tif", ".tiff", ".bmp", ".gif")
"""Endings of mask files, in lower case."""
_SHOWN = 5


def read_truth(path: Path | str, values: MaskValues, other: OtherValues = "error") -> Labels:
    """Read a mask file.

    Parameters
    ----------
    path : Path or str
        Path or URL: PNG, TIFF, BMP or GIF with one value a pixel (gray, palette or three equal channels), or
        one color a pixel where the values are colors.
    values : mapping of str to value or values
        ``nucleus`` and, where it is marked, ``cytoplasm`` -> gray value or color.
    other : str
        What to do with values that nobody named: ``error``, ``nearest`` or ``background``.

    Returns
    -------
    Labels
        ``cell`` is the union, labeled by 8-connected components; a nucleus has the id of its cell. Cells of
        one pixel are kept and noted: more likely a mistake in drawing than a cell.

    Raises
    ------
    ImageRejected
        ``bad_mask``, with the fault of the file.
    """
    code = MaskCode.of(values)
    mask = _codes(path, in_color=code.in_color)
    present, places, counts = np.unique(mask, return_inverse=True, return_counts=True)
    roles = code.role_of(present)
    unnamed = [i for i, role in enumerate(roles) if role is None]
    nothing = not any(role in ("nucleus", "cytoplasm") for role in roles)
    if unnamed and (other == "error" or nothing):
        raise ImageRejected("bad_mask", f"{_name(path)} {_unnamed(code, present, counts, unnamed, values)}")
    known = [role or _role(code, int(value), other) for role, value in zip(roles, present, strict=True)]
    nucleus = np.array([role == "nucleus" for role in known])[places].reshape(mask.shape)
    cell = np.array([role != "background" for role in known])[places].reshape(mask.shape)
    labels = to_labels(nucleus=nucleus, cell=cell)
    single = np.count_nonzero(np.bincount(labels.cell.ravel())[1:] == 1)
    if single:
        note(f"{_name(path)}: {single} of {labels.count} marked cells have a single pixel")
    return labels


def read_instances(path: Path | str, role: str) -> Labels:
    """Read a mask file in which every value, or color, is one object.

    Parameters
    ----------
    path : Path or str
        Path or URL: PNG, TIFF, BMP or GIF with up to 32 bits a pixel, or with colors. 0, or black, is
        background.
    role : str
        What the objects are, such as ``cell``.

    Returns
    -------
    Labels
        Of this role; ids follow the order of the values. Objects of one pixel are kept and noted, and so is a
        file with a single value in several places: most likely no mask of instances.

    Raises
    ------
    ImageRejected
        ``bad_mask``, with the fault of the file.
    """
    mask = _pixels(path, in_color=True)
    codes = _colors(mask) if _is_colored(mask) else _grays(mask)
    if not np.issubdtype(codes.dtype, np.integer):
        raise ImageRejected("bad_mask", f"{_name(path)} holds {codes.dtype} values, expected whole numbers")
    present, places = np.unique(codes, return_inverse=True)
    if present[0] < 0:
        raise ImageRejected("bad_mask", f"{_name(path)} holds the value {present[0]}, expected 0 or more")
    objects = places.reshape(codes.shape).astype(np.int32) + np.int32(present[0] != 0)
    single = int(np.count_nonzero(np.bincount(objects.ravel())[1:] == 1))
    if single:
        note(f"{_name(path)}: {single} of {int(objects.max())} objects have a single pixel")
    if objects.max() == 1 and cv2.connectedComponents((objects > 0).astype(np.uint8))[0] > 2:
        note(f"{_name(path)}: has a single value in several places; is it no mask of instances?")
    return Labels({role: objects}, Status.OK if objects.any() else Status.NO_CELL)


def _role(code: MaskCode, value: int, other: OtherValues) -> MaskRole:
    return code.nearest(value) if other == "nearest" else "background"


def _unnamed(
    code: MaskCode,
    present: NDArray[Any],
    counts: NDArray[np.integer],
    unnamed: list[int],
    values: MaskValues,
) -> str:
    """Say which values nobody named, the most frequent first, and what to do."""
    order = sorted(unnamed, key=lambda i: -int(counts[i]))
    shares = [f"{code.written(int(present[i]))} ({counts[i] / counts.sum():.2%})" for i in order[:_SHOWN]]
    more = ""
    if len(order) > _SHOWN:
        rest = sum(int(counts[i]) for i in order[_SHOWN:]) / int(counts.sum())
        more = f" and {len(order) - _SHOWN} more ({rest:.2%})"
    named = ", ".join(f"{role}: {value}" for role, value in values.items())
    return (
        f"holds values that mask_values does not name: {', '.join(shares)}{more} of the pixels; named are "
        f"{named}. Name them, or set mask_other: nearest (or background)"
    )


def to_labels(nucleus: Mask, cell: Mask) -> Labels:
    """Label cells by 8-connected components; each nucleus has the id of its cell."""
    _, components = cv2.connectedComponents(cell.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    cells: LabelImage = np.asarray(components, dtype=np.int32)
    status = Status.OK if cells.any() else Status.NO_CELL
    return Labels({NUCLEUS: np.where(nucleus, cells, np.int32(0)), CELL: cells}, status)


def _name(path: Path | str) -> str:
    return path.name if isinstance(path, Path) else shown_url(path).partition("::")[0].rpartition("/")[2]


def _pixels(path: Path | str, *, in_color: bool) -> NDArray[Any]:
    """Values of a file as it holds them; those of a palette are colors where ``in_color``."""
    name = _name(path)
    try:
        content = read_url(path) if isinstance(path, str) else read_input(path)
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ImageRejected("bad_mask", f"{name} is {image.width} x {image.height} px, too large")
            # A palette file of colors is read by its colors where these are named.
            mask = np.array(image.convert("RGB") if in_color and image.mode == "P" else image)
    except ImageRejected:
        raise
    except OSError as error:
        raise ImageRejected("bad_mask", f"{name} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # malformed files cause many kinds of errors in decoders
        raise ImageRejected("bad_mask", f"{name} does not decode: {error}") from error
    return mask


def _codes(path: Path | str, *, in_color: bool) -> NDArray[Any]:
    """Gray values, or colors as whole numbers, H x W."""
    name = _name(path)
    mask = _pixels(path, in_color=in_color)
    if in_color:
        if mask.ndim != 3 or mask.shape[2] < 3:
            raise ImageRejected(
                "bad_mask", f"{name} is no color image, but mask_values names colors; name gray values"
            )
        return _colors(mask)
    if _is_colored(mask):
        raise ImageRejected(
            "bad_mask",
            f"{name} is a color image; a mask has one value a pixel, unless mask_values names colors, as "
            "{nucleus: cyan, cytoplasm: blue}",
        )
    return _grays(mask)


def _is_colored(mask: NDArray[Any]) -> bool:
    return mask.ndim == 3 and bool((mask[..., :3] != mask[..., :1]).any())


def _colors(mask: NDArray[Any]) -> NDArray[np.int64]:
    red, green, blue = (mask[..., channel].astype(np.int64) for channel in range(3))
    return red << 16 | green << 8 | blue


def _grays(mask: NDArray[Any]) -> NDArray[Any]:
    gray = mask[..., 0] if mask.ndim == 3 else mask
    return gray.astype(np.int64) if gray.dtype == np.bool_ else gray
