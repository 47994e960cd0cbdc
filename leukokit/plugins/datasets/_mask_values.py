"""Which values of a mask file mean nucleus, cytoplasm and background: gray values, or colors by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

from leukokit.api import Field

MaskRole: TypeAlias = Literal["nucleus", "cytoplasm", "background"]
MaskValue: TypeAlias = Annotated[int, Field(ge=0, le=2**32 - 1)] | str
"""A gray value, or a color: a name such as ``cyan``, or ``#00ffff``."""
MaskValues: TypeAlias = Mapping[MaskRole, MaskValue | tuple[MaskValue, ...]]
OtherValues: TypeAlias = Literal["error", "nearest", "background"]

VALUES_DESCRIPTION = (
    "What mask files mean: for nucleus and, where it is marked, cytoplasm a number, a color (`cyan`, "
    "`'#00ffff'`), or a list of these. 0, or black, is background, and so are the values named `background`."
)
OTHER_DESCRIPTION = (
    "What to do with values that `mask_values` does not name, such as the grays that resizing leaves along "
    "outlines: `error` rejects the image and lists them with their shares, `nearest` reads each as the "
    "nearest named value, `background` as background."
)
MaskKind: TypeAlias = Literal["values", "instances"]
ObjectRole: TypeAlias = Literal["cell", "nucleus", "red_cell", "platelet"]
KIND_DESCRIPTION = (
    "What a mask file tells: `values`, which pixels are nucleus and cytoplasm, as `mask_values` says; or "
    "`instances`, each value (of 8, 16 or 32 bits) or color is one object, 0 or black is background."
)
ROLE_DESCRIPTION = "What the objects of `instances` are."


@dataclass(frozen=True, slots=True)
class MaskCode:
    """The values of a mask as whole numbers, each with its role.

    Attributes
    ----------
    roles : mapping of int to role
        By gray value; by 65536 red + 256 green + blue where ``in_color``.
    in_color : bool
    """

    roles: Mapping[int, MaskRole]
    in_color: bool

    @classmethod
    def of(cls, values: MaskValues) -> Self:
        """Read the values of a recipe.

        Raises
        ------
        ValueError
            Where no nucleus is named, a color is not known, one value has two roles, or gray values and
            colors are mixed.
        """
        if "nucleus" not in values:
            raise ValueError("name the value of the nucleus, such as {nucleus: 255}")
        pairs = [(role, value) for role, several in values.items() for value in _listed(several)]
        if len({isinstance(value, str) for _, value in pairs}) > 1:
            raise ValueError("gray values and colors are mixed; a mask file holds one or the other")
        roles: dict[int, MaskRole] = {}
        for role, value in pairs:
            code = _color(value) if isinstance(value, str) else value
            if roles.setdefault(code, role) != role:
                raise ValueError(f"{roles[code]} and {role} need different values, both are {value}")
        roles.setdefault(0, "background")
        return cls(roles, in_color=isinstance(pairs[0][1], str))

    def role_of(self, codes: NDArray[np.integer]) -> list[MaskRole | None]:
        """Role of each code; None where nobody named it."""
        return [self.roles.get(int(code)) for code in codes]

    def nearest(self, code: int) -> MaskRole:
        """Role of the named value that is nearest, by gray value or by distance in RGB."""
        place = self._place(code)
        return self.roles[min(self.roles, key=lambda named: float(np.sum((self._place(named) - place) ** 2)))]

    def written(self, code: int) -> str:
        """Write a code as in a recipe."""
        return f"#{code:06x}" if self.in_color else str(code)

    def _place(self, code: int) -> NDArray[np.int64]:
        return np.array(
            [code >> 16, code >> 8 & 255, code & 255] if self.in_color else [code], dtype=np.int64
        )


def _listed(several: MaskValue | tuple[MaskValue, ...]) -> tuple[MaskValue, ...]:
    if isinstance(several, tuple):
        if not several:
            raise ValueError("give at least one value")
        return several
    return (several,)


def _color(text: str) -> int:
    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError:
        raise ValueError(f"{text!r} is no color; expected a name such as cyan, or '#00ffff'") from None
    return red << 16 | green << 8 | blue
