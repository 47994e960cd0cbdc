"""Template images: checked when the recipe is read, identified by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import AfterValidator, model_validator

from leukokit.api import (
    DataError,
    ImageRejected,
    Params,
    Preprocessor,
    RGBImage,
    decode_image,
    read_input,
)
from leukokit.api.smear import stain_contrast

T = TypeVar("T")


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


@dataclass(frozen=True, slots=True)
class MeasuredTemplate(Generic[T]):
    """What an image file gives as template, and the digest of the bytes that it was measured on.

    Attributes
    ----------
    digest : str
        SHA-256 of the file's content, in hexadecimal.
    values : object
        What the preprocessor takes from the image.
    """

    digest: str
    values: T

    @classmethod
    def of(cls, path: Path, measure: Callable[[RGBImage], T]) -> Self:
        """Read the file once: the digest is that of the pixels, whatever happens to the file meanwhile.

        Raises
        ------
        DataError
            Where the file was changed since the parameters were checked and is no template any more.
        """
        try:
            content = read_input(path)
            image = decode_image(content, name=path.name).rgb
        except (OSError, ImageRejected) as error:
            raise DataError(
                f"can no longer serve as template: {error}",
                where=str(path),
                hint="Do not change the file during a run",
            ) from error
        return cls(hashlib.sha256(content).hexdigest(), measure(image))


class TemplatePreprocessor(Preprocessor, Generic[T]):
    """Base of the preprocessors that adjust images to a template.

    What they take from a template file is measured once, in the process that makes the plan, and sent to the
    workers: a file that is changed during a run changes nothing.
    """

    params: TemplateParams

    def measure_template(self, image: RGBImage) -> T:
        """Measure what is taken from a template, uint8 H x W x 3."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """Digest of the template file's content."""
        return "" if self.params.template_file is None else self._file_template.digest

    @cached_property
    def _file_template(self) -> MeasuredTemplate[T]:
        assert self.params.template_file is not None  # the parameters were validated
        return MeasuredTemplate.of(self.params.template_file, self.measure_template)

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild, arguments = super().__reduce__()
        if self.params.template_file is None:
            return rebuild, arguments
        return _with_template, (rebuild, arguments, self._file_template)


def _with_template(
    rebuild: Callable[..., TemplatePreprocessor[T]], arguments: tuple[Any, ...], template: MeasuredTemplate[T]
) -> TemplatePreprocessor[T]:
    component = rebuild(*arguments)
    component.__dict__["_file_template"] = template
    return component


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
