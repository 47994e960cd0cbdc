"""Template images: checked when the recipe is read, identified by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, model_validator

from leukokit.api import DataError, ImageRejected, Params, RGBImage
from leukokit.api.smear import stain_contrast


def read_template(path: Path) -> RGBImage:
    """Decode a template image.

    Returns
    -------
    uint8 array, H x W x 3

    Raises
    ------
    ImageRejected
        Where the file is no image or is damaged.
    """
    from leukokit.api import read_image

    image: RGBImage = read_image(path)
    return image


def no_stained_image_error(name: str, n_images: int) -> DataError:
    """Error of a preprocessor that was given ``n_images`` images, none of them stained."""
    if n_images == 0:
        return DataError(f"{name} was given no image to fit its template on", where="training part")
    return DataError(
        f"{name} found no stain contrast in any of {n_images} images, and blank ones cannot be its template",
        where="training part",
        hint="Check the images, or give a fixed template with `template_file`",
    )


def file_digest(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_template(path: Path) -> Path:
    if not path.exists():
        raise ValueError(f"no such file: {path} (relative paths start from the folder the command runs in)")
    if not path.is_file():
        raise ValueError(f"{path} is a folder or a device; a template is one image file")
    try:
        template = read_template(path)
    except ImageRejected as error:
        raise ValueError(f"{path} cannot serve as template: {error}") from error
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    if not stain_contrast(template).stained:
        raise ValueError(f"{path} cannot serve as template: it shows no stain (blank glass, noise or black)")
    return path


TemplateFile = Annotated[Path, AfterValidator(_check_template)]
"""Path of an existing, decodable image."""


class TemplateParams(Params):
    """Parameters of a preprocessor that adjusts images to a template; the subclass describes both fields."""

    template: str
    template_file: TemplateFile | None = None

    @model_validator(mode="before")
    @classmethod
    def _file_implied(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("template_file") is not None and "template" not in data:
            return {**data, "template": "file"}
        return data

    @model_validator(mode="after")
    def _one_template(self) -> Self:
        if self.template == "file" and self.template_file is None:
            raise ValueError("`template: file` needs the image's path in `template_file`")
        if self.template != "file" and self.template_file is not None:
            raise ValueError(f"`template: {self.template}` takes no `template_file`; `template: file` does")
        return self
