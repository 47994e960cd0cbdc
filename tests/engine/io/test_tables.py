"""Tables of a run directory."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from leukokit.api import Dataset, Part, Sample, Status
from leukokit.engine.data import OpenData
from leukokit.engine.io import tables
from leukokit.engine.io.tables import features_parquet
from leukokit.plugins.datasets.smears import Smears


def written(rows: int, stamp: str | None = None) -> tuple[pd.DataFrame, bytes]:
    """Features of some samples, a few of them missing, and the file."""
    ids = pd.Index([f"{i}.png" for i in range(rows)], name="id")
    values = np.random.default_rng(rows).random((rows, 3))
    values[::4, 1] = np.nan
    table = pd.DataFrame(values, index=ids, columns=["a", "b", "c"])
    samples = {name: Sample(name, path=Path(name), label="x") for name in ids}
    parts = dict.fromkeys(ids[::2], Part.TRAIN)
    status = dict.fromkeys(ids[1:], Status.NO_CELL)
    return table, features_parquet(table, samples, status, parts, stamp)


@pytest.mark.parametrize("rows", [0, 1, 9, 20])
def test_features_come_back_whatever_the_pieces_they_are_written_in(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every bit, facts beside it; columns that say nothing keep their type."""
    monkeypatch.setattr(tables, "_ROW_GROUP", 7)
    table, content = written(rows)
    file = pq.ParquetFile(io.BytesIO(content))
    assert file.num_row_groups == max(1, -(-rows // 7))
    assert [str(field.type) for field in file.schema_arrow][:5] == ["string"] * 5
    back = file.read()
    assert back["id"].to_pylist() == table.index.tolist()
    assert back.select(["a", "b", "c"]).to_pandas().to_numpy().tobytes() == table.to_numpy().tobytes()
    assert back["part"].to_pylist() == ["train" if i % 2 == 0 else None for i in range(rows)]
    assert back["status"].to_pylist() == [None if i == 0 else "no_cell" for i in range(rows)]
    assert back["group"].to_pylist() == [None] * rows


def test_the_file_says_what_it_may_be_used_for() -> None:
    """The notice, and the stamp of synthetic images, travel with the numbers."""
    notes = pq.read_schema(io.BytesIO(written(3, "SYNTHETIC")[1])).metadata
    assert notes == {
        b"leukokit.notice": b"Research use only. Not a medical device.",
        b"leukokit.stamp": b"SYNTHETIC",
    }


def test_the_path_of_an_image_without_a_file_is_its_source() -> None:
    """A rendered smear says that it is synthetic; a tile of a slide names its data set."""
    sample = Sample(id="A/slide.svs/0_0")
    rendered = OpenData(Smears(), "smears", (), "SYNTHETIC", stood_in=False)
    slides = OpenData(Dataset(), "wsi/slides", (), None, stood_in=False)
    assert tables.shown_path(sample, rendered.source) == "synthetic:smears"
    assert tables.shown_path(sample, slides.source) == "wsi/slides"
