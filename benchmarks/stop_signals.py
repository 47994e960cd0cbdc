"""Whether stop means stop: signals at random times, and what each one left behind.

Starts ``leukokit run`` again and again, each time with a cache and a run directory of its own, and sends
SIGINT or SIGTERM, to the process alone or to its whole group, as a terminal and a batch system do. Each run
must end with 130 or 143 within five seconds, without a traceback, reject no image, leave no process and no
temporary file, and leave its directory to the next run; every few runs that next run is made and its files
compared with those of a run that nothing disturbed::

    LEUKOKIT_DATA=... python benchmarks/stop_signals.py --count 100 --seed 1 [--window 15|whole]
        [--images 200] [--recipe recipes/svm_segmented.yaml] [--set KEY=VALUE] [--executor dask] [--again 10]
        [--json FILE]

A process that is so young that Python itself still starts has no handler yet and dies of the signal; shells
report that as 130 and 143, too. Those are counted apart.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
from filelock import FileLock, Timeout
from ruamel.yaml import YAML

HERE = Path(__file__).parent
DATA = Path(os.environ.get("LEUKOKIT_DATA") or HERE.parents[1] / "shared" / "data") / "all-pbs"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
PATIENCE = 60.0  # seconds until a run that does not end is killed
COMPARED = ("metrics.json", "predictions.csv", "features.parquet", "rejected.csv", "split.csv")
_MARK = "LEUKOKIT_STOP_SIGNALS"
_ALARMING = re.compile(r"Traceback \(most recent call last\)|Exception ignored|Reinstall")


@dataclass(frozen=True)
class Setting:
    """What is run, and where.

    Attributes
    ----------
    folder : Path
        Everything that the trials write is below it.
    recipe : Path
    options : tuple of str
        Further arguments of ``leukokit run``.
    limit : float
        Seconds from the signal to the end of the process, and of all that it started.
    """

    folder: Path
    recipe: Path
    options: tuple[str, ...]
    limit: float

    def start(self, trial: Path, mark: str) -> subprocess.Popen[bytes]:
        """Start the command in a process group of its own; it writes below ``trial`` only."""
        (trial / "tmp").mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "leukokit", "run", str(self.recipe), *self.options]
        command += ["--run-dir", str(trial / "run"), "--cache-dir", str(trial / "cache")]
        environment = {**os.environ, "TMPDIR": str(trial / "tmp"), _MARK: mark}
        # What a shell starts behind "&" ignores SIGINT, and so do its children; with a handler set here the
        # child begins with the default.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with (trial / "stderr").open("ab") as errors, (trial / "stdout").open("ab") as output:
                return subprocess.Popen(
                    command,
                    cwd=trial,
                    env=environment,
                    stderr=errors,
                    stdout=output,
                    stdin=subprocess.DEVNULL,
                    process_group=0,
                )
        finally:
            signal.signal(signal.SIGINT, before)


@dataclass
class Trial:
    """One signal and what came of it."""

    number: int
    name: str
    to_group: bool
    at: float
    handled: bool = True
    finished: bool = False
    code: int | None = None
    seconds: float = 0.0
    stderr: str = ""
    faults: list[str] = field(default_factory=list)


def family(mark: str) -> list[psutil.Process]:
    """All processes of one trial, also those whose parent has gone: they inherit its environment."""
    members = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(_MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
        except psutil.Error:
            continue
    return members


def has_handler(pid: int, number: signal.Signals) -> bool:
    """Whether the process has said what to do on that signal (Linux; elsewhere it is taken as said)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", status, re.MULTILINE)
    return caught is None or bool(int(caught[1], 16) >> (number - 1) & 1)


