"""A slide: levels of one picture, from fine to coarse, of which rectangles can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from leukokit.api import RGBImage


@dataclass(frozen=True, slots=True)
class Level:
    """Size of a level, px."""

    width: int
    height: int


class Slide(Protocol):
    """An open slide."""

    @property
    def levels(self) -> Sequence[Level]:
        """Levels, the finest first."""

    @property
    def um_per_px(self) -> float | None:
        """Width of a pixel of the finest level, um; None where the file does not say."""

    def read(self, level: int, x: int, y: int, width: int, height: int) -> RGBImage:
        """Read a rectangle that lies inside a level; x, y, width and height in px of that level."""

    def close(self) -> None:
        """Close the file."""


def downsampling(slide: Slide, level: int) -> float:
    """How many px of the finest level are one px of this one."""
    return slide.levels[0].width / slide.levels[level].width


def level_for(slide: Slide, wanted: float) -> int:
    """Choose the coarsest level that is not coarser than wanted.

    Parameters
    ----------
    slide : Slide
    wanted : float
        Px of the finest level to one px.
    """
    fine_enough = [i for i in range(len(slide.levels)) if downsampling(slide, i) <= wanted * 1.01]
    return max(fine_enough, default=0)
