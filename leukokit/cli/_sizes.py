"""Sizes in bytes as people read and write them."""

from __future__ import annotations

import click

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Size(click.ParamType[int]):
    """A number of bytes such as ``500M`` or ``20G``."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read digits and a unit."""
        text = str(value).strip().upper().removesuffix("B").removesuffix("I")
        unit = text[-1:] if text[-1:].isalpha() else ""
        number = text.removesuffix(unit)
        if unit not in _UNITS or not number.isdecimal():
            self.fail(f"{value!r} is not a size; write a whole number of bytes, or 500M, 20G, 0", param, ctx)
        return int(number) * _UNITS[unit]


def human_size(size: float) -> str:
    """Write a number of bytes with a unit."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
