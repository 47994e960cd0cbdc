"""Boxes of YOLO: one text file an image, one line an object: class, x, y, width, height as shares.

Format: docs.ultralytics.com/datasets/detect. Lines of more numbers are outlines (segmentation): the box
around an outline is taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from leukokit.api.box_files.found import BoxFiles, Edges, ImageFinder
from leukokit.errors import DataError
from leukokit.input_file import read_input

LARGEST = 16_000_000
"""Bytes of the largest file that is read."""
NAME_FILES = ("data.yaml", "data.yml", "classes.txt", "obj.names")
"""Files that say the names of the classes, beside the images; the first that is there counts."""


def read_yolo(
    root: Path, files: Sequence[str], images: Sequence[str], finder: ImageFinder, classes: Sequence[str]
) -> BoxFiles:
    """Read all text files of a folder; an image without one has no object.

    Parameters
    ----------
    root : Path
    files : sequence of str
        Paths of the text files that belong to images, relative to the folder.
    images : sequence of str
        Paths of all images.
    finder : ImageFinder
    classes : sequence of str
        Names of the classes 0, 1, ...; empty to read them from one of :data:`NAME_FILES`.

    Raises
    ------
    DataError
        Where nothing says the names of the classes.
    """
    names = tuple(classes) or _names(root)
    result = BoxFiles()
    for file in files:
        image = finder.of(file)
        if image is None:
            continue
        if image in result.boxes:
            result.problems.append(f"{file}: {image} has a file with boxes already")
            continue
        try:
            text = read_input(root / file, LARGEST).decode("utf-8-sig")
        except (OSError, DataError, UnicodeDecodeError) as error:
            result.unreadable(file, error)
            continue
        lines = enumerate(text.splitlines(), start=1)
        found = [
            _edges(line, f"{file}: line {n}", names, result.problems) for n, line in lines if line.strip()
        ]
        result.boxes[image] = [edges for edges in found if edges is not None]
    without = [image for image in images if image not in result.boxes]
    if without:
        result.notes.append(
            f"{len(without)} images have no text file with boxes, such as {without[0]}: they count as images "
            "without objects"
        )
        result.boxes |= {image: [] for image in without}
    return result


def _edges(line: str, place: str, names: Sequence[str], problems: list[str]) -> Edges | None:
    cells = line.split()
    if len(cells) < 5 or (len(cells) > 5 and len(cells) % 2 == 0):
        problems.append(f"{place}: {len(cells)} numbers, expected 5: class, x, y, width, height")
        return None
    if not cells[0].isdecimal() or int(cells[0]) >= len(names):
        problems.append(
            f"{place}: class {cells[0]!r}, expected a number from 0 to {len(names) - 1} ({', '.join(names)})"
        )
        return None
    try:
        numbers = [float(cell) for cell in cells[1:]]
    except ValueError:
        numbers = [math.nan]
    if not all(-1 <= number <= 2 for number in numbers):
        problems.append(f"{place}: {' '.join(cells[1:])!r}, expected shares of the image from 0 to 1")
        return None
    label = names[int(cells[0])]
    if len(numbers) > 4:
        across, down = numbers[0::2], numbers[1::2]
        return Edges(min(across), min(down), max(across), max(down), label, place, relative=True)
    x, y, width, height = numbers
    if width < 0 or height < 0:
        problems.append(f"{place}: width {width:g} and height {height:g}, expected shares above 0")
        return None
    return Edges(x - width / 2, y - height / 2, x + width / 2, y + height / 2, label, place, relative=True)


def _names(root: Path) -> tuple[str, ...]:
    for name in NAME_FILES:
        path = root / name
        if not path.is_file():
            continue
        try:
            text = read_input(path, LARGEST).decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"cannot be read: {error}", where=str(path)) from error
        if PurePosixPath(name).suffix in (".yaml", ".yml"):
            return _yaml_names(text, str(path))
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    raise DataError(
        "nothing says the names of the classes, which the text files give by number",
        where=str(root),
        hint="Name them in order, --set 'data.params.classes=[WBC, RBC, Platelets]', or add one of the files "
        f"{', '.join(NAME_FILES)}",
    )


def _yaml_names(text: str, where: str) -> tuple[str, ...]:
    try:
        content = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark is not None else ""
        raise DataError(
            f"{line}is no YAML: {getattr(error, 'problem', None) or error}", where=where
        ) from error
    names = content.get("names") if isinstance(content, Mapping) else None
    if isinstance(names, Mapping) and sorted(names) == list(range(len(names))):
        names = [names[number] for number in range(len(names))]
    if not isinstance(names, list) or not names:
        raise DataError(
            f"names is {names!r}, expected the names of the classes 0, 1, ... as a list", where=where
        )
    return tuple(str(name) for name in names)
