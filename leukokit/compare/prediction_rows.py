"""Predictions of one run for one part, read and validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from leukokit.arrays import FloatArray
from leukokit.engine.finished_run import FinishedRun
from leukokit.errors import DataError
from leukokit.ids import written_id

_DAMAGED = "The run directory is damaged: run the recipe again"


@dataclass(frozen=True)
class RunPredictions:
    """Predictions of one run for one part.

    Attributes
    ----------
    run : FinishedRun
    label : str
        Label of the run in the comparison: A, B, ...
    table : DataFrame
        Rows of ``predictions.csv`` of the part.
    classes : tuple of str
        Sorted.
    """

    run: FinishedRun
    label: str
    table: pd.DataFrame
    classes: tuple[str, ...]

    @classmethod
    def read(cls, run: FinishedRun, label: str, part: str) -> RunPredictions:
        """Read ``predictions.csv`` and validate it.

        Raises
        ------
        DataError
            Where the run has no predictions, none of this part, or they contradict themselves.
        """
        where = str(run.path / "predictions.csv")
        whole = run.predictions
        if whole is None:
            raise DataError(
                "this run classified nothing: it has no predictions.csv",
                where=str(run.path),
                hint="Compare runs whose recipe has a 'classify' section",
            )
        if missing := [name for name in ("id", "part", "true", "predicted") if name not in whole.columns]:
            raise DataError(f"has no column {missing[0]!r}", where=where, hint=_DAMAGED)
        table = whole[whole["part"] == part].reset_index(drop=True)
        if table.empty:
            parts = sorted(set(whole["part"])) or ["none"]
            raise DataError(
                f"this run predicted nothing of part {part!r}; it has {', '.join(parts)}",
                where=where,
                hint="Choose another part with --part, or a split with such a part",
            )
        classes = tuple(sorted(name.removeprefix("p_") for name in table.columns if name.startswith("p_")))
        predictions = cls(run, label, table, classes)
        predictions._validate(where)
        return predictions

    def _validate(self, where: str) -> None:
        try:
            proba = self.proba
        except (TypeError, ValueError):
            proba = np.full((len(self.table), 1), np.nan)
        if not np.isfinite(proba).all():
            row = int(np.argmin(np.isfinite(proba).all(axis=1)))
            raise DataError(
                f"the probabilities of {self.table['id'][row]} are not finite numbers",
                where=where,
                hint=_DAMAGED,
            )
        unknown = sorted(set(self.table["true"]) - set(self.classes))
        if unknown:
            raise DataError(
                f"true class {unknown[0]!r} has no column of probabilities; there are "
                f"{', '.join(self.classes) or 'none'}",
                where=where,
                hint=_DAMAGED,
            )
        if self.table.duplicated(self._key_columns).any():
            row = int(np.argmax(self.table.duplicated(self._key_columns)))
            raise DataError(f"{self.table['id'][row]} is in two rows", where=where, hint=_DAMAGED)
        chosen = [
            self.classes.index(name) if name in self.classes else -1 for name in self.table["predicted"]
        ]
        for row, number in enumerate(chosen):
            if number < 0 or proba[row, number] < proba[row].max():
                raise DataError(
                    f"{self.table['id'][row]}: predicted is {self.table['predicted'][row]!r}, which is not "
                    "the class of the highest probability",
                    where=where,
                    hint=_DAMAGED,
                )

    @cached_property
    def proba(self) -> FloatArray:
        """Probabilities, float64 (n, k), columns in the order of ``classes``."""
        return self.table[[f"p_{name}" for name in self.classes]].to_numpy(dtype=np.float64)

    @property
    def _key_columns(self) -> list[str]:
        return ["id", "fold"] if "fold" in self.table.columns else ["id"]

    @cached_property
    def tested_once(self) -> bool:
        """Whether each image was tested once: no repeated cross-validation."""
        return not self.table["id"].duplicated().any()

    def keys(self, *, by_fold: bool) -> list[tuple[str, ...]]:
        """Key of each row: its id, or id and fold."""
        columns = ["id", "fold"] if by_fold else ["id"]
        return list(zip(*(self.table[name] for name in columns), strict=True))

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """Digest of each image of the data set, by its id as written in tables."""
        data = self.run.provenance.data
        return {} if data is None else {written_id(name): key for name, key in data.files.items()}

    @cached_property
    def groups(self) -> Mapping[str, str]:
        """Group of each image that has one, from ``split.csv``."""
        split = self.run.split
        if split is None or "group" not in split.columns:
            return {}
        return {name: group for name, group in zip(split["id"], split["group"], strict=True) if group}

    @property
    def synthetic(self) -> bool:
        """Whether the images are synthetic."""
        return bool(self.run.status.synthetic)
