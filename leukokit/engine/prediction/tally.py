"""Counts over rows of predictions, for the summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from leukokit.engine.pipeline.decisions import Decision
from leukokit.engine.prediction.rows import DECISION, PREDICTED, REJECTED, STATUS
from leukokit.engine.unlike.limits import DISTANCES, UNLIKE

_DISTANCES = {name: f"{UNLIKE}_{name}" for name in DISTANCES}
"""Column of each distance."""


class Tally:
    """Counts of images by class, decision, distance beyond its limit and reason of rejection.

    Parameters
    ----------
    classes : sequence of str
    """

    def __init__(self, classes: Sequence[str]) -> None:
        self.images = 0
        self.rejected: Counter[str] = Counter()
        self.predicted: Counter[str] = Counter(dict.fromkeys(classes, 0))
        self.decisions: Counter[str] = Counter(dict.fromkeys((each.value for each in Decision), 0))
        self.unlike_in: Counter[str] = Counter()

    def add(self, rows: pd.DataFrame) -> None:
        """Count rows."""
        distances = [name for name in _DISTANCES.values() if name in rows]
        columns = (STATUS, "reason", PREDICTED, DECISION, *distances)
        for cells in zip(*(rows[name].tolist() for name in columns), strict=True):
            self.add_row(dict(zip(columns, cells, strict=True)))

    def add_row(self, cells: Mapping[str, Any]) -> None:
        """Count one row."""
        self.images += 1
        if cells[STATUS] == REJECTED:
            self.rejected[str(cells["reason"])] += 1
            return
        self.predicted[str(cells[PREDICTED])] += 1
        self.decisions[str(cells[DECISION])] += 1
        for distance, column in _DISTANCES.items():
            if float(cells.get(column) or "nan") > 1:  # empty where it is not known
                self.unlike_in[distance] += 1

    def plain(self) -> dict[str, Any]:
        """Give plain values."""
        return {
            "images": self.images,
            "predicted": dict(self.predicted),
            "decisions": dict(self.decisions),
            "unlike_in": {name: self.unlike_in[name] for name in DISTANCES},
            "rejected": dict(sorted(self.rejected.items())),
        }
