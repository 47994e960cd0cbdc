"""Rows of predictions as bytes, and back: CSV, JSON lines, Parquet."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from leukokit.engine.io.files import draft
from leukokit.engine.io.tables import csv_bytes
from leukokit.engine.prediction.rows import PROBABILITY, Deciding
from leukokit.engine.unlike.limits import UNLIKE
from leukokit.errors import UsageError
from leukokit.ids import from_csv_cell

_ROW_GROUP = 8192


class TableFormat(StrEnum):
    """Formats of the table."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"


_BY_EXTENSION = {
    ".csv": TableFormat.CSV,
    ".jsonl": TableFormat.JSON_LINES,
    ".ndjson": TableFormat.JSON_LINES,
    ".parquet": TableFormat.PARQUET,
    ".pq": TableFormat.PARQUET,
}


def table_format(path: Path | None, asked: str | None) -> TableFormat:
    """Format as asked for, or by the extension of the file; CSV where there is no file.

    Raises
    ------
    UsageError
        Where the extension says nothing, or Parquet is asked for without a file.
    """
    if path is None:
        if asked == TableFormat.PARQUET:
            raise UsageError(
                "Parquet cannot be written row by row to the standard output", hint="Name a file with --out"
            )
        return TableFormat(asked or TableFormat.CSV)
    if asked is not None:
        return TableFormat(asked)
    known = _BY_EXTENSION.get(path.suffix.lower())
    if known is None:
        raise UsageError(
            f"the extension {path.suffix!r} names no format" if path.suffix else "the name has no extension",
            where=str(path),
            hint=f"End it in {', '.join(_BY_EXTENSION)}, or say --format",
        )
    return known


def row_bytes(rows: pd.DataFrame, kind: TableFormat, *, head: bool) -> bytes:
    """Rows as CSV or JSON lines.

    Parameters
    ----------
    head : bool
        Whether a CSV begins with the names of the columns.
    """
    if kind is TableFormat.CSV:
        data = csv_bytes(rows)
        return data if head else data.partition(b"\n")[2]
    lines = [
        json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False, allow_nan=False)
        for row in rows.to_dict("records")
    ]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def _plain(value: Any) -> str | float | bool | None:
    plain = value.item() if hasattr(value, "item") else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """One whole row of an unfinished table.

    Attributes
    ----------
    cells : mapping of str to str or None
        Its texts by column.
    end : int
        Position in the file behind it, bytes.
    """

    cells: Mapping[str, str | None]
    end: int


def written_rows(path: Path, kind: TableFormat) -> Iterator[WrittenRow]:
    """Whole rows of a file of CSV or JSON lines; a row that was cut off is left out.

    Raises
    ------
    ValueError
        Where a row is none.
    """
    with path.open("rb") as file:
        end = 0
        names: list[str] | None = None
        record = b""
        for line in file:
            record += line
            # A line break inside of quotes does not end a row.
            if not line.endswith(b"\n") or (kind is TableFormat.CSV and record.count(b'"') % 2):
                continue
            end += len(record)
            text, record = record.decode("utf-8"), b""
            if kind is TableFormat.JSON_LINES:
                yield WrittenRow(json.loads(text), end)
                continue
            cells = [from_csv_cell(cell) for cell in next(csv.reader([text]))]
            if names is None:
                names = cells
                yield WrittenRow({}, end)
            else:
                yield WrittenRow(dict(zip(names, cells, strict=True)), end)


def parquet_from_lines(lines: Path, path: Path, deciding: Deciding) -> None:
    """Write a Parquet file of the rows in a file of JSON lines; it appears when it is complete."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, _type(name, pa)) for name in deciding.columns()])
    with (
        draft(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
        lines.open("rb") as file,
    ):
        while rows := [json.loads(line) for line in islice(file, _ROW_GROUP)]:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))


def lines_from_parquet(path: Path, lines: Path) -> None:
    """Write the rows of a Parquet file as JSON lines again, so that more can follow."""
    import pyarrow.parquet as pq

    with draft(lines) as temporary, temporary.open("wb") as sink, pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROW_GROUP):
            rows = [json.dumps(row, ensure_ascii=False) for row in batch.to_pylist()]
            sink.write("".join(f"{row}\n" for row in rows).encode())


def _type(name: str, pa: Any) -> Any:
    if name.startswith((PROBABILITY, f"{UNLIKE}_")):
        return pa.float64()
    return pa.bool_() if name == "positive" else pa.string()
