"""Time by stage from the journal, and sizes from the files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from leukokit.compare.cost import cost
from leukokit.engine.finished_run import FinishedRun

MakeRun = Callable[..., Path]


def journal(path: Path, *events: tuple[str, float, dict[str, str]]) -> None:
    lines = [json.dumps({"event": event, "elapsed_s": at, **facts}) for event, at, facts in events]
    (path / "journal.jsonl").write_text("\n".join(lines) + "\n")


def test_stages_last_until_the_next(make_run: MakeRun) -> None:
    """Folds together; steps tell what came from the cache and end the work."""
    path = make_run("a")
    journal(
        path,
        ("run_started", 0.0, {}),
        ("warning", 0.1, {}),
        ("stage", 0.5, {"name": "images"}),
        ("stage", 2.5, {"name": "fitting"}),
        ("stage", 3.0, {"name": "images"}),
        ("stage", 3.5, {"name": "fitting"}),
        ("step", 5.5, {"step": "features.0.lbp", "did": "ran on 3, cached for 2"}),
        ("step", 5.5, {"step": "classify.svm", "did": "ran"}),
        ("step", 5.5, {"step": "select.0.pca", "did": "cached"}),
        ("run_finished", 6.5, {}),
    )
    run_cost = cost(FinishedRun.read(path))
    assert run_cost.stages == {"start": 0.5, "images": 2.5, "fitting": 2.5, "figures and report": 1.0}
    assert run_cost.cached == ("features.0.lbp", "select.0.pca")
    assert run_cost.seconds == 3.0
    assert run_cost.workers == 2


def test_only_the_last_start_counts(make_run: MakeRun) -> None:
    """A run that was killed and went on; a line cut off is passed over."""
    path = make_run("a")
    journal(
        path,
        ("run_started", 0.0, {}),
        ("stage", 9.0, {"name": "fitting"}),
        ("run_started", 0.0, {}),
        ("stage", 0.25, {"name": "images"}),
        ("run_finished", 1.25, {}),
    )
    with (path / "journal.jsonl").open("a") as file:
        file.write('{"event": "sta')
    assert cost(FinishedRun.read(path)).stages == {"start": 0.25, "images": 1.0}


def test_sizes_come_from_the_files(make_run: MakeRun) -> None:
    """Every file of the model; features without the columns that are none."""
    path = make_run("a")
    assert cost(FinishedRun.read(path)).model_bytes is None
    assert cost(FinishedRun.read(path)).features is None
    (path / "model" / "fold-1").mkdir(parents=True)
    (path / "model" / "fold-1" / "model.skops").write_bytes(b"1234")
    (path / "model" / "model_card.md").write_bytes(b"12")
    columns = ["id", "label", "group", "part", "status", "lbp__1", "hog__1"]
    pq.write_table(pa.table({name: ["x"] for name in columns}), path / "features.parquet")
    run_cost = cost(FinishedRun.read(path))
    assert run_cost.model_bytes == 6
    assert run_cost.features == 2


def test_a_run_without_a_journal_has_no_stages(make_run: MakeRun) -> None:
    """Nor has one whose table of features is damaged a number of them."""
    path = make_run("a")
    (path / "journal.jsonl").unlink()
    (path / "features.parquet").write_bytes(b"no parquet")
    run_cost = cost(FinishedRun.read(path))
    assert run_cost.stages == {}
    assert run_cost.features is None
