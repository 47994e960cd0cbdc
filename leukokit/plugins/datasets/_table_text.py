"""Rows of a table as spreadsheets write it: encoding, separator, or a workbook."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from leukokit.api import DataError, Reading

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "|"}
"""Separators that are looked for, with their names."""
_LINES = 50  # lines that the separator is found in
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORKBOOK = b"PK\x03\x04"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class TableText:
    """Text of a table, and how it was read.

    Attributes
    ----------
    lines : list of (int, list of str)
        Number of the line that a row begins in, from 1, and its cells; the header first.
    readings : list of Reading
        Encoding and separator, where they are not UTF-8 and comma.
    """

    lines: list[tuple[int, list[str]]]
    readings: list[Reading] = field(default_factory=list)

    @property
    def encoding(self) -> str | None:
        """Name of an encoding that is not sure, for messages about cells; None for UTF-8 and UTF-16."""
        return next((row.taken_for for row in self.readings if row.taken_for == _WINDOWS), None)


_WINDOWS = "Windows-1252"


def read_table(content: bytes, delimiter: str | None, *, where: str) -> TableText:
    """Read a CSV file or a workbook.

    Parameters
    ----------
    content : bytes
        Of the file: text in UTF-8 (with or without a mark), UTF-16 or Windows-1252, or an ``.xlsx`` workbook.
    delimiter : str or None
        Separator of the cells; None to find it.
    where : str
        Name of the file, for messages.

    Raises
    ------
    DataError
        Where it is no text, or quotes do not match.
    """
    if content.startswith(_WORKBOOK):
        return TableText(_workbook(content, where), [Reading("file", "Excel workbook", "its first sheet")])
    if content.startswith(_OLD_WORKBOOK):
        raise DataError("is an Excel workbook", where=where, hint="In Excel: save as 'CSV UTF-8'")
    text, encoding = _decoded(content, where)
    readings = [] if encoding.startswith("UTF-8") else [Reading("text", encoding)]
    body, first = text, 1
    told, _, rest = text.partition("\n")
    if told.strip().lower().startswith("sep=") and len(told.strip()) <= 5:  # a line that only Excel knows
        body, first = rest, 2
        delimiter = delimiter or told.strip("\r")[4:5] or None
    found = delimiter or _found_delimiter(body)
    if found != ",":
        readings.append(Reading(DELIMITERS.get(found, repr(found)), "separator"))
    return TableText(list(_rows(body, found, first, where)), readings)


def _decoded(content: bytes, where: str) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            name = "UTF-8" if encoding == "utf-8-sig" else "UTF-16"
            try:
                return content.decode(encoding), name
            except UnicodeDecodeError as error:
                raise _no_text(f"begins as {name} and is not (byte {error.start})", where) from error
    zeros = content[:200].count(0)
    if zeros > len(content[:200]) / 4:  # UTF-16 without a mark
        even = content[0:200:2].count(0) > zeros / 2
        try:
            return content.decode("utf-16-be" if even else "utf-16-le"), "UTF-16"
        except UnicodeDecodeError as error:
            raise _no_text(f"is no text (byte {error.start})", where) from error
    try:
        return content.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252"), _WINDOWS
    except UnicodeDecodeError as error:
        raise _no_text(f"is not UTF-8, UTF-16 or Windows-1252 text (byte {error.start})", where) from error


def _no_text(what: str, where: str) -> DataError:
    return DataError(what, where=where, hint="In Excel: save as 'CSV UTF-8'")


def _found_delimiter(text: str) -> str:
    """Separator that cuts the header into most cells, and the rows after it into as many."""
    sample = io.StringIO(text[:200_000], newline="")
    lines = [line for line in (sample.readline() for _ in range(_LINES)) if line.strip()]
    best, most = ",", (0, 1)
    for delimiter in DELIMITERS:
        try:
            rows = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            continue
        cells = len(rows[0]) if rows else 1
        alike = sum(len(row) == cells for row in rows)
        if cells > 1 and (alike, cells) > most:
            best, most = delimiter, (alike, cells)
    return best


def _rows(text: str, delimiter: str, first: int, where: str) -> Iterator[tuple[int, list[str]]]:
    # strict: otherwise an unclosed quote would silently include all following rows.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = first
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + first
    except csv.Error as error:
        raise DataError(f"line {line}: {error}", where=where, hint="Check quotes and commas") from error


def _workbook(content: bytes, where: str) -> list[tuple[int, list[str]]]:
    try:
        import openpyxl
    except ImportError as error:
        raise DataError(
            "is an Excel workbook, which needs the package openpyxl",
            where=where,
            hint="In Excel: save as 'CSV UTF-8'; or run: pip install 'leukokit[excel]'",
        ) from error
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = [[_cell(value) for value in row] for row in book.worksheets[0].iter_rows(values_only=True)]
    except Exception as error:  # a damaged file raises errors of zipfile, of XML parsers and of openpyxl
        raise DataError(
            f"cannot be read as an Excel workbook: {error}", where=where, hint="In Excel: save as 'CSV UTF-8'"
        ) from error
    width = max((i + 1 for row in rows for i, cell in enumerate(row) if cell), default=0)
    return [(number, [*row[:width], *[""] * (width - len(row))]) for number, row in enumerate(rows, 1)]


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def is_blank(cells: Sequence[str]) -> bool:
    """Whether a row holds nothing, as Excel writes below the last one."""
    return not any(cell.strip() for cell in cells)
