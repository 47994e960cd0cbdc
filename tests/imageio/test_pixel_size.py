"""What a file says of the width of its pixels."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import AppendingTiffWriter

from leukokit.imageio.pixel_size import PixelSize, pixel_size

PICTURE = Image.fromarray(np.zeros((8, 8, 3), np.uint8))
OME = '<OME xmlns="x"><Image><Pixels ID="a" {}/></Image></OME>'


def saved(kind: str = "TIFF", **tags: Any) -> bytes:
    file = io.BytesIO()
    PICTURE.save(file, kind, **tags)
    return file.getvalue()


def said(content: bytes, frame: int | None = None) -> PixelSize:
    return pixel_size(io.BytesIO(content), frame)


@pytest.mark.parametrize(
    ("tags", "um"),
    [
        ({"resolution": 100_000, "resolution_unit": "cm"}, 0.1),
        ({"resolution": 254_000, "resolution_unit": "inch"}, 0.1),
        ({"description": OME.format('PhysicalSizeX="0.13" PhysicalSizeY="0.13"')}, 0.13),
        ({"tiffinfo": {270: OME.format('PhysicalSizeX="0.13" PhysicalSizeXUnit="µm"').encode()}}, 0.13),
        ({"description": OME.format('PhysicalSizeX="130" PhysicalSizeXUnit="nm"')}, 0.13),
        (
            {"description": OME.format('PhysicalSizeX="0.13"'), "dpi": (72, 72)},
            0.13,
        ),
        (
            {"description": "ImageJ=1.54\nunit=micron\n", "x_resolution": 8, "y_resolution": 8},
            0.125,
        ),
        (
            {"description": "ImageJ=1.54\nunit=\\u00b5m\n", "x_resolution": 8, "y_resolution": 8},
            0.125,
        ),
    ],
)
def test_the_width_of_a_pixel_is_read(tags: dict[str, Any], um: float) -> None:
    """From TIFF resolution, OME-XML before it, and ImageJ's own unit."""
    size = said(saved(**tags))
    assert size.um == pytest.approx(um)
    assert size.why == ""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (saved(), "does not say"),
        (saved(dpi=(72, 72)), "says 352.8 um a pixel, which no photograph of cells has"),
        (saved(x_resolution=8, y_resolution=8, resolution_unit=1), "does not say"),
        (saved(x_resolution=100_000, y_resolution=50_000, resolution_unit="cm"), "not square"),
        (saved(description=OME.format('PhysicalSizeX="3" PhysicalSizeXUnit="pixel"')), "does not say"),
        (saved(description=OME.format('PhysicalSizeX="wide"')), "cannot be read"),
        (saved("PNG", dpi=(254_000, 254_000)), "no TIFF"),
        (b"", "no TIFF"),
        (b"II*\0" + b"\xff" * 40, "cannot be read"),
    ],
)
def test_what_cannot_be_believed_is_told(content: bytes, why: str) -> None:
    """A screen's resolution, oblong pixels and damaged headers give no scale, and the reason."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Pillow's, of damaged tags
        size = said(content)
    assert size.um is None
    assert why in size.why


def test_a_page_has_its_own_resolution() -> None:
    """Pages of a TIFF may be of several magnifications."""
    file = io.BytesIO()
    with AppendingTiffWriter(file, new=True) as pages:
        for resolution in (100_000, 50_000):
            PICTURE.save(pages, "TIFF", resolution=resolution, resolution_unit="cm")
            pages.newFrame()
    assert said(file.getvalue()).um == pytest.approx(0.1)
    assert said(file.getvalue(), frame=1).um == pytest.approx(0.2)
    assert said(file.getvalue(), frame=7).um is None


@given(st.binary(max_size=200), st.sampled_from([b"II*\0", b"MM\0*", b""]))
def test_no_bytes_break_it(rest: bytes, start: bytes) -> None:
    """Whatever a file holds, the answer is a size or a reason."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        size = said(start + rest)
    assert (size.um is None) == bool(size.why)
