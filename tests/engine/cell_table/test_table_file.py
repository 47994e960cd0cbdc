"""``cells.parquet`` is written in pieces, and holds units and descriptions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from leukokit.engine.cell_table.columns import MEASURED_COLUMNS, SAMPLE_COLUMNS
from leukokit.engine.cell_table.table_file import ROW_GROUP, cell_table_file

SAMPLE = {"image": "a/1.png", "group": None, "label": "x", "part": "test", "fold": None}


def written(path: Path, cells: int, per_image: int) -> bytes:
    """Write so many cells, in images of so many."""
    table = np.full((cells, len(MEASURED_COLUMNS)), np.nan)
    names = [column.name for column in MEASURED_COLUMNS]
    for name in ("kind", "status", "cell", "box_left", "box_top", "box_right", "box_bottom"):
        table[:, names.index(name)] = 1
    table[:, names.index("nc_area")] = np.arange(cells)
    with cell_table_file(path, MEASURED_COLUMNS, "synthetic") as file:
        for start in range(0, cells, per_image):
            file.add(SAMPLE, table[start : start + per_image])
            assert file.rows < ROW_GROUP, "more than a row group is held"
    return path.read_bytes()


def test_pieces_depend_on_the_cells_only(tmp_path: Path) -> None:
    """The same cells in images of other sizes give the same bytes, in row groups of one size."""
    cells = 2 * ROW_GROUP + 5
    first = written(tmp_path / "a.parquet", cells, 100)
    assert written(tmp_path / "b.parquet", cells, 20_000) == first
    file = pq.ParquetFile(tmp_path / "a.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [
        ROW_GROUP,
        ROW_GROUP,
        5,
    ]
    table = pd.read_parquet(tmp_path / "a.parquet")
    assert table["nc_area"].tolist() == list(range(cells))
    assert table["cell_area_um2"].isna().all()
    assert table["kind"].unique().tolist() == ["red"]


def test_every_column_says_unit_and_meaning(tmp_path: Path) -> None:
    """Also in a table without cells; names are different, and the stamp of synthetic images is there."""
    written(tmp_path / "none.parquet", 0, 1)
    schema = pq.read_schema(tmp_path / "none.parquet")
    assert len(set(schema.names)) == len(SAMPLE_COLUMNS) + len(MEASURED_COLUMNS)
    for field in schema:
        assert field.metadata[b"description"].endswith(b"."), field.name
    assert schema.field("nucleus_diameter_um").metadata[b"unit"] == b"um"
    assert schema.metadata[b"leukokit.stamp"] == b"synthetic"
    assert len(pd.read_parquet(tmp_path / "none.parquet")) == 0
