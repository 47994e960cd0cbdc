"""Write the table of columns of docs/cells.md: ``python docs/generate_cells.py``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from leukokit.engine.cell_table.columns import MEASURED_COLUMNS, SAMPLE_COLUMNS

PAGE = Path(__file__).with_name("cells.md")
HEAD = """## Columns

Written by `python docs/generate_cells.py` from the code; a test keeps it current. Name, unit and description
of every column are in the file, too, in the metadata of its field. `rc` is the diameter of a red cell by the
scale of the image.
"""


def page(text: str) -> str:
    """Give the whole page: what is written by hand as it stands, then the table."""
    kept = text.partition(HEAD.splitlines()[0])[0].rstrip()
    return "\n".join([kept, "", HEAD, *_rows()]) + "\n"


def _rows() -> Iterator[str]:
    yield "| column | unit | description |\n| --- | --- | --- |"
    for column in (*SAMPLE_COLUMNS, *MEASURED_COLUMNS):
        yield f"| `{column.name}` | {column.unit} | {column.description} |"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
