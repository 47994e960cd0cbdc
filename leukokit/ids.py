"""Text from outside, such as file names and messages of plugins, in the forms that files of a run hold."""

from __future__ import annotations

import re

# C0 but tab and newline, DEL, C1, and the marks that turn the direction of text around.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# With apostrophes in front, so that reading undoes what writing did, whatever the text.
_FORMULA = re.compile(r"'*[=+\-@].", re.DOTALL)


def utf8(text: object) -> bytes:
    r"""UTF-8 of text; bytes that were no text (lone surrogates) become their codes, as ``\udcff``."""
    return str(text).encode("utf-8", "backslashreplace")


def written_id(name: object) -> str:
    r"""Id or other text as the files of a run directory hold it.

    Lone surrogates, which no table takes, and characters that control a terminal or the direction of text
    become their codes, as ``\udcff`` and ``\x1b``.
    """
    text = str(name)
    if not text.isascii():
        text = utf8(text).decode("utf-8")
    return text if text.isprintable() else _CONTROLS.sub(_code, text)


def csv_cell(text: str) -> str:
    """Text as a CSV file holds it: what a spreadsheet would take for a formula gets an apostrophe in front.

    Spreadsheets take cells that begin with ``=``, ``+``, ``-`` or ``@`` for formulas, and run them.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def from_csv_cell(cell: str) -> str:
    """Text of a cell that :func:`csv_cell` wrote."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _code(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
