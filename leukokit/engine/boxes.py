"""Boxes that a data set gives for an image: their types checked, cut at the border, slips left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from leukokit.api import Box, Dataset, PluginError, Sample, note
from leukokit.engine.components.call import ComponentCall

SMALLEST_SIDE = 2.0
"""Shortest side of a box, px: what is smaller is a slip of the hand, and no cell."""


@dataclass(frozen=True, slots=True)
class NumberedBox:
    """A box that lies inside its image.

    Attributes
    ----------
    number : int
        Place in the data set's answer, from 1; left-out boxes keep theirs, so that numbers stay the same.
    box : Box
        Cut at the border of the image.
    cut : bool
        True where the data set's box reached beyond the image.
    """

    number: int
    box: Box
    cut: bool


def boxes_of(dataset: Dataset, sample: Sample, height: int, width: int) -> tuple[NumberedBox, ...] | None:
    """Ask a data set for the boxes of an image.

    Boxes that reach beyond the image are cut, boxes outside of it or smaller than 2 x 2 px are left out; both
    are told with :func:`leukokit.api.note`.

    Parameters
    ----------
    height, width : int
        Size of the image, px.

    Returns
    -------
    tuple of NumberedBox or None
        None where the data set has no boxes.

    Raises
    ------
    PluginError
        Where the answer is no sequence of boxes.
    """
    with ComponentCall(dataset, "boxes", image=sample.id):
        answer = checked_boxes(dataset.boxes(sample))
    return None if answer is None else inside(answer, height, width)


def checked_boxes(answer: Any) -> tuple[Box, ...] | None:
    """Check the type of what a data set's ``boxes`` returned.

    Raises
    ------
    PluginError
        Naming the item.
    """
    if answer is None:
        return None
    if isinstance(answer, str | bytes) or not hasattr(answer, "__iter__"):
        raise PluginError(f"returned {type(answer).__name__}, expected a list of leukokit.api.Box or None")
    given = tuple(answer)
    for place, box in enumerate(given):
        if not isinstance(box, Box):
            raise PluginError(f"item {place} is a {type(box).__name__}, expected leukokit.api.Box")
    return given


def inside(boxes: Sequence[Box], height: int, width: int) -> tuple[NumberedBox, ...]:
    """Cut boxes at the border of their image, and leave out what is then smaller than 2 x 2 px."""
    kept: list[NumberedBox] = []
    cut, outside, tiny = 0, 0, 0
    for number, box in enumerate(boxes, start=1):
        x0, x1 = (min(max(edge, 0.0), float(width)) for edge in (box.x0, box.x1))
        y0, y1 = (min(max(edge, 0.0), float(height)) for edge in (box.y0, box.y1))
        if x1 <= x0 or y1 <= y0:
            outside += 1
            continue
        if min(x1 - x0, y1 - y0) < SMALLEST_SIDE:
            tiny += 1
            continue
        reaches_out = (x0, y0, x1, y1) != (box.x0, box.y0, box.x1, box.y1)
        cut += reaches_out
        kept.append(NumberedBox(number, replace(box, x0=x0, y0=y0, x1=x1, y1=y1), reaches_out))
    if outside:
        note(f"{outside} of {len(boxes)} boxes lie outside the image of {width} x {height} px; left out")
    if tiny:
        note(f"{tiny} of {len(boxes)} boxes are smaller than 2 x 2 px; left out")
    if cut:
        note(f"{cut} of {len(boxes)} boxes reach beyond the image; cut at its border")
    return tuple(kept)
