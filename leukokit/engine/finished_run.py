"""Read the files of a finished run, for reports and comparisons."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from leukokit.engine.io.tables import restore_cells
from leukokit.engine.run_folders import which_run
from leukokit.errors import DataError
from leukokit.record.audit import AuditRecord
from leukokit.record.files import AUDIT, METRICS, PROVENANCE, RESOLVED, STATUS
from leukokit.record.folder import AGAIN, MEGABYTE, has_file, read_bytes
from leukokit.record.journal import JournalEvent, last_attempt
from leukokit.record.metrics import Metrics
from leukokit.record.provenance import Provenance, RunStatus
from leukokit.record.recipe import ResolvedRecipe, SplitOfDataSet

_FEATURES = "features.parquet"
_CELLS = "cells.parquet"
_NO_FEATURES = ("id", "label", "group", "part", "status")
"""Columns of that file before the features."""
_LARGEST_TEXT = 16 * MEGABYTE
_LARGEST_TABLE = 512 * MEGABYTE
_MOST_ROWS = 20_000_000
"""Of a table of features or cells, which tells how many it has before any is unpacked."""


@dataclass(frozen=True)
class FinishedRun:
    """A finished run; its files are read when they are first needed.

    The directory may come from anyone. See :mod:`leukokit.record.folder` for the files that are refused.

    Attributes
    ----------
    path : Path
        The run directory.
    """

    path: Path

    @classmethod
    def read(cls, path: Path) -> FinishedRun:
        """Open a run directory.

        Raises
        ------
        DataError
            Where it is no run directory, or the run did not end.
        LeukokitError
            Where ``status.json`` has another form than this version reads.
        """
        if not path.is_dir():
            raise DataError("there is no such run directory", where=str(path))
        if not has_file(path, RESOLVED.name):
            raise DataError(
                "this folder is not a run directory: it has no resolved.json",
                where=str(path),
                hint=which_run(path),
            )
        if not has_file(path, STATUS.name):
            raise DataError(
                "this run did not end: it has no status.json",
                where=str(path),
                hint="Run its recipe again; finished work is taken from the cache",
            )
        run = cls(path)
        _ = run.status  # raises first if this version cannot read the files
        return run

    @cached_property
    def recipe(self) -> Mapping[str, Any]:
        """The recipe with every default filled in, as plain values."""
        return self.resolved.plain()

    @cached_property
    def resolved(self) -> ResolvedRecipe:
        """The recipe with every default filled in."""
        return RESOLVED.read(self.path)

    @cached_property
    def recipe_text(self) -> str:
        """The recipe as it was written."""
        return read_bytes(self.path, "recipe.yaml", _LARGEST_TEXT).decode("utf-8", "replace")

    @property
    def name(self) -> str:
        """Name of the recipe."""
        return self.resolved.name

    @property
    def sample(self) -> str:
        """What one sample is, in words: image or cell."""
        return "image" if self.resolved.unit is None else self.resolved.unit.of

    @property
    def split_name(self) -> str:
        """Name of the split in words, as far as the run tells it."""
        if self.audit is not None and self.audit.split is not None and self.audit.split.name:
            return self.audit.split.name
        recipe = self.resolved
        if recipe.split is not None:
            return recipe.split.name if isinstance(recipe.split, SplitOfDataSet) else recipe.split.method
        params = recipe.data.params if recipe.data is not None else None
        return str((params or {}).get("split") or "the data set's own")

    @cached_property
    def status(self) -> RunStatus:
        """How the run ended."""
        return STATUS.read(self.path)

    @cached_property
    def provenance(self) -> Provenance:
        """Versions, commit, platform, seed and the digest of every image."""
        return PROVENANCE.read(self.path)

    @cached_property
    def metrics(self) -> Metrics:
        """Scores; empty where the run had nothing to score."""
        return METRICS.find(self.path) or Metrics()

    @cached_property
    def audit(self) -> AuditRecord | None:
        """What the audit found; None where none was made."""
        return AUDIT.find(self.path)

    @cached_property
    def events(self) -> list[JournalEvent]:
        """What happened since the run was started for the last time."""
        return last_attempt(self.path)

    @cached_property
    def predictions(self) -> pd.DataFrame | None:
        """Rows of ``predictions.csv``; None where nothing was classified."""
        return self.table("predictions.csv", ("id", "part"))

    @cached_property
    def group_predictions(self) -> pd.DataFrame | None:
        """Rows of ``predictions_by_group.csv``; None where no group was answered for."""
        return self.table("predictions_by_group.csv", ("group", "part", "true", "predicted"))

    @cached_property
    def attention(self) -> pd.DataFrame | None:
        """Rows of ``attention.csv``; None where no group was answered for with attention."""
        return self.table("attention.csv", ("group", "part", "id", "attention"))

    @cached_property
    def split(self) -> pd.DataFrame | None:
        """Rows of ``split.csv``: id, label, group, part and, with several folds, fold."""
        return self.table("split.csv", ("id", "label", "part"))

    @cached_property
    def first_fold(self) -> str | None:
        """Name of the first fold; None where the run has only one."""
        if self.split is None or "fold" not in self.split or self.split.empty:
            return None
        return str(self.split["fold"].iloc[0])

    @cached_property
    def rejected(self) -> pd.DataFrame | None:
        """Rows of ``rejected.csv``."""
        return self.table("rejected.csv", ("id", "stage", "reason", "detail"))

    @cached_property
    def facts(self) -> pd.DataFrame | None:
        """Columns id, label and status of ``features.parquet``; None where the run took no features."""
        return self._features_file(["id", "label", "status"])

    def features(self, most: int) -> pd.DataFrame | None:
        """Read the labels and the first features of all images; None where the run took no features.

        Parameters
        ----------
        most : int
            Number of features.

        Returns
        -------
        DataFrame
            Column ``label``, None where an image has none, then the features, float64.
        """
        return self._features_file(["label", *(self.feature_names or ())[:most]])

    @property
    def feature_names(self) -> list[str] | None:
        """Names of the features in ``features.parquet``; None where there is none that can be read."""
        columns = self.feature_columns
        return None if columns is None else columns[len(_NO_FEATURES) :]

    @cached_property
    def feature_columns(self) -> list[str] | None:
        """Names of all columns of ``features.parquet``; None where there is none that can be read."""
        if not has_file(self.path, _FEATURES):
            return None
        import pyarrow as pa
        import pyarrow.parquet as pq

        content = read_bytes(self.path, _FEATURES, _LARGEST_TABLE)
        try:
            return [str(name) for name in pq.read_schema(pa.BufferReader(content)).names]
        except (OSError, pa.ArrowException):
            return None

    def cells(self, columns: Sequence[str]) -> pd.DataFrame | None:
        """Read columns of ``cells.parquet``; None where there is none."""
        return self._parquet(_CELLS, columns)

    def _features_file(self, columns: Sequence[str]) -> pd.DataFrame | None:
        return self._parquet(_FEATURES, columns)

    def _parquet(self, name: str, columns: Sequence[str]) -> pd.DataFrame | None:
        if not has_file(self.path, name):
            return None
        import pyarrow as pa
        import pyarrow.parquet as pq

        content, where = read_bytes(self.path, name, _LARGEST_TABLE), str(self.path / name)
        try:
            file = pq.ParquetFile(pa.BufferReader(content))
            if file.metadata.num_rows > _MOST_ROWS:
                raise DataError(
                    f"says that it has {file.metadata.num_rows:,} rows; expected at most {_MOST_ROWS:,}",
                    where=where,
                    hint=AGAIN,
                )
            table: pd.DataFrame = file.read(columns=list(columns)).to_pandas()
            return table
        except (OSError, ValueError) as error:  # pyarrow's own errors are among them
            raise DataError(f"cannot be read: {error}", where=where, hint=AGAIN) from error

    def table(self, name: str, columns: Sequence[str] = ()) -> pd.DataFrame | None:
        """Read a CSV file of the run; None where the run has none. Names such as ``NA`` stay names.

        Parameters
        ----------
        name : str
            Path in the run directory.
        columns : sequence of str
            Columns that it must have.

        Raises
        ------
        DataError
            Where it cannot be read, or has not all of the columns.
        """
        if not has_file(self.path, name):
            return None
        content = read_bytes(self.path, name, _LARGEST_TABLE)
        try:
            table: pd.DataFrame = pd.read_csv(
                io.BytesIO(content),
                keep_default_na=False,
                na_values={},
                dtype=dict.fromkeys(_TEXT, str),
                encoding="utf-8",
                **_EXACT,
            )
        except (OSError, ValueError) as error:
            raise DataError(f"cannot be read: {error}", where=str(self.path / name), hint=AGAIN) from error
        if missing := [column for column in columns if column not in table.columns]:
            raise DataError(f"has no column {missing[0]!r}", where=str(self.path / name), hint=AGAIN)
        return restore_cells(table)


_TEXT = (
    *("id", "path", "part", "true", "predicted", "target", "fold", "label", "group"),
    *("stage", "reason", "detail", "feature", "explainer", "region"),
)
# The last digit counts; from 3.1 on pandas keeps it by itself, and warns of the option.
_EXACT: Any = (
    {} if tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1) else {"float_precision": "round_trip"}
)