def stop(setting: Setting, number: int, at: float, which: signal.Signals, to_group: bool) -> Trial:
    """Start a run, send it a signal after ``at`` seconds, and look at what is left."""
    folder, mark = setting.folder / f"trial-{number:03d}", uuid.uuid4().hex
    trial = Trial(number, which.name, to_group, round(at, 3))
    process = setting.start(folder, mark)
    try:
        process.wait(at)
    except subprocess.TimeoutExpired:
        # SIGINT has a handler from the start, Python's own; that of SIGTERM is set together with ours.
        trial.handled = has_handler(process.pid, signal.SIGTERM)
        sent = time.monotonic()
        (os.killpg if to_group else os.kill)(process.pid, which)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            trial.faults.append("never ended")
            process.kill()
            process.wait()
        trial.seconds = round(time.monotonic() - sent, 3)
        trial.faults += faults(setting, trial, process, mark, sent)
    else:
        trial.finished = True
        trial.name = "none"
    trial.code = process.returncode
    if trial.faults:
        trial.stderr = (folder / "stderr").read_text(errors="replace")
    return trial


def faults(
    setting: Setting, trial: Trial, process: subprocess.Popen[bytes], mark: str, sent: float
) -> list[str]:
    """Name what should not be there after the end of a stopped run."""
    folder = setting.folder / f"trial-{trial.number:03d}"
    wrong = []
    allowed = {CODES[signal.Signals[trial.name]]}
    if not trial.handled:
        allowed.add(-int(signal.Signals[trial.name]))
        if trial.name == "SIGINT":
            allowed.add(1)  # Python's own end where it is interrupted while it imports its module "site"
    # The signal came when all was done but the end of the process.
    trial.finished = (
        process.returncode == 0 and trial.seconds < 1 and (folder / "run" / "status.json").exists()
    )
    if process.returncode not in allowed and not trial.finished:
        wrong.append(f"exit code {process.returncode}")
    if trial.seconds > setting.limit:
        wrong.append("late")
    while (alive := family(mark)) and time.monotonic() - sent < setting.limit:
        time.sleep(0.1)
    if alive:
        wrong.append("process left")
        for survivor in alive:
            survivor.kill()
    text = (folder / "stderr").read_text(errors="replace")
    if trial.handled and _ALARMING.search(text):
        wrong.append("traceback")
    if rejected_rows(folder / "run"):
        wrong.append("rejected image")
    wrong += [f"temporary file left: {path.name}" for path in (folder / "tmp").iterdir()]
    wrong += [f"shared memory left: {path.name}" for path in shared_memory(process.pid)]
    wrong += [f"draft left: {path.name}" for path in (folder / "run").rglob(".*") if path.is_file()]
    wrong += [f"draft left: {path.name}" for path in (folder / "cache").rglob(".draft-*")]
    if locked(folder / "run" / ".lock"):
        wrong.append("run directory locked")
    return wrong


def shared_memory(pid: int) -> list[Path]:
    """Semaphores and arrays of joblib that name the process."""
    folder = Path("/dev/shm")
    return [path for path in folder.glob("*") if re.search(rf"(?:loky-|folder_){pid}[-_]", path.name)]


def rejected_rows(run: Path) -> int:
    """Rows of ``rejected.csv``; the images of these trials are sound."""
    table = run / "rejected.csv"
    return len(table.read_text().splitlines()) - 1 if table.exists() else 0


def locked(lock: Path) -> bool:
    """Whether someone holds the lock of a run directory."""
    if not lock.exists():
        return False
    try:
        with FileLock(lock, blocking=False):
            return False
    except Timeout:
        return True


def run_again(setting: Setting, trial: Trial, reference: Path) -> list[str]:
    """Run once more where a run was stopped; say what differs from a run that nothing disturbed."""
    folder = setting.folder / f"trial-{trial.number:03d}"
    process = setting.start(folder, "again")
    if process.wait() != 0:
        return [f"the next run ended with {process.returncode}"]
    return [
        f"{name} differs after the next run"
        for name in COMPARED
        if (reference / name).exists()
        and (reference / name).read_bytes() != (folder / "run" / name).read_bytes()
    ]


