"""Predictions of cells, counted for each field and each patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from leukokit.api import FloatArray, Sample
from leukokit.engine.prediction.rows import PredictedImages
from leukokit.evaluation.differential import differential

FIELD, PATIENT, ALL = "field", "patient", "all"
"""What is counted in a row."""


@dataclass
class _Counted:
    """Cells of one field or patient: how many of each class, and the sum of their probabilities."""

    counts: FloatArray
    proba: FloatArray
    rejected: int = 0


@dataclass
class DifferentialCount:
    """Counts the cells of fields, and of patients where the fields name them.

    Attributes
    ----------
    classes : tuple of str
        In the order of the probabilities.
    fields : sequence of Sample
        All images, those without a cell too; their group is the patient.
    """

    classes: tuple[str, ...]
    fields: Sequence[Sample]
    _counted: dict[tuple[str, str], _Counted] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._patient = {sample.id: sample.group for sample in self.fields}
        for sample in self.fields:
            self._of(FIELD, sample.id)
        for patient in dict.fromkeys(self._patient.values()):
            if patient is not None:
                self._of(PATIENT, patient)
        self._of(ALL, "")

    def add(self, piece: PredictedImages) -> None:
        """Count predicted cells; those that could not be used are counted as rejected."""
        row = 0
        for sample, used in zip(piece.samples, piece.used.tolist(), strict=True):
            places = [(FIELD, sample.whole.id), (ALL, "")]
            patient = self._patient.get(sample.whole.id)
            if patient is not None:
                places.append((PATIENT, patient))
            for place in places:
                counted = self._of(*place)
                if not used:
                    counted.rejected += 1
                    continue
                counted.counts[piece.proba[row].argmax()] += 1
                counted.proba += piece.proba[row]
            row += used

    def table(self) -> pd.DataFrame:
        """Lay out one row a class of each field and patient, and of all fields together.

        Returns
        -------
        DataFrame
            ``level`` (``field``, ``patient`` or ``all``), ``id``, ``cells`` (counted), ``rejected`` (cells
            that could not be used), ``class``, ``count``, ``share``, ``low`` and ``high`` (Wilson, 95%);
            ``answer``, the class with the highest mean probability over the cells, and that mean,
            ``p_answer``; both missing where there is no cell.
        """
        rows = []
        for (level, name), counted in self._counted.items():
            cells = int(counted.counts.sum())
            mean = counted.proba / cells if cells else np.full(len(self.classes), np.nan)
            answer = self.classes[int(mean.argmax())] if cells else None
            p_answer = float(mean.max()) if cells else float("nan")
            each = dict(zip(self.classes, counted.counts.astype(int).tolist(), strict=True))
            before, after = (level, name, cells, counted.rejected), (answer, p_answer)
            rows += [
                (*before, one.name, one.count, one.share, one.low, one.high, *after)
                for one in differential(each)
            ]
        columns = ["level", "id", "cells", "rejected", "class", "count", "share", "low", "high"]
        return pd.DataFrame(rows, columns=[*columns, "answer", "p_answer"])

    def _of(self, level: str, name: str) -> _Counted:
        if (level, name) not in self._counted:
            size = len(self.classes)
            self._counted[level, name] = _Counted(np.zeros(size), np.zeros(size))
        return self._counted[level, name]
