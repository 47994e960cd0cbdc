"""Boxes around objects of an image, and rectangles of images that are samples of their own."""

from __future__ import annotations

import math
from dataclasses import dataclass

from leukokit.ids import written_id


@dataclass(frozen=True, slots=True)
class Box:
    """A box around one object, in pixels of the image as it is read (upright, before any preprocessing).

    Attributes
    ----------
    x0, y0, x1, y1 : float
        Left, upper, right and lower edge, px; x grows to the right, y downwards. Half-open: pixel ``i`` lies
        from ``i`` to ``i + 1``, so a box of whole pixels 0 to 9 has the edges 0 and 10.
    label : str
        Class of the object.
    role : str or None
        What a segmenter calls such objects, ``cell``, ``red_cell`` or ``platelet``: the boxes of a role are
        compared with the objects that a segmenter finds. None: they are compared with nothing.

    Raises
    ------
    ValueError
        Where an edge is no finite number, the right edge does not lie right of the left one, the lower not
        below the upper one, or the label is empty.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    label: str
    role: str | None = None

    def __post_init__(self) -> None:
        for name in ("x0", "y0", "x1", "y1"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, float | int) or not math.isfinite(value):
                raise ValueError(f"{name} of a box is {value!r}, expected a finite number of pixels")
            object.__setattr__(self, name, float(value))
        for low, high in (("x0", "x1"), ("y0", "y1")):
            if getattr(self, high) <= getattr(self, low):
                raise ValueError(
                    f"{high} of a box is {getattr(self, high):g}, expected more than {low}, "
                    f"{getattr(self, low):g}"
                )
        if not isinstance(self.label, str) or not self.label:
            raise ValueError(f"the label of a box is {self.label!r}, expected a text")
        object.__setattr__(self, "label", written_id(self.label))

    @property
    def width(self) -> float:
        """Width, px."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Height, px."""
        return self.y1 - self.y0


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of an image that is a sample of its own, such as one cell of a field.

    Attributes
    ----------
    image : str
        Id of the sample that is the whole image.
    x0, y0, x1, y1 : int
        Edges as those of :class:`Box`, in whole px of the image as it is read. What reaches beyond the image
        is cut off when it is read.

    Raises
    ------
    ValueError
        Where the right edge does not lie right of the left one, or the lower not below the upper one.
    """

    image: str
    x0: int
    y0: int
    x1: int
    y1: int

    def __post_init__(self) -> None:
        if self.x1 <= self.x0 or self.y1 <= self.y0:
            raise ValueError(
                f"a region of {self.image} has the edges {self.x0}, {self.y0}, {self.x1}, {self.y1}; "
                "expected x1 above x0 and y1 above y0"
            )
