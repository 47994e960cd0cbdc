"""What a run cost: time, and the size of what it left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from leukokit.engine.finished_run import FinishedRun
from leukokit.record.comparison import RunCost
from leukokit.record.journal import JournalEvent

FACTS = ("id", "label", "group", "part", "status")
"""Columns of ``features.parquet`` that are no features."""


@dataclass(frozen=True)
class Cost:
    """Time and size of one run.

    Attributes
    ----------
    seconds : float or None
        Of the whole run.
    stages : mapping of str to float
        Seconds by stage, in the order in which they began; stages of all folds together.
    cached : tuple of str
        Steps that took results from the cache; without it the run would have taken longer.
    model_bytes : int or None
        Of all files in ``model/``; None where there is none.
    features : int or None
        Columns that the features made, before any selection; None where there are none.
    workers : int or None
        Processes.
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
    files = [path for path in model.rglob("*") if path.is_file()] if model.is_dir() else []
    sizes = [path.lstat().st_size for path in files]
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


def _stages(events: Sequence[JournalEvent]) -> dict[str, float]:
    """Time from each stage to the next, by the journal's monotonic clock."""
    found: dict[str, float] = {}
    name, since = "start", 0.0
    for event in events:
        if event.seconds is None:
            continue
        following = _begins(event, name)
        if following is not None:
            found[name] = found.get(name, 0.0) + (event.seconds - since)
            name, since = following, event.seconds
    return {stage: round(seconds, 3) for stage, seconds in found.items()}


def _begins(event: JournalEvent, now: str) -> str | None:
    if event.name == "stage":
        return event.text("name")
    if event.name == "step" and now != _WRITING:
        return _WRITING
    return "" if event.name == "run_finished" else None


_WRITING = "figures and report"


def _features(run: FinishedRun) -> int | None:
    names = run.feature_columns
    return None if names is None else len([name for name in names if name not in FACTS])
