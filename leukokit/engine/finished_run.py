"""Read a run directory back: all that a report or a comparison needs is in its files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from leukokit.errors import DataError


@dataclass(frozen=True)
class FinishedRun:
    """A run that has ended, as its directory tells it; files are read when they are asked for.

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
        """
        if not path.is_dir():
            raise DataError("there is no such run directory", where=str(path))
        if not (path / "resolved.json").is_file():
            raise DataError(
                "this folder is not a run directory: it has no resolved.json",
                where=str(path),
                hint="Name the folder that 'leukokit run' printed, such as runs/<name>/<time>-<plan>",
            )
        if not (path / "status.json").is_file():
            raise DataError(
                "this run did not end: it has no status.json",
                where=str(path),
                hint="Run its recipe again; finished work is taken from the cache",
            )
        return cls(path)

    @cached_property
    def recipe(self) -> Mapping[str, Any]:
        """The recipe with every default filled in."""
        return self._json("resolved.json")

    @cached_property
    def recipe_text(self) -> str:
        """The recipe as it was written."""
        return (self.path / "recipe.yaml").read_text("utf-8", errors="replace")

    @property
    def name(self) -> str:
        """Name of the recipe."""
        return str(self.recipe["name"])

    @cached_property
    def status(self) -> Mapping[str, Any]:
        """How the run ended: ``exit_code``, ``images``, ``rejected``, ``synthetic``, ``seconds`` and more."""
        return self._json("status.json")

    @cached_property
    def provenance(self) -> Mapping[str, Any]:
        """Versions, commit, platform, seed and the digest of every image."""
        return self._json("provenance.json")

    @cached_property
    def metrics(self) -> Mapping[str, Any]:
        """Scores; empty where the run had nothing to score."""
        return self._json("metrics.json") if (self.path / "metrics.json").exists() else {}

    @cached_property
    def audit(self) -> Mapping[str, Any] | None:
        """What the audit found; None where none was made."""
        return self._json("audit.json") if (self.path / "audit.json").exists() else None

    @cached_property
    def predictions(self) -> pd.DataFrame | None:
        """Rows of ``predictions.csv``; None where nothing was classified."""
        return self.table("predictions.csv")

    @cached_property
    def split(self) -> pd.DataFrame | None:
        """Rows of ``split.csv``: id, label, group, part and, with several folds, fold."""
        return self.table("split.csv")

    @cached_property
    def rejected(self) -> pd.DataFrame | None:
        """Rows of ``rejected.csv``."""
        return self.table("rejected.csv")

    @cached_property
    def facts(self) -> pd.DataFrame | None:
        """Columns id, label and status of ``features.parquet``; None where the run took no features."""
        path = self.path / "features.parquet"
        if not path.is_file():
            return None
        import pyarrow.parquet as pq

        try:
            found: pd.DataFrame = pq.read_table(path, columns=["id", "label", "status"]).to_pandas()
            return found
        except (OSError, ValueError) as error:  # pyarrow's own errors are among them
            raise DataError(f"cannot be read: {error}", where=str(path), hint=_AGAIN) from error

    def table(self, name: str) -> pd.DataFrame | None:
        """Read a CSV file of the run; None where the run has none. Names such as ``NA`` stay names."""
        path = self.path / name
        if not path.is_file():
            return None
        try:
            found: pd.DataFrame = pd.read_csv(
                path,
                keep_default_na=False,
                na_values={},
                dtype=dict.fromkeys(_TEXT, str),
                encoding="utf-8",
                **_EXACT,
            )
            return found
        except (OSError, ValueError) as error:
            raise DataError(f"cannot be read: {error}", where=str(path), hint=_AGAIN) from error

    def _json(self, name: str) -> Mapping[str, Any]:
        path = self.path / name
        try:
            value = json.loads(path.read_text("utf-8", errors="surrogateescape"))
        except (OSError, ValueError) as error:
            raise DataError(f"cannot be read: {error}", where=str(path), hint=_AGAIN) from error
        if not isinstance(value, dict):
            raise DataError("holds no JSON object", where=str(path), hint=_AGAIN)
        return value


_TEXT = ("id", "path", "part", "true", "predicted", "fold", "label", "group", "stage", "reason", "detail")
# The last digit counts; from 3.1 on pandas keeps it by itself, and warns of the option.
_EXACT: Any = (
    {} if tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1) else {"float_precision": "round_trip"}
)
_AGAIN = "The run directory is damaged: run the recipe again"
