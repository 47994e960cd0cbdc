"""Boxes of one image in the XML of PASCAL VOC."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from leukokit.api import Box, ImageRejected, read_input

_EDGES = ("xmin", "ymin", "xmax", "ymax")


def read_voc(path: Path) -> list[Box]:
    """Read the boxes of a file.

    VOC counts pixels from 1, and the right and lower edges are part of the box: xmin 1 and xmax 10 are the
    first ten pixels.

    Raises
    ------
    ImageRejected
        ``bad_boxes``, where the file cannot be read or is no such XML, or a box has no name or no edges, with
        the number of the object. A document type is refused, because it can define entities.
    """
    try:
        text = read_input(path).decode("utf-8-sig")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise ImageRejected("bad_boxes", f"{path.name} has a document type, which VOC files do not need")
        root = ElementTree.fromstring(text)
    except (OSError, UnicodeDecodeError, ElementTree.ParseError) as error:
        raise ImageRejected("bad_boxes", f"{path.name} cannot be read: {error}") from error
    if root.tag != "annotation":
        raise ImageRejected("bad_boxes", f"{path.name} begins with <{root.tag}>, expected <annotation>")
    return list(_boxes(root, path.name))


def _boxes(root: ElementTree.Element, name: str) -> Iterator[Box]:
    for number, node in enumerate(root.iter("object"), start=1):
        label = (node.findtext("name") or "").strip()
        texts = [node.findtext(f"bndbox/{edge}") for edge in _EDGES]
        try:
            x0, y0, x1, y1 = (float(text or "") for text in texts)
            # Some boxes of BCCD have equal edges; a box of one pixel is told and left out by leukokit.
            yield Box(x0 - 1, y0 - 1, x1, y1, label)
        except ValueError as error:
            given = ", ".join(f"{edge} {text}" for edge, text in zip(_EDGES, texts, strict=True))
            raise ImageRejected(
                "bad_boxes", f"{name}, object {number} ({label or 'no name'}; {given}): {error}"
            ) from error
