"""Splits fixed in a CSV file."""

from __future__ import annotations

from pathlib import Path

from leukokit.api import Part
from leukokit.engine.io.sample_file import read_sample_file

_NAMES = {**{part.value: part for part in Part}, "valid": Part.VALIDATION, "val": Part.VALIDATION}


def read_split_file(path: Path) -> dict[str, Part]:
    """Read a CSV with the columns ``id`` (or ``path``) and ``part``.

    Parameters
    ----------
    path : Path
        The file; ``split.csv`` of a run is one.

    Raises
    ------
    DataError
        Where it cannot be read, lacks a column, or has bad rows; all are listed with their line.
    """
    return read_sample_file(path, "split", "part", _part, keys=("id", "path"))


def _part(text: str) -> Part:
    if text.lower() not in _NAMES:
        raise ValueError(f"part is {text.lower()!r}, expected train, validation or test")
    return _NAMES[text.lower()]
