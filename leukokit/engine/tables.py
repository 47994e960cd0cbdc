"""Tables of a run directory, written the same way to the byte every time."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from leukokit.api import Part, Sample, Status
from leukokit.engine.image_plan import Item, Rejection
from leukokit.evaluation.splits import Fold


def csv_bytes(table: pd.DataFrame, *, index: bool = False) -> bytes:
    """CSV with Unix line ends; names that are not UTF-8 are written with backslash escapes."""
    text = table.to_csv(index=index, lineterminator="\n")
    return text.encode("utf-8", "backslashreplace")


def shown_path(sample: Sample, name: str) -> str:
    """Path of a sample as tables show it; a rendered image says which synthetic data set it comes from."""
    return os.fspath(sample.path) if sample.path is not None else f"synthetic:{name}"


def rejected_table(rejected: Sequence[tuple[Item, Rejection]], name: str) -> pd.DataFrame:
    """Columns id, path, stage, reason, detail."""
    rows = [
        (item.sample.id, shown_path(item.sample, name), why.stage, why.reason, why.detail)
        for item, why in rejected
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
    facts = pd.DataFrame(
        {
            "id": features.index,
            "label": [samples[name].label for name in features.index],
            "group": [samples[name].group for name in features.index],
            "part": [parts[name].value if name in parts else None for name in features.index],
            "status": [status[name].value if name in status else None for name in features.index],
        },
        dtype="object",
    )
    whole = pa.Table.from_pandas(
        pd.concat([facts, features.reset_index(drop=True)], axis=1), preserve_index=False
    )
    note = {"leukokit.notice": "Research use only. Not a medical device."}
    if stamp:
        note["leukokit.stamp"] = stamp
    whole = whole.replace_schema_metadata({**(whole.schema.metadata or {}), **note})
    sink = io.BytesIO()
    pq.write_table(whole, sink, compression="zstd")
    return sink.getvalue()
