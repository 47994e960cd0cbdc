"""Read a run directory back: all that a report or a comparison needs is in its files."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from leukokit.engine.io.tables import restore_cells
from leukokit.errors import DataError
from leukokit.record.audit import AuditRecord
from leukokit.record.files import AUDIT, METRICS, PROVENANCE, STATUS
from leukokit.record.folder import AGAIN, MEGABYTE, has_file, read_bytes
from leukokit.record.journal import JournalEvent, last_attempt
from leukokit.record.metrics import Metrics
from leukokit.record.provenance import Provenance, RunStatus
from leukokit.record.reading import as_record, read_json
from leukokit.record.recipe import RecipeComponent, ResolvedRecipe

_RECIPE = "resolved.json"
_FEATURES = "features.parquet"
_LARGEST_RECIPE = 16 * MEGABYTE
_LARGEST_TABLE = 512 * MEGABYTE
_MOST_ROWS = 20_000_000
"""Of a table of features, which tells how many it has before any is unpacked."""


@dataclass(frozen=True)
class FinishedRun:
    """A run that has ended, as its directory tells it; files are read when they are asked for.

    The directory may come from anyone: see :mod:`leukokit.record.folder` for what is refused.

    Attributes
    ----------
    path : Path
        The run directory.
    """

    path: Path

    @classmethod
    def read(cls, path: Path) -> FinishedRun:
        """Look at a run directory.

        Raises
        ------
        DataError
            Where it is no run directory, or the run did not end.
        LeukokitError
            Where ``status.json`` has another form than this version reads.
        """
        if not path.is_dir():
            raise DataError("there is no such run directory", where=str(path))
        if not has_file(path, _RECIPE):
            raise DataError(
                "this folder is not a run directory: it has no resolved.json",
                where=str(path),
                hint="Name the folder that 'leukokit run' printed, such as runs/<name>/<time>-<plan>",
            )
        if not has_file(path, STATUS.name):
            raise DataError(
                "this run did not end: it has no status.json",
                where=str(path),
                hint="Run its recipe again; finished work is taken from the cache",
            )
        found = cls(path)
        _ = found.status  # says first of all whether this version can read the rest
        return found

    @cached_property
    def recipe(self) -> Mapping[str, Any]:
        """The recipe with every default filled in, as plain values."""
        return read_json(self.path, _RECIPE, _LARGEST_RECIPE)

    @cached_property
    def resolved(self) -> ResolvedRecipe:
        """The same recipe, as far as a report looks into it."""
        return as_record(self.recipe, ResolvedRecipe, self.path / _RECIPE)

    def components(self, stage: str) -> list[RecipeComponent]:
        """Components of one section of the recipe, such as ``features``, in order; none where it has none."""
        section = self.recipe.get(stage)
        several = section if isinstance(section, list) else [section]
        where = self.path / _RECIPE
        return [as_record(each, RecipeComponent, where) for each in several if isinstance(each, dict)]

    @cached_property
    def recipe_text(self) -> str:
        """The recipe as it was written."""
        return read_bytes(self.path, "recipe.yaml", _LARGEST_RECIPE).decode("utf-8", "replace")

    @property
    def name(self) -> str:
        """Name of the recipe."""
        return self.resolved.name

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
    def split(self) -> pd.DataFrame | None:
        """Rows of ``split.csv``: id, label, group, part and, with several folds, fold."""
        return self.table("split.csv", ("id", "label", "part"))

    @cached_property
    def rejected(self) -> pd.DataFrame | None:
        """Rows of ``rejected.csv``."""
        return self.table("rejected.csv", ("id", "stage", "reason", "detail"))

    @cached_property
    def facts(self) -> pd.DataFrame | None:
        """Columns id, label and status of ``features.parquet``; None where the run took no features."""
        if not has_file(self.path, _FEATURES):
            return None
        import pyarrow as pa
        import pyarrow.parquet as pq

        content, where = read_bytes(self.path, _FEATURES, _LARGEST_TABLE), str(self.path / _FEATURES)
        try:
            file = pq.ParquetFile(pa.BufferReader(content))
            if file.metadata.num_rows > _MOST_ROWS:
                raise DataError(
                    f"says that it has {file.metadata.num_rows:,} rows; expected at most {_MOST_ROWS:,}",
                    where=where,
                    hint=AGAIN,
                )
            found: pd.DataFrame = file.read(columns=["id", "label", "status"]).to_pandas()
            return found
        except (OSError, ValueError) as error:  # pyarrow's own errors are among them
            raise DataError(f"cannot be read: {error}", where=where, hint=AGAIN) from error

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
            found: pd.DataFrame = pd.read_csv(
                io.BytesIO(content),
                keep_default_na=False,
                na_values={},
                dtype=dict.fromkeys(_TEXT, str),
                encoding="utf-8",
                **_EXACT,
            )
        except (OSError, ValueError) as error:
            raise DataError(f"cannot be read: {error}", where=str(self.path / name), hint=AGAIN) from error
        if missing := [column for column in columns if column not in found.columns]:
            raise DataError(f"has no column {missing[0]!r}", where=str(self.path / name), hint=AGAIN)
        return restore_cells(found)


_TEXT = ("id", "path", "part", "true", "predicted", "fold", "label", "group", "stage", "reason", "detail")
# The last digit counts; from 3.1 on pandas keeps it by itself, and warns of the option.
_EXACT: Any = (
    {} if tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1) else {"float_precision": "round_trip"}
)
