"""The section on cells: absent without a table; counts, sizes and N/C by class with one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from leukokit.engine.finished_run import FinishedRun
from leukokit.errors import DataError
from leukokit.number_text import NOTHING
from leukokit.report.html import render_run
from leukokit.report.html.cells import cells_of

MakeRun = Callable[..., Path]


def write_cells(run: Path) -> None:
    """Two classes: large cells in one; a cell at the border, which is counted and not measured."""
    rows = [
        ("Pre", "a", "white", "whole", 12.0, 0.7),
        ("Pre", "a", "white", "border", 4.0, 0.1),
        ("Pre", "b", "red", "whole", 7.4, None),
        ("Pro", "c", "white", "whole", 9.0, 0.9),
        ("Pro", "c", "platelet", "whole", None, None),
    ]
    columns = ["label", "image", "kind", "status", "cell_diameter_um", "nc_area"]
    pd.DataFrame(rows, columns=columns).to_parquet(run / "cells.parquet")


def test_cells_are_counted_and_measured_by_class(make_run: MakeRun) -> None:
    """Numbers count all cells, medians are of whole ones; a class without red cells has no diameter."""
    run = make_run()
    assert 'id="cells"' not in render_run(FinishedRun(run))
    write_cells(run)
    found = cells_of(FinishedRun(run))
    assert found is not None
    assert found.sentence == "In 3 images: 3 white cells, 1 red cell, 1 platelet."
    assert [[cell.text for cell in row] for row in found.by_class.rows] == [
        ["Pre", "2", "2", "1", "0", "12", "0.7", "7.4"],
        ["Pro", "1", "1", "0", "1", "9", "0.9", NOTHING],
    ]
    assert [plot.title for plot in found.plots] == ["White cells: diameter", "White cells: N/C ratio"]
    html = render_run(FinishedRun(run))
    assert 'href="#cells"' in html
    assert "3 white cells, 1 red cell, 1 platelet" in html


def test_a_damaged_table_is_named(make_run: MakeRun) -> None:
    """The message names the file."""
    run = make_run()
    (run / "cells.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(DataError, match=r"cells\.parquet.*cannot be read"):
        cells_of(FinishedRun(run))
