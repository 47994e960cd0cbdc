"""Boxes that a data set gives for an image: their types checked, cut at the border, slips left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from leukokit.api import Box, Dataset, FloatArray, PluginError, Sample
from leukokit.engine.components.call import ComponentCall

SMALLEST_SIDE = 2.0
"""Shortest side of a box, px: what is smaller is a slip of the hand, and no cell."""
_ROUNDING = 1.0
"""How far a box may reach beyond the image without a word, px: files round edges."""


@dataclass(frozen=True, slots=True)
class NumberedBox:
    """A box that lies inside its image.

    Attributes
    ----------
    number : int
        Place in the data set's answer, from 1; left-out boxes keep theirs, so that numbers stay the same.
    box : Box
        Cut at the border of the image.
    """

    number: int
    box: Box


@dataclass(frozen=True, slots=True)
class InsideBoxes:
    """The boxes of an image, and what was wrong with others.

    Attributes
    ----------
    boxes : tuple of NumberedBox
    given : int
        Boxes that the data set named.
    outside : int
        Those that lie outside the image.
    small : int
        Those with a side under 2 px inside the image.
    cut : int
        Those that reach beyond the image by more than 1 px, the rounding of files; they are in ``boxes``.
    """

    boxes: tuple[NumberedBox, ...]
    given: int
    outside: int = 0
    small: int = 0
    cut: int = 0

    def notes(self) -> list[str]:
        """Say what was left out or cut."""
        said = [
            (self.outside, "lie outside the image; left out"),
            (self.small, "are smaller than 2 x 2 px; left out"),
            (self.cut, "reach beyond the image; cut at its border"),
        ]
        return [f"{number} of {self.given} boxes {what}" for number, what in said if number]


def boxes_of(dataset: Dataset, sample: Sample) -> tuple[Box, ...] | None:
    """Ask a data set for the boxes of an image; None where it has none.

    Raises
    ------
    PluginError
        Where the answer is no list of boxes, naming the item.
    """
    with ComponentCall(dataset, "boxes", image=sample.id):
        return checked_boxes(dataset.boxes(sample))


def checked_boxes(answer: Any) -> tuple[Box, ...] | None:
    """Check the type of what a data set's ``boxes`` returned; raises as :func:`boxes_of`."""
    if answer is None:
        return None
    if isinstance(answer, str | bytes) or not hasattr(answer, "__iter__"):
        raise PluginError(f"returned {type(answer).__name__}, expected a list of leukokit.api.Box or None")
    given = tuple(answer)
    for place, box in enumerate(given):
        if not isinstance(box, Box):
            raise PluginError(f"item {place} is a {type(box).__name__}, expected leukokit.api.Box")
    return given


def inside(boxes: Sequence[Box], height: int, width: int) -> InsideBoxes:
    """Cut boxes at the border of their image, and leave out what is then smaller than 2 x 2 px.

    Parameters
    ----------
    boxes : sequence of Box
    height, width : int
        Size of the image, px.
    """
    kept: list[NumberedBox] = []
    outside = small = cut = 0
    for number, box in enumerate(boxes, start=1):
        x0, x1 = (min(max(edge, 0.0), float(width)) for edge in (box.x0, box.x1))
        y0, y1 = (min(max(edge, 0.0), float(height)) for edge in (box.y0, box.y1))
        if x1 <= x0 or y1 <= y0:
            outside += 1
        elif min(x1 - x0, y1 - y0) < SMALLEST_SIDE:
            small += 1
        else:
            beyond = max(x0 - box.x0, y0 - box.y0, box.x1 - x1, box.y1 - y1)
            cut += beyond > _ROUNDING
            kept.append(NumberedBox(number, replace(box, x0=x0, y0=y0, x1=x1, y1=y1)))
    return InsideBoxes(tuple(kept), len(boxes), outside, small, cut)


def edges_by_role(
    boxes: Sequence[NumberedBox], roles: frozenset[str], factor: float
) -> dict[str, FloatArray]:
    """Edges of boxes as arrays n x 4, px times a factor; a role without a box has an empty array.

    Parameters
    ----------
    boxes : sequence of NumberedBox
    roles : frozenset of str
        Roles to give.
    factor : float
        How many times as wide as the file the image is on which they are compared.
    """
    found: dict[str, list[tuple[float, float, float, float]]] = {role: [] for role in sorted(roles)}
    for one in boxes:
        if one.box.role in found:
            found[one.box.role].append((one.box.x0, one.box.y0, one.box.x1, one.box.y1))
    return {role: factor * np.array(edges).reshape(-1, 4) for role, edges in found.items()}
