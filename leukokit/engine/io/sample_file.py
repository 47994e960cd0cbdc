"""CSV files with one value per sample id; all bad rows are reported with their line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from leukokit.api import DataError
from leukokit.input_file import read_input

_SHOWN = 20

T = TypeVar("T")


def read_sample_file(
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
        id_ = row[key] or ""
        try:
            if not id_:
                raise ValueError(f"{key} is empty")
            one = parse((row[value] or "").strip())
            if values.setdefault(id_, one) != one:
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
