"""Splits fixed in a CSV file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from leukokit.api import DataError, Part

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
        Where it cannot be read, lacks a column, or has bad rows: all are named with their line.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise DataError(f"the split file cannot be read: {reason}", where=str(path)) from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = reader.fieldnames or ()
    key = next((name for name in ("id", "path") if name in columns), None)
    if key is None or "part" not in columns:
        raise DataError(
            f"the split file has the columns {', '.join(columns) or 'none'}; "
            "expected 'id' (or 'path') and 'part'",
            where=str(path),
        )
    parts: dict[str, Part] = {}
    problems = []
    for row in reader:
        line, id_, part = reader.line_num, row[key] or "", (row["part"] or "").strip().lower()
        if not id_:
            problems.append(f"line {line}: {key} is empty")
        elif part not in _NAMES:
            problems.append(f"line {line}: part is {part!r}, expected train, validation or test")
        elif parts.setdefault(id_, _NAMES[part]) is not _NAMES[part]:
            problems.append(f"line {line}: {id_} was in part {parts[id_].value} before")
    if problems:
        shown = "; ".join(problems[:20]) + (f"; and {len(problems) - 20} more" if len(problems) > 20 else "")
        raise DataError(f"the split file has {len(problems)} bad rows: {shown}", where=str(path))
    return parts
