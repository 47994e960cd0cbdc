"""What something in a user's folder or table was taken for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """What something in a user's folder or table was taken for.

    Attributes
    ----------
    found : str
        What there is, such as ``folders TRAIN, TEST`` or ``column 'Diagnosis'``.
    taken_for : str
        What it was taken for: part, class, patient, path, separator ...
    detail : str
        Counts, such as ``A 8, B 8``.
    """

    found: str
    taken_for: str
    detail: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.found}: {self.taken_for}" + (f" ({self.detail})" if self.detail else "")
