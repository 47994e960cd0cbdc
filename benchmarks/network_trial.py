"""Memory and time of a network that is too large for this machine's comfort: a few steps, end to end.

Runs ``recipes/dnn_original.yaml`` with random weights for some steps on synthetic smears, in a process of
its own, then loads what was saved in a fresh process and predicts with it. Prints seconds of each step, of
predicting and explaining, and the largest memory that either process held::

    python benchmarks/network_trial.py --steps 3 --batch-size 5
    python benchmarks/network_trial.py --backbone EfficientNetV2B0 --steps 3      # a quick look
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import click

ROOT = Path(__file__).parents[1]


class UnitTimes:
    """Notes when each stage begins and when each of its units is done."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, list[float]]] = []

    def stage(self, name: str, total: int) -> None:  # noqa: ARG002 - how much is to come plays no part
        """Begin a stage."""
        self.stages.append((name, [perf_counter()]))

    def advance(self, count: int = 1) -> None:
        """Note the time."""
        if self.stages and count:
            self.stages[-1][1].append(perf_counter())

    def say(self, text: str) -> None:
        """Pass the line on."""
        click.echo(text, err=True)

    warn = say


def peak_gib() -> float:
    """Largest memory that this process held, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def fit(folder: Path, overrides: dict[str, Any]) -> dict[str, Any]:
    """Run the recipe; what is told comes from the run's own progress."""
    import leukokit

    clock = UnitTimes()
    result = leukokit.run(
        ROOT / "recipes" / "dnn_original.yaml",
        overrides=overrides,
        run_dir=folder,
        cache=None,
        observer=clock,
    )
    spans = {name: times[-1] - times[0] for name, times in clock.stages}
    steps = next(times for name, times in clock.stages if name == "training")
    return {
        "steps": [b - a for a, b in pairwise(steps)],
        "explaining_s": spans.get("explaining with grad_cam"),
        "rows": len(result.predictions if result.predictions is not None else ()),
        "heat_maps": len(list(folder.glob("explanations/grad_cam/heat.npz"))),
        "peak_gib": peak_gib(),
    }


def predict(folder: Path) -> dict[str, Any]:
    """Load the saved network and predict the images of the test part again."""
    import numpy as np
    import pandas as pd

    from leukokit.api import Examples, Kind
    from leukokit.catalog import discover

    resolved = json.loads((folder / "resolved.json").read_text())
    entry = discover().get(Kind.CLASSIFIER, resolved["classify"]["use"])
    classifier: Any = entry.load().create(**resolved["classify"]["params"])
    started = perf_counter()
    model = classifier.load(folder / "model")
    loaded = perf_counter() - started
    smears: Any = (
        discover().get(Kind.DATASET, resolved["data"]["use"]).load().create(**resolved["data"]["params"])
    )
    table = pd.read_csv(folder / "predictions.csv")
    by_id = {sample.id: sample for sample in smears.samples()}
    images = [smears.render(by_id[sample_id]) for sample_id in table["id"]]
    started = perf_counter()
    proba = model.predict_proba(Examples(ids=list(table["id"]), images=images))
    seconds = perf_counter() - started
    saved = table[[f"p_{name}" for name in model.classes]].to_numpy()
    return {
        "parameters": model.network.count_params(),
        "load_s": loaded,
        "predict_s_an_image": seconds / len(images),
        "largest_difference": float(np.abs(proba - saved).max()),
        "peak_gib": peak_gib(),
    }


@click.command()
@click.option("--backbone", default="EfficientNetV2L")
@click.option("--steps", default=3, help="Training steps.")
@click.option("--batch-size", default=5)
@click.option("--accumulate", default=5, help="Steps for one update.")
@click.option("--per-class", default=8, help="Synthetic smears of each class.")
@click.option("--phase", default=None, hidden=True)
@click.option("--folder", default=None, hidden=True, type=click.Path(path_type=Path))
def main(
    backbone: str,
    steps: int,
    batch_size: int,
    accumulate: int,
    per_class: int,
    phase: str | None,
    folder: Path | None,
) -> None:
    """Fit in one process, predict in another, and print what both took."""
    overrides = {
        "data": {"use": "smears", "params": {"per_class": per_class}},
        "split": {"method": "holdout", "test": 0.25, "validation": 0.0},
        "classify.params.backbone": backbone,
        "classify.params.weights": "none",
        "classify.params.max_steps": steps,
        "classify.params.batch_size": batch_size,
        "classify.params.accumulate": accumulate,
        "explain": [{"use": "grad_cam", "params": {"per_class": 1}}],
    }
    if phase is not None:
        assert folder is not None
        click.echo(json.dumps(fit(folder, overrides) if phase == "fit" else predict(folder)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(scratch) / "run"
        results = {step: _apart(step, run) for step in ("fit", "predict")}
    click.echo(f"\n{backbone}, batch {batch_size}, {steps} steps, weights none\n")
    for process, facts in results.items():
        for name, value in facts.items():
            click.echo(f"{process:8} {name:22} {value}")


def _apart(phase: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, *sys.argv[1:], "--phase", phase, "--folder", str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    facts: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return facts


if __name__ == "__main__":
    main()
