"""Record what a set of runs gives, to the byte, and compare later code with it.

For changes that must not change a result. Run it from the repository root, before and after::

    python benchmarks/golden_runs.py record /tmp/golden
    python benchmarks/golden_runs.py check /tmp/golden

The runs: ``quickstart``; ``svm_segmented`` and ``honest`` on 200 images of all-pbs, 50 a class, read from
``$LEUKOKIT_DATA`` (default ``../shared/data``); ``cnn_small`` on the same with an epoch a phase; the audit of
``svm_segmented``; its comparison with ``svm_nonsegmented``. Compared are
metrics, predictions, features, splits, scales, explanations, models, the audit and the comparison. Not
compared: provenance, journal, durations, names of folders.

``check`` also tells how long ``svm_segmented`` took, cold and cached, and the peak of its memory, beside what
was recorded. Both need the same machine, since floats differ between processors; ``--only`` takes some runs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PER_CLASS = 50
FILES = (
    "metrics.json",
    "predictions.csv",
    "features.parquet",
    "split.csv",
    "scale.csv",
    "tuning.csv",
    "rejected.csv",
    "audit.json",
    "verdict.json",
    "resolved.json",
    "protocols/**/*.csv",
    "protocols/**/*.json",
    "model/**/*",
    "explanations/**/*.csv",
    "explanations/**/*.npz",
)
_CNN = ("classify.params.head_epochs=1", "classify.params.epochs=1", "explain.0.params.per_class=2")
_TIMES = re.compile(rb'"(seconds|stages)": (\{[^{}]*\}|[0-9.]+)')


@dataclass(frozen=True)
class Golden:
    """One command whose results are kept.

    Attributes
    ----------
    name : str
    recipe : str
        File name in ``recipes/``, without the ending.
    settings : tuple of str
        As after ``--set``.
    """

    name: str
    recipe: str
    settings: tuple[str, ...] = ()


RUNS = (
    Golden("quickstart", "quickstart"),
    Golden("svm_segmented", "svm_segmented"),
    Golden("honest", "honest"),
    Golden("cnn_small", "cnn_small", _CNN),
    Golden("svm_nonsegmented", "svm_nonsegmented"),
)


def main() -> int:
    """Record or check; return 0 where nothing differs, 1 where something does."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("record", "check"))
    parser.add_argument("folder", type=Path, help="where results are kept")
    parser.add_argument("--only", nargs="+", choices=[golden.name for golden in RUNS], help="default: all")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    work = folder / ("recorded" if arguments.command == "record" else "checked")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    names = arguments.only or [golden.name for golden in RUNS]
    results = everything(work, folder / "data", names)
    kept = folder / "golden.json"
    if arguments.command == "record":
        kept.write_text(json.dumps(results, indent=1))
        print(f"{len(results['files'])} files recorded in {folder}")
        return 0
    return compare(json.loads(kept.read_text()), results, folder, names)


def everything(work: Path, data: Path, names: list[str]) -> dict[str, dict[str, object]]:
    """Run all commands; digests of files, and costs of ``svm_segmented``."""
    small_data(data)
    environment = {
        **os.environ,
        "LEUKOKIT_DATA": str(data),
        "LEUKOKIT_CACHE": str(work / "cache"),
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    costs: dict[str, object] = {}
    for run in (entry for entry in RUNS if entry.name in names):
        settings = [word for text in run.settings for word in ("--set", text)]
        command = ["run", f"recipes/{run.recipe}.yaml", *settings, "--quiet", "--run-dir"]
        cost = execute([*command, str(work / run.name)], environment)
        if run.name == "svm_segmented":
            costs["cold"] = cost
            costs["cached"] = execute([*command, str(work / "again")], environment)
            shutil.rmtree(work / "again")
            execute(["audit", "recipes/svm_segmented.yaml", "--json"], environment, work / "audit.json")
        print(f"{run.name}: {cost[0]:.1f} s", flush=True)
    pair = [str(work / name) for name in ("svm_segmented", "svm_nonsegmented")]
    if all(Path(entry).is_dir() for entry in pair):
        execute(["compare", *pair, "--json"], environment, work / "compare.json")
    files: dict[str, object] = {}
    for run in names:
        for path in sorted({entry for text in FILES for entry in (work / run).glob(text) if entry.is_file()}):
            files[str(path.relative_to(work))] = digest(path, work)
    for path in work.glob("*.json"):
        files[path.name] = digest(path, work)
    return {"files": files, "costs": costs}


def small_data(folder: Path) -> None:
    """Link 50 images a class, evenly spaced, once."""
    given = os.environ.get("LEUKOKIT_DATA")
    source = Path(given) if given else Path(__file__).resolve().parents[2] / "shared" / "data"
    for class_folder in sorted(path for path in (source / "all-pbs").iterdir() if path.is_dir()):
        target = folder / "all-pbs" / class_folder.name
        target.mkdir(parents=True, exist_ok=True)
        paths = sorted(class_folder.glob("*.jpg"))
        for i in np.linspace(0, len(paths) - 1, PER_CLASS).round().astype(int):
            if not (target / paths[i].name).exists():
                shutil.copy(paths[i], target)


def execute(words: list[str], environment: dict[str, str], output: Path | None = None) -> tuple[float, float]:
    """Run one command; seconds, and the largest memory of its first process, in MB."""
    start = time.monotonic()
    command = [sys.executable, "-m", "leukokit", *words]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        with subprocess.Popen(command, env=environment, stdout=out, stderr=errors) as process:
            # Of this process alone: RUSAGE_CHILDREN would give the largest of all commands so far.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode not in (0, 1) or (process.returncode and "run" in words):
            raise SystemExit(f"{' '.join(words)}: exit {process.returncode}\n{errors.read().decode()}")
        if output is not None:
            output.write_bytes(out.read())
    return round(time.monotonic() - start, 2), round(usage.ru_maxrss / 1024, 1)


def digest(path: Path, work: Path) -> str:
    """Digest of a file, stamps of time and the folder's name apart."""
    content = path.read_bytes()
    if path.suffix in (".json", ".csv"):
        content = content.replace(os.fsencode(work), b"WORK").replace(os.fsencode(work.parent), b"FOLDER")
    if path.suffix == ".json":
        content = _TIMES.sub(rb'"\1": 0', content)
    return hashlib.sha256(content).hexdigest()


def compare(
    before: dict[str, dict[str, object]], after: dict[str, dict[str, object]], folder: Path, names: list[str]
) -> int:
    """Print which files differ, and the costs; return the exit code."""
    old = {path: value for path, value in before["files"].items() if _asked(path, names)}
    new = after["files"]
    different = sorted(path for path in old.keys() & new.keys() if old[path] != new[path])
    for path in different:
        print(f"differs: {folder / 'recorded' / path}  {folder / 'checked' / path}")
    for path in sorted(old.keys() - new.keys()):
        print(f"missing: {path}")
    for path in sorted(new.keys() - old.keys()):
        print(f"new: {path}")
    for name, cost in after["costs"].items():
        print(f"svm_segmented {name}: {cost} (s, MB), recorded {before['costs'].get(name)}")
    wrong = len(different) + len(old.keys() - new.keys())
    print(f"{len(new)} files, {wrong} not as recorded")
    return 1 if wrong else 0


def _asked(path: str, names: list[str]) -> bool:
    run, slash, _ = path.partition("/")
    return run in names if slash else {"svm_segmented", "svm_nonsegmented"} <= set(names)


if __name__ == "__main__":
    sys.exit(main())
