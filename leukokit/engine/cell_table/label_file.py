"""Label images as files that other programs read: PNG of 16 bits, or TIFF of 32 where ids are larger."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from leukokit.api import LabelImage

_LARGEST_PNG = 2**16 - 1


def label_file(labels: LabelImage) -> tuple[str, bytes]:
    """Encode a label image.

    Parameters
    ----------
    labels : int32 array, H x W

    Returns
    -------
    str
        Ending of the file's name: ``png`` or ``tif``.
    bytes
        The same labels give the same bytes.
    """
    buffer = io.BytesIO()
    if labels.max(initial=0) <= _LARGEST_PNG:
        Image.fromarray(labels.astype(np.uint16)).save(buffer, "PNG")
        return "png", buffer.getvalue()
    Image.fromarray(np.ascontiguousarray(labels)).save(buffer, "TIFF", compression="tiff_adobe_deflate")
    return "tif", buffer.getvalue()
