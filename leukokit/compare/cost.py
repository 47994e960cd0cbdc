"""Cost of a run: time, model size and number of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.pipeline.layout import AVERAGE_FILE, COPIES, FINAL, PIPELINE_FILE, STATES
from leukokit.record.comparison import RunCost
from leukokit.record.journal import JournalEvent

FACTS = ("id", "label", "group", "part", "status")
"""Columns of ``features.parquet`` that are not features."""


@dataclass(frozen=True)
class Cost:
    """Time and size of one run.

    Attributes
    ----------
    seconds : float or None
        Duration of the whole run.
    stages : mapping of str to float
        Seconds by stage, in order of their start; the stages of all folds are added up.
    cached : tuple of str
        Steps that read results from the cache; without it the run takes longer.
    model_bytes : int or None
        Total size of the files of the folds' models in ``model/``; None where there are none. What only
        predictions of further images need, and the final model, do not count: no score depends on them.
    features : int or None
        Number of feature columns before selection; None where there are none.
    workers : int or None
        Number of worker processes.
    """

    seconds: float | None
    stages: Mapping[str, float]
    cached: tuple[str, ...]
    model_bytes: int | None
    features: int | None
    workers: int | None

    def record(self) -> RunCost:
        """Give it as ``compare --json`` prints it."""
        return RunCost(**asdict(self))


def cost(run: FinishedRun) -> Cost:
    """Read the cost of a run from its files."""
    model = run.path / "model"
    files = (path for path in model.rglob("*") if path.is_file()) if model.is_dir() else ()
    sizes = [path.lstat().st_size for path in files if _of_model(path.relative_to(model))]
    return Cost(
        seconds=run.status.seconds,
        stages=_stages(run.events),
        cached=tuple(
            event.text("step")
            for event in run.events
            if event.name == "step" and "cached" in event.text("did")
        ),
        model_bytes=sum(sizes) if sizes else None,
        features=_features(run),
        workers=None if run.provenance.workers is None else run.provenance.workers.count,
    )


def _of_model(name: Path) -> bool:
    """Whether a file in ``model/`` is one that the classifier wrote, or its card or calibration."""
    added = name.name in (PIPELINE_FILE, AVERAGE_FILE)
    return not added and not {FINAL, STATES, COPIES} & set(name.parts[:-1])


def _stages(events: Sequence[JournalEvent]) -> dict[str, float]:
    """Time from the start of each stage to the next, by the monotonic clock of the journal."""
    seconds: dict[str, float] = {}
    name, since = "start", 0.0
    for event in events:
        if event.seconds is None:
            continue
        next_stage = _stage_start(event, name)
        if next_stage is not None:
            seconds[name] = seconds.get(name, 0.0) + (event.seconds - since)
            name, since = next_stage, event.seconds
    return {stage: round(value, 3) for stage, value in seconds.items()}


def _stage_start(event: JournalEvent, current: str) -> str | None:
    if event.name == "stage":
        return event.text("name")
    if event.name == "step" and current != _WRITING:
        return _WRITING
    return "" if event.name == "run_finished" else None


_WRITING = "figures and report"


def _features(run: FinishedRun) -> int | None:
    names = run.feature_columns
    return None if names is None else len([name for name in names if name not in FACTS])
