"""Read a figure of a run directory, which may come from anyone: one file, of bounded bytes and pixels."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from leukokit.record.folder import MEGABYTE, read_bytes

MOST_PIXELS = 30_000_000
"""A sheet of 24 wide fields has 15 million; each takes 4 bytes while it is decoded, and 3 more after."""
_MOST_BYTES = 64 * MEGABYTE


@dataclass(frozen=True, slots=True)
class FigureFile:
    """A decoded figure.

    Attributes
    ----------
    image : Image
        RGB.
    texts : dict of str to str
        Text chunks of the PNG file.
    """

    image: Image.Image
    texts: dict[str, str]


def read_figure(root: Path, name: str) -> FigureFile | None:
    """Read a PNG file of a run directory; None where it is damaged, or has more pixels than any figure.

    Raises
    ------
    DataError
        Where it leads out of the directory, is no regular file, or has too many bytes.
    """
    content = read_bytes(root, name, _MOST_BYTES)
    try:
        # PNG alone: other formats run more code, PostScript even another program.
        with Image.open(io.BytesIO(content), formats=["PNG"]) as opened:
            if opened.width * opened.height > MOST_PIXELS:  # known before anything is decoded
                return None
            texts = {str(key): value for key, value in opened.info.items() if isinstance(value, str)}
            return FigureFile(opened.convert("RGB"), texts)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
