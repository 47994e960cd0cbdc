"""Write the tables of docs/run-directory.md: ``python docs/generate_run_directory.py``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from leukokit.record.fields import ObjectTable, object_tables

PAGE = Path(__file__).with_name("run-directory.md")
HEAD = """## Fields of the JSON files

Written by `python docs/generate_run_directory.py` from the code; a test keeps it current.
`leukokit schema run` prints the same as JSON Schema. A field that does not apply to a run is absent or
null. A file with other fields, or fields of another type, is refused. [Recipes](recipes.md) says what the
sections of `resolved.json` do.
"""


def page(text: str) -> str:
    """Give the whole page: what is written by hand as it stands, then the tables."""
    kept = text.partition(HEAD.splitlines()[0])[0].rstrip()
    tables = list(object_tables())
    names = {each.name: _title(each) for each in tables}
    return (
        "\n".join([kept, "", HEAD, *(line for each in tables for line in _lines(each, names))]).rstrip()
        + "\n"
    )


def _title(table: ObjectTable) -> str:
    return table.files[0] if table.files else table.name


def _lines(table: ObjectTable, names: dict[str, str]) -> Iterator[str]:
    yield f"{'###' if table.files else '####'} {_title(table)}\n"
    yield f"{table.description.replace('``', '`')}\n"
    if not table.rows:
        return
    yield "| field | type | description |\n| --- | --- | --- |"
    for row in table.rows:
        yield f"| `{row.name}` | {_linked(row.type, names)} | {row.description} |"
    yield ""


def _linked(words: str, names: dict[str, str]) -> str:
    """Make a link of every name of an object."""
    return re.sub(
        r"\b[A-Z]\w+",
        lambda match: f"[{match[0]}](#{match[0].lower()})" if match[0] in names else match[0],
        words,
    )


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