def prepared(arguments: argparse.Namespace, folder: Path) -> Setting:
    """Write the recipe of the trials: that of the user, over a few of the real images where so asked."""
    recipe = folder / "recipe.yaml"
    yaml = YAML()
    content = yaml.load(arguments.recipe.read_text())
    if arguments.images:
        classes = sorted(path for path in arguments.data.iterdir() if path.is_dir())
        for source in classes:
            pictures = sorted(path for path in source.iterdir() if path.is_file())
            (folder / "images" / source.name).mkdir(parents=True)
            for picture in pictures[:: max(1, len(pictures) * len(classes) // arguments.images)]:
                shutil.copy(picture, folder / "images" / source.name)
        content["data"] = {"use": "folder", "params": {"root": str(folder / "images")}}
    with recipe.open("w") as file:
        yaml.dump(content, file)
    options = [word for override in arguments.overrides for word in ("--set", override)]
    options += ["--executor", arguments.executor, "--workers", str(arguments.workers)]
    return Setting(folder, recipe, tuple(options), arguments.limit)


def undisturbed(setting: Setting) -> tuple[Path, float]:
    """Run once without a signal; its directory, and the seconds it took."""
    started = time.monotonic()
    process = setting.start(setting.folder / "reference", "reference")
    if process.wait() != 0:
        raise SystemExit((setting.folder / "reference" / "stderr").read_text())
    return setting.folder / "reference" / "run", time.monotonic() - started


def summary(trials: Sequence[Trial], seconds: float) -> dict[str, object]:
    """Count over all trials."""
    sent = [trial for trial in trials if trial.name != "none"]
    return {
        "signals": len(sent),
        "before_python_was_up": sum(not trial.handled for trial in sent),
        "finished_before_the_signal": sum(trial.finished for trial in trials),
        "trials_with_faults": sum(bool(trial.faults) for trial in trials),
        "faults": dict(Counter(fault.split(":")[0] for trial in trials for fault in set(trial.faults))),
        "slowest_s": max((trial.seconds for trial in sent), default=0.0),
        "undisturbed_s": round(seconds, 1),
    }


def main() -> None:
    """Send the signals, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recipe", type=Path, default=HERE.parent / "recipes" / "svm_segmented.yaml")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of class folders")
    parser.add_argument(
        "--images", type=int, default=0, help="run over that many of them; 0: the recipe's own"
    )
    parser.add_argument("--set", action="append", default=[], dest="overrides", metavar="KEY=VALUE")
    parser.add_argument("--executor", default="auto")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--window", default="15", help="seconds in which signals are sent, or 'whole'")
    parser.add_argument("--limit", type=float, default=5.0, help="seconds after which an end is late")
    parser.add_argument("--again", type=int, default=10, help="run again after each n-th signal; 0: never")
    parser.add_argument("--json", type=Path, help="write all trials there")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    trials = []
    with tempfile.TemporaryDirectory(prefix="stop-signals-") as name:
        setting = prepared(arguments, Path(name))
        reference, seconds = undisturbed(setting)
        window = seconds if arguments.window == "whole" else min(float(arguments.window), seconds)
        print(f"undisturbed: {seconds:.1f} s; signals within the first {window:.1f} s", flush=True)
        for number in range(arguments.count):
            which = chance.choice(list(CODES))
            trial = stop(setting, number, chance.uniform(0, window), which, chance.random() < 0.5)
            if arguments.again and number % arguments.again == 0 and trial.name != "none":
                trial.faults += run_again(setting, trial, reference)
            trials.append(trial)
            if trial.name == "none" and arguments.window == "whole":
                window = min(window, trial.at)  # the machine has less else to do than during the first run
            target = "group" if trial.to_group else "process"
            told = "; ".join(trial.faults) or "ok"
            print(
                f"{number:3d} {trial.name:7s} {target:7s} at {trial.at:6.2f} s: code {trial.code}, "
                f"{trial.seconds:5.2f} s, {told}",
                flush=True,
            )
            shutil.rmtree(setting.folder / f"trial-{number:03d}")
    counts = summary(trials, seconds)
    for label, value in counts.items():
        print(f"{label.replace('_', ' '):28s} {value}")
    if arguments.json:
        record = {"summary": counts, "trials": [asdict(trial) for trial in trials]}
        arguments.json.write_text(json.dumps(record, indent=1))
    if counts["trials_with_faults"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
