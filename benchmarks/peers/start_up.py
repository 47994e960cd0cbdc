"""Seconds until a command that does next to nothing is done: leukokit beside kedro, dvc and tiatoolbox."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from environments import PeerError, environment, quiet_environment

FOREIGN = 50
"""Distributions that offer entry points, none of them to leukokit."""

PEERS = {"kedro": "kedro", "dvc": "dvc", "tiatoolbox": "tiatoolbox"}
"""Program and environment."""


def measure(folder: Path, repeats: int = 9) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Median seconds of each command, one warm-up each, in turns.

    Parameters
    ----------
    folder : Path
        Folder of the environments.

    Returns
    -------
    medians : dict
        Seconds by command, and what leukokit had to look through.
    errors : list of dict
        Peers that could not be measured.
    """
    errors: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory() as scratch:
        foreign = Path(scratch)
        write_foreign(foreign)
        crowded = quiet_environment(PYTHONPATH=str(foreign))
        leukokit = [sys.executable, "-m", "leukokit"]
        commands = {
            "leukokit --help": ([*leukokit, "--help"], crowded),
            "leukokit list": ([*leukokit, "list"], crowded),
        }
        for program, name in PEERS.items():
            try:
                path = environment(name, folder) / program
                commands[f"{program} --help"] = ([str(path), "--help"], quiet_environment())
            except PeerError as error:
                errors.append({"peer": program, "error": str(error)})
        took: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(repeats + 1):
            for name, (command, variables) in list(commands.items()):
                try:
                    seconds = _seconds(command, variables)
                except PeerError as error:
                    errors.append({"peer": name, "error": str(error)})
                    del commands[name], took[name]
                    continue
                if turn:  # the first is the warm-up
                    took[name].append(seconds)
        medians: dict[str, Any] = {name: statistics.median(seconds) for name, seconds in took.items()}
        medians["components"] = _components(leukokit, crowded)
    medians["foreign distributions"] = FOREIGN
    return medians, errors


def write_foreign(folder: Path) -> None:
    """Make distributions as pip leaves them: metadata and entry points of a group that is not ours."""
    for i in range(FOREIGN):
        place = folder / f"foreign_{i}-1.0.dist-info"
        place.mkdir()
        (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: foreign-{i}\nVersion: 1.0\n")
        (place / "entry_points.txt").write_text(f"[console_scripts]\nforeign{i} = foreign{i}:main\n")


def _seconds(command: list[str], variables: dict[str, str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise PeerError(f"exit code {done.returncode}: {done.stderr.strip()[-300:]}")
    return seconds


def _components(leukokit: list[str], variables: dict[str, str]) -> int:
    done = subprocess.run([*leukokit, "list", "--json"], env=variables, capture_output=True, text=True)
    return len(json.loads(done.stdout)["components"])
