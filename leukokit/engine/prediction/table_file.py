"""The file that rows of predictions go into: begun, or continued where an earlier call was stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pandas as pd
from filelock import FileLock, Timeout

from leukokit._version import __version__
from leukokit.api import Sample
from leukokit.engine.io.files import full_disk_named, write_json
from leukokit.engine.prediction.formats import (
    TableFormat,
    WrittenRow,
    lines_from_parquet,
    parquet_from_lines,
    row_bytes,
    written_rows,
)
from leukokit.engine.prediction.rows import IMAGE, REJECTED, STATUS, Deciding
from leukokit.engine.prediction.tally import Tally
from leukokit.errors import RunFailed, UsageError
from leukokit.notice import NOTICE

_OVERWRITE = "Name another file, or give --overwrite"


@dataclass(frozen=True)
class Origin:
    """What a table comes from; rows of two origins never stand in one file.

    Attributes
    ----------
    model : str
        Digest of the fitted pipeline.
    name : str
        Of its recipe.
    """

    model: str
    name: str


@dataclass
class RowSink:
    """Takes rows and writes them at once.

    Attributes
    ----------
    tally : Tally
        Counts of all rows in the table, those of earlier calls among them.
    start : int
        Number of the image to predict first. Some rows of it may be in the table already: a model predicts
        whole blocks.
    """

    kind: TableFormat
    tally: Tally
    start: int = 0
    file: IO[bytes] | None = None
    name: str = "the standard output"
    head: bool = True
    skip: int = 0

    def write(self, rows: pd.DataFrame) -> None:
        """Write the rows that are not in the table already."""
        skipped, self.skip = min(self.skip, len(rows)), max(0, self.skip - len(rows))
        rows = rows.iloc[skipped:]
        if rows.empty or self.file is None:
            return
        with full_disk_named(self.name):
            self.file.write(row_bytes(rows, self.kind, head=self.head))
            self.file.flush()
        self.head = False
        self.tally.add(rows)


@contextmanager
def stream_sink(file: IO[bytes], kind: TableFormat, deciding: Deciding) -> Iterator[RowSink]:
    """Write rows to the standard output."""
    yield RowSink(kind, Tally(deciding.classes), file=file)


@contextmanager
def table_sink(
    path: Path,
    kind: TableFormat,
    deciding: Deciding,
    samples: Sequence[Sample],
    origin: Origin,
    *,
    block: int,
    overwrite: bool,
    whole: bool = False,
) -> Iterator[RowSink]:
    """Open the table; one that this model has begun for these images is continued.

    Parameters
    ----------
    path : Path
        CSV and JSON lines grow row by row; Parquet appears when all rows are done, and until then they are in
        a file of JSON lines beside it. A second file beside it names the model.
    samples : sequence of Sample
        The images, in the order of the rows.
    block : int
        Images that the model predicts together.
    overwrite : bool
        Begin anew, whatever is there.
    whole : bool
        Every row is needed now: a table that was begun is not continued.

    Raises
    ------
    UsageError
        Where a file is there that this model has not written, or for other images; nothing is changed.
    RunFailed
        Where another process writes into it, or the disk is full or not writable.
    """
    origin_file = path.with_name(f"{path.name}.origin.json")
    lines = path.with_name(f"{path.name}.part.jsonl") if kind is TableFormat.PARQUET else path
    rows_kind = TableFormat.JSON_LINES if kind is TableFormat.PARQUET else kind
    with _locked(path):
        existing = [each for each in dict.fromkeys((path, lines)) if each.exists()]
        begun = None
        if existing and not overwrite:
            _refuse_other(path, origin_file, origin, kind, deciding, whole=whole)
            if kind is TableFormat.PARQUET and not lines.exists():
                lines_from_parquet(path, lines)
            begun = _begun(lines, rows_kind, deciding, samples, block)
        else:
            for each in existing:
                each.unlink()
        write_json(origin_file, _facts(origin, kind, deciding))
        sink = begun or RowSink(rows_kind, Tally(deciding.classes))
        sink.name = str(lines)
        with lines.open("ab") as file:
            sink.file = file
            yield sink
        if kind is TableFormat.PARQUET:
            parquet_from_lines(lines, path, deciding)
            lines.unlink()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock_file = path.with_name(f".{path.name}.lock")
    lock = FileLock(lock_file)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(blocking=False)
    except Timeout:
        raise RunFailed("another process writes into it", where=str(path), hint="Wait for its end") from None
    except OSError as error:
        raise RunFailed(
            f"cannot be written ({error.strerror})", where=str(path), hint="Choose another file with --out"
        ) from error
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):
            lock_file.unlink()


def _facts(origin: Origin, kind: TableFormat, deciding: Deciding) -> dict[str, Any]:
    return {
        "columns": deciding.columns(),
        "format": kind.value,
        "leukokit": __version__,
        "model": origin.model,
        "name": origin.name,
        "notice": NOTICE,
    }


def _refuse_other(
    path: Path, origin_file: Path, origin: Origin, kind: TableFormat, deciding: Deciding, *, whole: bool
) -> None:
    """Refuse a file that this model has not begun."""
    where = str(path)
    try:
        before = json.loads(origin_file.read_bytes())
    except (OSError, ValueError):
        raise UsageError(
            f"is there already, and no {origin_file.name} says which model wrote it",
            where=where,
            hint=_OVERWRITE,
        ) from None
    now = _facts(origin, kind, deciding)
    if not isinstance(before, dict) or before.get("model") != origin.model:
        other = before.get("name") if isinstance(before, dict) else None
        raise UsageError(
            f"holds the predictions of another model ({other or 'unknown'})", where=where, hint=_OVERWRITE
        )
    for name in ("columns", "format"):
        if before.get(name) != now[name]:
            raise UsageError(f"was begun with other {name}", where=where, hint=_OVERWRITE)
    if whole:
        raise UsageError(
            "is there already; a validation, or answers by group, need the predictions of all images now",
            where=where,
            hint=_OVERWRITE,
        )


def _begun(
    lines: Path, kind: TableFormat, deciding: Deciding, samples: Sequence[Sample], block: int
) -> RowSink:
    """Read what is there, cut off a row that is not whole, and say where to go on."""
    tally = Tally(deciding.classes)
    count = used = end = resume_at = 0
    try:
        for row in written_rows(lines, kind):
            end = row.end
            if not row.cells:
                continue  # names of the columns
            _check_image(row, count, samples, lines)
            tally.add_row(row.cells)
            count += 1
            if row.cells[STATUS] != REJECTED:
                used += 1
                if used % block == 0:
                    resume_at = count  # the model predicts whole blocks
    except (ValueError, KeyError) as error:
        raise UsageError(
            f"holds something else than predictions ({error})", where=str(lines), hint=_OVERWRITE
        ) from error
    with lines.open("r+b") as file:
        file.truncate(end)
    return RowSink(kind, tally, start=resume_at, skip=count - resume_at, head=end == 0)


def _check_image(row: WrittenRow, number: int, samples: Sequence[Sample], lines: Path) -> None:
    name = row.cells[IMAGE]
    expected = samples[number].id if number < len(samples) else None
    if name != expected:
        asked = "no further image is given" if expected is None else f"{expected} is given"
        raise UsageError(
            f"row {number + 1} is about {name}, but {asked} in its place: it was begun for other images",
            where=str(lines),
            hint=_OVERWRITE,
        )
