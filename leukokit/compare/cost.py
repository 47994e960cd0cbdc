"""Cost of a run: time, model size and number of features."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from leukokit.engine.finished_run import FinishedRun

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

    def json(self) -> dict[str, Any]:
        """Return the cost as JSON values."""
        return {**asdict(self), "stages": dict(self.stages), "cached": list(self.cached)}


def cost(run: FinishedRun) -> Cost:
    """Read the cost of a run from its files."""
    events = list(_last_attempt(run.path / "journal.jsonl"))
    model = run.path / "model"
    files = (path for path in model.rglob("*") if path.is_file()) if model.is_dir() else ()
    sizes = [path.stat().st_size for path in files if _of_model(path.relative_to(model))]
    return Cost(
        seconds=run.status.get("seconds"),
        stages=_stages(events),
        cached=tuple(
            str(event.get("step"))
            for event in events
            if event["event"] == "step" and "cached" in str(event.get("did"))
        ),
        model_bytes=sum(sizes) if sizes else None,
        features=_features(run.path / "features.parquet"),
        workers=(run.provenance.get("workers") or {}).get("count"),
    )


def _of_model(name: Path) -> bool:
    """Whether a file in ``model/`` is one that the classifier wrote, or its card or calibration."""
    return name.name != "pipeline.json" and not {"final", "preprocessors", "files"} & set(name.parts[:-1])


def _last_attempt(path: Path) -> Iterator[Mapping[str, Any]]:
    """Events since the last start: a run that was interrupted and resumed has several starts."""
    events: list[Mapping[str, Any]] = []
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:  # the last line of a killed run can be incomplete
            continue
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            events = [event] if event["event"] == "run_started" else [*events, event]
    yield from events


def _stages(events: list[Mapping[str, Any]]) -> dict[str, float]:
    """Time from the start of each stage to the next, by the monotonic clock of the journal."""
    seconds: dict[str, float] = {}
    name, since = "start", 0.0
    for event in events:
        moment = event.get("elapsed_s")
        if not isinstance(moment, int | float):
            continue
        next_stage = _stage_start(event, name)
        if next_stage is not None:
            seconds[name] = seconds.get(name, 0.0) + (moment - since)
            name, since = next_stage, float(moment)
    return {stage: round(value, 3) for stage, value in seconds.items()}


def _stage_start(event: Mapping[str, Any], current: str) -> str | None:
    if event["event"] == "stage":
        return str(event.get("name"))
    if event["event"] == "step" and current != _WRITING:
        return _WRITING
    return "" if event["event"] == "run_finished" else None


_WRITING = "figures and report"


def _features(path: Path) -> int | None:
    if not path.is_file():
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = pq.read_schema(path).names
    except (OSError, pa.ArrowException):
        return None
    return len([name for name in names if name not in FACTS])
