"""Boxes of PASCAL VOC: one XML file an image (Everingham et al., doi 10.1007/s11263-009-0275-4).

The file is read with Python's expat: a document type, and with it every entity, is refused, so that no file
can make the reader expand or fetch anything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from xml.parsers import expat

from leukokit.api.box_files.found import BoxFiles, Edges, ImageFinder
from leukokit.errors import DataError
from leukokit.input_file import read_input

LARGEST = 16_000_000
"""Bytes of the largest file that is read."""
_EDGES = ("xmin", "ymin", "xmax", "ymax")
_OBJECT = ("annotation", "object")


def read_voc(root: Path, files: Sequence[str], finder: ImageFinder) -> BoxFiles:
    """Read all XML files of a folder.

    Edges are taken as they are written: ``xmin`` 0 and ``xmax`` 640 span an image of 640 px.

    Parameters
    ----------
    root : Path
    files : sequence of str
        Paths of the XML files, relative to the folder.
    finder : ImageFinder
    """
    result = BoxFiles()
    for file in files:
        image = finder.of(file)
        if image is None:
            result.problems.append(f"{file}: no image has its name")
            continue
        if image in result.boxes:
            result.problems.append(f"{file}: {image} has a file with boxes already")
            continue
        try:
            result.boxes[image] = _read(root / file, file, result.problems)
        except (OSError, DataError) as error:
            result.unreadable(file, error)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            result.problems.append(f"{file}: line {error.lineno}: is no XML: {reason}")
        except _Refused as error:
            result.problems.append(f"{file}: {error}")
    return result


class _Refused(Exception):
    """The file holds what no file with boxes needs."""


def _read(path: Path, name: str, problems: list[str]) -> list[Edges]:
    content = read_input(path, LARGEST)
    reader = _Reader(name, problems)
    reader.parser.Parse(content, True)
    if reader.root != "annotation":
        problems.append(f"{name}: the root is <{reader.root}>, expected <annotation>")
    return reader.boxes


class _Reader:
    """Collects the objects of one file."""

    def __init__(self, name: str, problems: list[str]) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.boxes: list[Edges] = []
        self.root = ""
        self._name = name
        self._problems = problems
        self._path: list[str] = []
        self._fields: dict[str, str] = {}
        self._line = 0

    def _doctype(self, *_: object) -> None:
        raise _Refused("has a document type; delete the line <!DOCTYPE ...>")

    def _start(self, tag: str, _: object) -> None:
        self.root = self.root or tag
        self._path.append(tag)
        if tuple(self._path) == _OBJECT:
            self._fields, self._line = {}, self.parser.CurrentLineNumber

    def _text(self, text: str) -> None:
        inside = tuple(self._path)
        # Not the parts of an object (head, hand), which have names and boxes of their own.
        if inside[:2] == _OBJECT and (inside[2:] == ("name",) or inside[2:3] == ("bndbox",)):
            field = inside[-1]
            self._fields[field] = self._fields.get(field, "") + text

    def _end(self, _: str) -> None:
        if tuple(self._path) == _OBJECT:
            self._object()
        self._path.pop()

    def _object(self) -> None:
        place = f"{self._name}: line {self._line}"
        label = self._fields.get("name", "").strip()
        if not label:
            self._problems.append(f"{place}: the object has no <name>")
            return
        numbers = []
        for edge in _EDGES:
            text = self._fields.get(edge, "").strip()
            try:
                number = float(text)
            except ValueError:
                number = math.nan
            if not math.isfinite(number):
                self._problems.append(f"{place}: {edge} is {text!r}, expected a number of px")
                return
            numbers.append(number)
        x0, y0, x1, y1 = numbers
        if x1 < x0 or y1 < y0:
            self._problems.append(
                f"{place}: the box of {label} goes from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g}); expected xmax "
                "above xmin and ymax above ymin"
            )
            return
        self.boxes.append(Edges(x0, y0, x1, y1, label, place))
