"""CSV files with one value for each sample: splits and groups. All bad rows are reported with their line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from leukokit.api import DataError, Part
from leukokit.ids import from_csv_cell, written_id
from leukokit.input_file import read_input

_SHOWN = 20
_PART_NAMES = {**{part.value: part for part in Part}, "valid": Part.VALIDATION, "val": Part.VALIDATION}

T = TypeVar("T")


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
    return _read_values(path, "split", "part", _part, keys=("id", "path"))


def read_group_file(path: Path) -> dict[str, str]:
    """Read a CSV with the columns ``id`` and ``group``.

    Raises
    ------
    DataError
        Where it cannot be read, lacks a column, or has bad rows; all are listed with their line.
    """
    groups = _read_values(path, "group", "group", _group)
    if not groups:
        raise DataError("the group file has no rows", where=str(path))
    return groups


def _part(text: str) -> Part:
    if text.lower() not in _PART_NAMES:
        raise ValueError(f"part is {text.lower()!r}, expected train, validation or test")
    return _PART_NAMES[text.lower()]


def _group(text: str) -> str:
    if not text:
        raise ValueError("group is empty")
    return text


def _read_values(
    path: Path, what: str, value: str, parse: Callable[[str], T], *, keys: Sequence[str] = ("id",)
) -> dict[str, T]:
    """Read the value of each sample.

    Parameters
    ----------
    what : str
        What the file is, for messages: ``split`` or ``group``.
    value : str
        Name of the column that holds the values.
    parse : callable
        Converts a cell to a value; the text of its ``ValueError`` goes into the message.
    keys : sequence of str
        Allowed names of the id column, the preferred one first.

    Raises
    ------
    DataError
        Where the file cannot be read, lacks a column, or has bad rows; all are listed with their line.
    """
    columns, rows = _read_table(path, what)
    key = next((name for name in keys if name in columns), None)
    if key is None or value not in columns:
        expected = repr(keys[0]) + "".join(f" (or {name!r})" for name in keys[1:])
        raise DataError(
            f"the {what} file has the columns {', '.join(columns) or 'none'}; "
            f"expected {expected} and {value!r}",
            where=str(path),
        )
    values: dict[str, T] = {}
    problems = []
    for line, row in rows:
        id_ = written_id(from_csv_cell(row[key] or ""))
        try:
            if not id_:
                raise ValueError(f"{key} is empty")
            parsed = parse(from_csv_cell((row[value] or "").strip()))
            if values.setdefault(id_, parsed) != parsed:
                raise ValueError(f"{id_} was in {value} {values[id_]} before")
        except ValueError as error:
            problems.append(f"line {line}: {error}")
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        shown = "; ".join(problems[:_SHOWN]) + more
        raise DataError(f"the {what} file has {len(problems)} bad rows: {shown}", where=str(path))
    return values


def _read_table(path: Path, what: str) -> tuple[Sequence[str], list[tuple[int, dict[str, str | None]]]]:
    """Column names, and each row with its line."""
    try:
        text = read_input(path).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        return reader.fieldnames or (), [(reader.line_num, row) for row in reader]
    except OSError as error:
        reason = f"{error.strerror}"
    except UnicodeDecodeError:
        reason = "is not UTF-8 text"
    except csv.Error as error:  # such as one cell of megabytes, after a quote that is never closed
        reason = f"{error}; expected comma-separated text"
    raise DataError(f"the {what} file cannot be read: {reason}", where=str(path))
