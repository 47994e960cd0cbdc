"""Template images: checked where the recipe names them, identified by content."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from leukokit.api import ImageRejected, RGBImage


def read_template(path: Path) -> RGBImage:
    """Decode a template image.

    Returns
    -------
    uint8 array, H x W x 3

    Raises
    ------
    ImageRejected
        Where the file is no image or a damaged one.
    """
    from leukokit.api import read_image

    image: RGBImage = read_image(path)
    return image


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _usable(path: Path) -> Path:
    if not path.exists():
        raise ValueError(f"no such file: {path} (relative paths start from the folder the command runs in)")
    if not path.is_file():
        raise ValueError(f"{path} is a folder or a device; a template is one image file")
    try:
        read_template(path)
    except ImageRejected as error:
        raise ValueError(f"{path} cannot serve as template: {error}") from error
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    return path


TemplateFile = Annotated[Path, AfterValidator(_usable)]
"""Path of an existing, decodable image."""
