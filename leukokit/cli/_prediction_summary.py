"""What ``leukokit predict`` prints at its end."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from leukokit.cli._terminal import console, safe
from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.pipeline.decisions import Decision
from leukokit.engine.prediction.predictor import Predictor
from leukokit.engine.prediction.tally import Tally
from leukokit.notice import NOTICE

if TYPE_CHECKING:
    from leukokit.cli._predict_cells import Counting

_WORDS = {
    Decision.ACCEPT: "accepted",
    Decision.REFER: "left to an expert",
    Decision.UNLIKE: "unlike the training data",
}


def print_prediction_summary(
    predictor: Predictor,
    tally: Tally,
    table: Path | None,
    run_dir: Path | None,
    seconds: float,
    *,
    as_json: bool,
    counting: Counting | None = None,
) -> None:
    """Print the counts: text on stderr; JSON on stdout, or on stderr where the rows are on stdout."""
    if as_json:
        facts: dict[str, Any] = tally.plain() | {
            "model": predictor.name,
            "tested": predictor.tested,
            "notes": list(predictor.notes),
            "table": None if table is None else str(table),
            "run_directory": None if run_dir is None else str(run_dir),
            "seconds": round(seconds, 3),
            "notice": NOTICE,
        }
        if counting is not None:
            facts["differential"] = counting.plain()
        if run_dir is not None:
            facts["metrics"] = FinishedRun(run_dir).metrics.plain()
        print(json.dumps(facts, indent=2, sort_keys=True), file=sys.stderr if table is None else sys.stdout)
        return
    out = console(stderr=True)
    for line in _lines(predictor, tally, seconds, "image" if counting is None else "cell"):
        out.print(line, soft_wrap=True)
    if counting is not None:
        out.print(counting.shown())
    if run_dir is not None:
        for line in _scores(run_dir):
            out.print(line, soft_wrap=True)
    if table is not None:
        out.print(f"table: {safe(table)}", soft_wrap=True)
    out.print(Text(NOTICE, style="dim"))


def _lines(predictor: Predictor, tally: Tally, seconds: float, noun: str) -> Iterator[str]:
    yield f"{_counted(tally.images, noun)} in {seconds:.1f} s"
    used = sum(tally.predicted.values())
    if used:
        counts = ", ".join(f"{safe(name)} {count:,}" for name, count in tally.predicted.items())
        yield f"predicted: {counts}"
        known = [Decision.ACCEPT]
        known += [Decision.REFER] if predictor.refer is not None else []
        known += [Decision.UNLIKE] if predictor.deciding.unlike else []
        yield "decision: " + ", ".join(f"{tally.decisions[each.value]:,} {_WORDS[each]}" for each in known)
        yield from _unlike(tally, used, noun)
    if tally.rejected:
        reasons = ", ".join(f"{name} {count:,}" for name, count in sorted(tally.rejected.items()))
        yield f"rejected: {reasons}; the column detail says why"


def _unlike(tally: Tally, used: int, noun: str) -> Iterator[str]:
    """Say in what images are unlike the training data, and what follows where most are."""
    unlike = tally.decisions[Decision.UNLIKE.value]
    if unlike:
        yield "unlike in: " + ", ".join(f"{name} {tally.unlike_in[name]:,}" for name in tally.unlike_in)
    if 2 * unlike > used:
        yield (
            f"Most {noun}s are unlike the training data: the scores of the run say nothing of them. Test the "
            "model on labeled images of this kind: --run-dir FOLDER; or train on some of them."
        )


def _counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def _scores(run_dir: Path) -> Iterator[str]:
    test = FinishedRun(run_dir).metrics.test
    if test is not None and test.intervals is not None and test.intervals.accuracy is not None:
        bounds = test.intervals.accuracy
        shown = safe(bounds.reason) if bounds.reason else f"{bounds.low:.1%} to {bounds.high:.1%}"
        yield (
            f"accuracy on {test.n:,} labeled images: {test.accuracy:.1%} "
            f"({shown}); macro F1 {test.macro_f1:.1%}"
        )
    yield f"run directory: {safe(run_dir)}"
