"""What leukokit's engine costs beside a plain script of the same recipe: same images, cold, two processes.

    LEUKOKIT_DATA=... python benchmarks/peers/overhead.py [--images 400] [--rounds 3]

Prints JSON. Seconds of the clock by stage, and processor seconds of whole commands, all processes together,
which other work on the machine changes least.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from environments import PeerError

HERE = Path(__file__).parent
RECIPE = HERE.parents[1] / "recipes" / "svm_segmented.yaml"
PROCESSES = 2


@dataclass(frozen=True)
class Took:
    """Seconds of one side: of its stages on images, of its model, and of the whole command."""

    images: float
    model: float
    whole: float
    processor: float


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, help="images, spread over the classes; default: all")
    parser.add_argument("--rounds", type=int, default=3, help="turns of engine and script")
    arguments = parser.parse_args()
    _adopt_orphans()
    data = Path(os.environ.get("LEUKOKIT_DATA") or HERE.parents[2] / "shared" / "data")
    print(json.dumps(measure(data, arguments.images, arguments.rounds), indent=2))


def measure(data: Path, count: int | None, rounds: int) -> dict[str, Any]:
    """Let engine and script take turns.

    Parameters
    ----------
    data : Path
        Folder that holds all-pbs.
    count : int or None
        Images, spread over the classes; all where None.
    rounds : int
        Turns of each.

    Returns
    -------
    dict
        Medians of seconds, overheads as shares, and whether the predictions are the same.

    Raises
    ------
    PeerError
        Where one of the two fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        root = data / "all-pbs" if count is None else _some(data / "all-pbs", count, scratch / "all-pbs")
        turns: list[tuple[Took, Took]] = []
        leak_checks: list[float] = []
        for number in range(rounds):
            print(f"overhead: round {number + 1} of {rounds}", file=sys.stderr)
            script = _script(root, scratch)
            engine = _engine(root, scratch / f"run-{number}")
            turns.append((engine, script))
            leak_checks.append(_leak_checks(scratch / f"run-{number}"))
        inline, _, _ = _timed([sys.executable, str(HERE / "inline.py"), "--root", str(root)])
        engine_said = pd.read_csv(scratch / f"run-{rounds - 1}" / "predictions.csv", index_col="id")
        script_said = pd.read_csv(scratch / "script.csv", index_col=0)
    return {
        "images": len(list(root.glob("*/*.jpg"))) if count is None else count,
        "processes": PROCESSES,
        "rounds": rounds,
        "predictions": _same(engine_said, script_said),
        **{
            f"{side}_{stage}_s": statistics.median(getattr(turn[i], stage) for turn in turns)
            for i, side in enumerate(("engine", "script"))
            for stage in ("images", "model", "whole", "processor")
        },
        "leak_checks_s": statistics.median(leak_checks),
        **json.loads(inline.splitlines()[-1]),
        "overhead_images": _share(turns, lambda took: took.images),
        "overhead_images_and_model": _share(turns, lambda took: took.images + took.model),
        "overhead_whole_command": _share(turns, lambda took: took.whole),
        "overhead_whole_command_processor": _share(turns, lambda took: took.processor),
    }


def _share(turns: list[tuple[Took, Took]], seconds: Any) -> float:
    """Median over rounds of (engine - script) / script."""
    return float(statistics.median(seconds(engine) / seconds(script) - 1 for engine, script in turns))


def _script(root: Path, scratch: Path) -> Took:
    command = [
        *(sys.executable, str(HERE / "handwritten.py"), "--root", str(root), "--processes", str(PROCESSES)),
        *("--predictions", str(scratch / "script.csv")),
    ]
    output, whole, processor = _timed(command)
    said = json.loads(output.splitlines()[-1])
    return Took(said["images_s"], said["model_s"], whole, processor)


def _engine(root: Path, run: Path) -> Took:
    """Run the recipe without audit, explainers and cache; stages are read from the run's journal."""
    command = [
        *(sys.executable, "-m", "leukokit", "run", str(RECIPE), "-q", "--no-cache"),
        *("--workers", str(PROCESSES), "--run-dir", str(run)),
        *("--set", "audit.enabled=false", "--set", "explain=[]", "--set", f"data.params.root={root}"),
    ]
    _, whole, processor = _timed(command)
    events = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
    starts = {event["name"]: event["elapsed_s"] for event in events if event["event"] == "stage"}
    fitted = next(event["elapsed_s"] for event in events if event["event"] == "step")
    return Took(starts["fitting"] - starts["images"], fitted - starts["fitting"], whole, processor)


def _leak_checks(run: Path) -> float:
    """Seconds of the engine's check of selectors, a part of its model stage that no script has."""
    from leukokit.api import Examples
    from leukokit.engine.models.leak_check import memory_leaks
    from leukokit.plugins.select.information_gain import InformationGain

    table = pd.read_parquet(run / "features.parquet")
    train = table[table["part"] == "train"]
    features = train.select_dtypes("float64")
    examples = Examples(list(map(str, train.index)), train["label"].to_numpy(str), None, features)
    started = time.perf_counter()
    memory_leaks([InformationGain.create(k=40)], examples, seed=281)
    return time.perf_counter() - started


def _timed(command: list[str]) -> tuple[str, float, float]:
    """Run a command: what it prints, seconds by the clock, processor seconds with all its processes."""
    used = _used()
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise PeerError(f"{Path(command[1]).name} failed: {(done.stderr or done.stdout).strip()[-300:]}")
    _wait_for_orphans()
    return done.stdout, seconds, _used() - used


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _adopt_orphans() -> None:
    """Let helpers that outlive a command, as a fork server does, become our children, to count their time."""
    if sys.platform == "linux":
        subreaper = 36  # PR_SET_CHILD_SUBREAPER of <linux/prctl.h>
        ctypes.CDLL(None).prctl(subreaper, 1, 0, 0, 0)


def _wait_for_orphans(patience: float = 10.0) -> None:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            process, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not process:
            time.sleep(0.01)


def _same(engine: pd.DataFrame, script: pd.DataFrame) -> str:
    """Say whether both predict the same."""
    if set(engine.index) != set(script.index):
        return f"of other images: {len(engine)} and {len(script)}"
    classes = [name for name in script.columns if name != "part"]
    ours = engine[[f"p_{name}" for name in classes]].to_numpy()
    theirs = script.loc[engine.index, classes].to_numpy()
    alike = np.mean(ours.argmax(axis=1) == theirs.argmax(axis=1))
    return (
        f"{alike:.1%} of {len(engine)} the same class, probabilities within {np.abs(ours - theirs).max():.1e}"
    )


def _some(source: Path, count: int, target: Path) -> Path:
    """Copy images, evenly over classes and over each class by name, so that every part gets some."""
    folders = sorted(path for path in source.iterdir() if path.is_dir())
    shares = [count // len(folders) + (i < count % len(folders)) for i in range(len(folders))]
    for folder, share in zip(folders, shares, strict=True):
        files = sorted(folder.glob("*.jpg"))
        (target / folder.name).mkdir(parents=True)
        for i in np.linspace(0, len(files) - 1, share).astype(int):
            shutil.copyfile(files[i], target / folder.name / files[i].name)
    return target


if __name__ == "__main__":
    main()
