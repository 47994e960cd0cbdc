"""A figure of docs/performance.md beside what it should be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Aim:
    """What a figure should be, what it is, and what keeps it from there.

    Attributes
    ----------
    unit : str
        Of ``aim`` and ``measured``; ``%`` shows shares.
    most : bool
        Whether less is better.
    because : str
        Told where the aim is missed.
    """

    what: str
    aim: float
    measured: float
    unit: str
    most: bool = True
    because: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure is as good as it should be."""
        return self.measured <= self.aim if self.most else self.measured >= self.aim

    def row(self) -> str:
        """Give a row of the table."""
        sign = "at most" if self.most else "at least"
        met = "yes" if self.met else f"**no**: {self.because}" if self.because else "**no**"
        aim, measured = shown(self.aim, self.unit), shown(self.measured, self.unit)
        return f"| {self.what} | {sign} {aim} | {measured} | {met} |"


def shown(value: float, unit: str) -> str:
    """Write a figure with as many digits as say something."""
    if unit == "%":
        return f"{100 * value:.1f} %"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if unit else 3
    return f"{value:,.{digits}f} {unit}".rstrip()
