"""What the report shows of scores."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from leukokit.engine.finished_run import FinishedRun
from leukokit.report.html.scores import score_section_of


def test_agreement_with_masks_is_in_reading_order(make_run: Callable[..., Path]) -> None:
    """Nucleus before cell, Dice before IoU, and columns that a newer version adds last."""
    run = make_run()
    path = run / "metrics.json"
    metrics = json.loads(path.read_text())
    facts = {"zeta": 1.0, "images": 3.0, "iou_mean": 0.8, "dice_p10": 0.7, "dice_mean": 0.9}
    path.write_text(json.dumps(metrics | {"segmentation": {"cell": facts, "nucleus": facts}}))
    table = score_section_of(FinishedRun.read(run)).segmentation
    assert table is not None
    assert list(table.columns) == ["", "Dice mean", "p10", "IoU mean", "images", "zeta"]
    assert [row[0].text for row in table.rows] == ["nucleus", "cell"]
