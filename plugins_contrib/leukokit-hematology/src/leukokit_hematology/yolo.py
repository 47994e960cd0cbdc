"""Boxes of one image in YOLO's text: class, center, width and height as shares of the image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from leukokit.api import Box, ImageRejected, read_input


def read_yolo(path: Path, size: tuple[int, int], classes: Sequence[str]) -> list[Box]:
    """Read the boxes of a file.

    Parameters
    ----------
    path : Path
        One line a box: ``class x y width height``; further numbers of a line are not used.
    size : tuple of int
        Width and height of the image, px.
    classes : sequence of str
        Class of each number.

    Raises
    ------
    ImageRejected
        ``bad_boxes``, where the file cannot be read or a line is not so, with its number.
    """
    try:
        lines = read_input(path).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ImageRejected("bad_boxes", f"{path.name} cannot be read: {error}") from error
    return [
        _box(line, size, classes, f"{path.name}, line {number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def _box(line: str, size: tuple[int, int], classes: Sequence[str], where: str) -> Box:
    try:
        number, x, y, width, height = (float(word) for word in line.split()[:5])
    except ValueError as error:
        raise ImageRejected("bad_boxes", f"{where}: {line!r}, expected class x y width height") from error
    if number not in range(len(classes)):
        listed = ", ".join(f"{i} {name}" for i, name in enumerate(classes))
        raise ImageRejected("bad_boxes", f"{where}: class {number:g}, expected one of {listed}")
    if not all(math.isfinite(value) for value in (x, y, width, height)) or width <= 0 or height <= 0:
        raise ImageRejected("bad_boxes", f"{where}: {line!r}, expected a width and height above 0")
    columns, rows = size
    return Box(
        (x - width / 2) * columns,
        (y - height / 2) * rows,
        (x + width / 2) * columns,
        (y + height / 2) * rows,
        classes[int(number)],
    )
