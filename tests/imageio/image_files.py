"""Image files that the tests of decoding write."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from leukokit.api import ImageRejected, decode_image


def smear(height: int = 40, width: int = 30, seed: int = 0) -> NDArray[np.uint8]:
    """Draw a smooth color field: no two orientations of it look alike."""
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(seed).integers(0, 20, (height, width, 3))
    field = np.stack([x * 200 // width, y * 200 // height, (x + y) * 100 // (height + width)], axis=-1)
    return (field + noise).astype(np.uint8)


def saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    """Bytes of an image file."""
    stream = io.BytesIO()
    image.save(stream, format_, **options)
    return stream.getvalue()


def tiff(array: NDArray[Any], **options: Any) -> bytes:
    """Bytes of a TIFF file of any depth."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, **options)
    return stream.getvalue()


def jpeg(array: NDArray[np.uint8] | None = None, **options: Any) -> bytes:
    """Bytes of a JPEG file."""
    return saved(Image.fromarray(smear() if array is None else array), "JPEG", quality=92, **options)


def reason(data: bytes, **options: Any) -> str:
    """Code that an image is rejected with; the test fails where it is not."""
    with pytest.raises(ImageRejected) as caught:
        decode_image(data, name="x.bin", **options)
    return caught.value.reason
