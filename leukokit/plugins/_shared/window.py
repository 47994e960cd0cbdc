"""Windows of filters: squares with a pixel in the middle."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator


def _odd(side: int) -> int:
    if side % 2 == 0:
        raise ValueError(
            f"the window needs a middle pixel, so its side must be odd: use {side - 1} or {side + 1}"
        )
    return side


OddSide: TypeAlias = Annotated[int, AfterValidator(_odd)]
"""Side of a window, in px."""
