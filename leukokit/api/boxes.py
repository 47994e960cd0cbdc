"""Boxes around objects of an image."""

from __future__ import annotations

import math
from dataclasses import dataclass

from leukokit.ids import written_id


@dataclass(frozen=True, slots=True)
class Box:
    """A box around one object, in pixels of the image as stored (before rotation by EXIF or scaling).

    Attributes
    ----------
    x0, y0, x1, y1 : float
        Left, upper, right and lower edge, px; x grows to the right, y downwards. Half-open: pixel ``i`` lies
        from ``i`` to ``i + 1``, so a box of whole pixels 0 to 9 has the edges 0 and 10.
    label : str
        Class of the object.

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
