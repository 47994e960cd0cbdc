"""Boxes of COCO: JSON files for many images each (Lin et al., doi 10.1007/978-3-319-10602-1_48)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from leukokit.api.box_files.found import BoxFiles, Edges, ImageFinder
from leukokit.errors import DataError
from leukokit.input_file import read_input

LARGEST = 2_000_000_000
"""Bytes of the largest file that is read."""
_SHOWN = 20
_Number = Annotated[float, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Image(_Part):
    id: int | str
    file_name: str


class _Category(_Part):
    id: int
    name: Annotated[str, Field(min_length=1)]


class _Annotation(_Part):
    id: int | str = ""
    image_id: int | str
    category_id: int
    bbox: tuple[_Number, _Number, _Number, _Number]


class _File(_Part):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category]


def read_coco(root: Path, files: Sequence[str], finder: ImageFinder) -> BoxFiles:
    """Read all JSON files of a folder.

    Parameters
    ----------
    root : Path
    files : sequence of str
        Paths of the JSON files, relative to the folder.
    finder : ImageFinder
    """
    result = BoxFiles()
    for file in files:
        try:
            content = read_input(root / file, LARGEST)
            _take(_File.model_validate_json(content), file, finder, result)
        except (OSError, DataError) as error:
            result.unreadable(file, error)
        except ValidationError as error:
            for problem in error.errors()[:_SHOWN]:
                place = ".".join(map(str, problem["loc"]))
                result.problems.append(f"{file}: {place + ': ' if place else ''}{problem['msg']}")
    return result


def _take(content: _File, file: str, finder: ImageFinder, result: BoxFiles) -> None:
    names = {category.id: category.name for category in content.categories}
    folder = PurePosixPath(file).parent
    image_of: dict[int | str, str] = {}
    for listed in content.images:
        image = finder.of(str(folder / listed.file_name)) or finder.of(listed.file_name)
        if image is None:
            result.problems.append(f"{file}: image {listed.id}: there is no {listed.file_name}")
        elif image in result.boxes:
            result.problems.append(f"{file}: image {listed.id}: {image} is listed twice")
        else:
            result.boxes[image] = []
        image_of[listed.id] = image or ""
    for annotation in content.annotations:
        place = f"{file}: annotation {annotation.id}"
        x, y, width, height = annotation.bbox
        if annotation.image_id not in image_of:
            result.problems.append(f"{place}: no image has the id {annotation.image_id}")
        elif annotation.category_id not in names:
            result.problems.append(f"{place}: no category has the id {annotation.category_id}")
        elif width < 0 or height < 0:
            result.problems.append(f"{place}: width {width:g} and height {height:g}, expected px above 0")
        elif image_of[annotation.image_id]:
            edges = Edges(x, y, x + width, y + height, names[annotation.category_id], place)
            result.boxes[image_of[annotation.image_id]].append(edges)
