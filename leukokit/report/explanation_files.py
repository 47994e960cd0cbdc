"""Where a run directory keeps what its explainers gave."""

from __future__ import annotations

from pathlib import Path

from leukokit.engine.finished_run import FinishedRun

FOLDER = "explanations"
ALIGNMENT_SUMMARY = f"{FOLDER}/alignment_summary.csv"
_ALIGNMENT = ("alignment", "alignment_summary")
"""Tables that compare explainers; they do not belong to one explainer."""


def explained_folder(run: FinishedRun) -> str:
    """Folder of what the figures show: with several folds, that of the first one."""
    fold = run.first_fold
    return FOLDER if fold is None else f"{FOLDER}/{fold}"


def table_files(run: FinishedRun) -> list[Path]:
    """Tables of explainers, by name."""
    folder = run.path / explained_folder(run)
    return [path for path in sorted(folder.glob("*.csv")) if path.stem not in _ALIGNMENT]


def heat_names(run: FinishedRun) -> list[str]:
    """Names of the explainers that gave heat maps."""
    folder = run.path / explained_folder(run)
    return [path.parent.name for path in sorted(folder.glob("*/heat.csv"))]
