"""Tables of a run directory as bytes; the same table always gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from leukokit.api import Part, Sample, Status, shown_url
from leukokit.engine.images.plan import Item, Rejection
from leukokit.evaluation.splits import Fold
from leukokit.ids import csv_cell, from_csv_cell, utf8, written_id
from leukokit.notice import NOTICE

_ROW_GROUP = 8192  # rows of features.parquet that are written, and can be read, together


def csv_bytes(table: pd.DataFrame, *, index: bool = False) -> bytes:
    """CSV with Unix line ends.

    Names that are not UTF-8 are written with backslash escapes, and text that a spreadsheet would take for a
    formula with an apostrophe in front; :func:`restore_cells` undoes the second.
    """
    if index:
        table = table.reset_index()
    return utf8(_each_text(table, csv_cell).to_csv(index=False, lineterminator="\n"))


def restore_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Texts of a table that was read from a CSV of :func:`csv_bytes`."""
    return _each_text(table, from_csv_cell)


def _each_text(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """Table with its texts changed; the same object where nothing changes."""
    changed = {}
    for name in table.columns:
        column = table[name]
        if pd.api.types.is_numeric_dtype(column.dtype):
            continue
        texts = [change(value) if isinstance(value, str) else value for value in column]
        if texts != column.tolist():
            changed[name] = texts
    return table.assign(**changed) if changed else table


def shown_path(sample: Sample, source: str) -> str:
    """Path or URL of a sample as tables show it; one without a file names the source, which is its data set.

    Passwords in URLs and the queries of signed links are not shown.
    """
    if sample.url is not None:
        return shown_url(sample.url)
    return written_id(sample.path) if sample.path is not None else source


def rejected_table(rejected: Sequence[tuple[Item, Rejection]], source: str) -> pd.DataFrame:
    """Columns id, path, stage, reason, detail."""
    rows = [
        (item.sample.id, shown_path(item.sample, source), rejection.stage, rejection.reason, rejection.detail)
        for item, rejection in rejected
    ]
    return pd.DataFrame(rows, columns=["id", "path", "stage", "reason", "detail"])


def split_table(folds: Sequence[Fold], samples: Mapping[str, Sample]) -> pd.DataFrame:
    """Columns id, label, group, part and, where there are several folds, fold."""
    rows = [
        (name, samples[name].label, samples[name].group, part.value, fold.name)
        for fold in folds
        for name, part in fold.parts.items()
    ]
    table = pd.DataFrame(rows, columns=["id", "label", "group", "part", "fold"])
    return table if len(folds) > 1 else table.drop(columns="fold")


def features_parquet(
    features: pd.DataFrame,
    samples: Mapping[str, Sample],
    status: Mapping[str, Status],
    parts: Mapping[str, Part],
    stamp: str | None,
) -> bytes:
    """Columns id, label, group, part, status, then the features; the stamp is in the schema's metadata."""
    note = {"leukokit.notice": NOTICE}
    if stamp:
        note["leukokit.stamp"] = stamp
    texts = ("id", "label", "group", "part", "status")
    fields = [*((name, pa.string()) for name in texts), *((name, pa.float64()) for name in features.columns)]
    schema = pa.schema(fields, metadata=note)
    sink = io.BytesIO()
    # Measurements are hardly ever equal: dictionaries of them would cost time and a sixth more space.
    with pq.ParquetWriter(sink, schema, compression="zstd", use_dictionary=list(texts)) as writer:
        for start in range(
            0, max(1, len(features)), _ROW_GROUP
        ):  # in pieces: the whole table is never copied
            piece = features.iloc[start : start + _ROW_GROUP]
            ids = piece.index.tolist()
            columns = [
                ids,
                [samples[name].label for name in ids],
                [samples[name].group for name in ids],
                [parts[name].value if name in parts else None for name in ids],
                [status[name].value if name in status else None for name in ids],
                *piece.to_numpy(dtype=np.float64).T,
            ]
            arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    return sink.getvalue()
