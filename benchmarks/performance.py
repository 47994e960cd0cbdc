"""Measure how fast leukokit is, and write docs/performance.md: one command, an hour on two cores.

Every part runs in a process of its own and compares within itself: the obvious implementation, a peer or
fewer images are timed beside ours, so that ratios mean something elsewhere. Values are compared before
times::

    LEUKOKIT_DATA=... python benchmarks/performance.py
    LEUKOKIT_DATA=... python benchmarks/performance.py --only segmentation features --facts facts.json

With ``--facts`` what was measured is kept in a file, and parts that are not asked for are taken from it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import machine
from performance_page import page

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
DATA = Path(os.environ.get("LEUKOKIT_DATA") or HERE.parents[1] / "shared" / "data")
VERSIONS = (
    "leukokit",
    "numpy",
    "opencv-python-headless",
    "scikit-image",
    "scikit-learn",
    "numba",
    "distributed",
)
RECIPE = HERE.parent / "recipes" / "svm_segmented.yaml"


def main() -> None:
    """Measure what was asked for and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="*", choices=list(PARTS), help="parts to measure, or none; default: all"
    )
    parser.add_argument("--facts", type=Path, help="JSON file that keeps what was measured")
    arguments = parser.parse_args()
    kept = arguments.facts is not None and arguments.facts.exists()
    facts: dict[str, Any] = json.loads(arguments.facts.read_text("utf-8")) if kept else {}
    for name in PARTS if arguments.only is None else arguments.only:
        print(f"{name} ...", file=sys.stderr)
        facts[name] = {"date": date.today().isoformat(), **PARTS[name]()}
        if arguments.facts is not None:
            arguments.facts.write_text(json.dumps(facts, indent=2), encoding="utf-8")
    if absent := [name for name in PARTS if name not in facts]:
        raise SystemExit(f"not measured yet, so no page is written: {', '.join(absent)}")
    PAGE.write_text(page(facts, measured_on()), encoding="utf-8")
    print(PAGE.relative_to(HERE.parent))


def printed(script: str, *arguments: str, one_thread: bool = False) -> Any:
    """Run another benchmark in a process of its own and read the JSON that it prints."""
    environment = {**os.environ, "LEUKOKIT_DATA": str(DATA)}
    if one_thread:
        environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(HERE / script), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def segmentation() -> dict[str, Any]:
    """Measure fidelity and time of the paper's segmentation, beside the obvious way."""
    command = ("segmentation_agreement.py", "--images", "60", "--json", "--data", str(DATA))
    facts: dict[str, Any] = printed(*command, one_thread=True)
    facts["by_default"] = printed(*command, "--tolerance", "1e-4", one_thread=True)
    # As whoever writes it the obvious way gets it: scikit-learn's threads are left alone.
    facts["obvious_as_installed"] = printed("obvious_cost.py", "--json")
    return facts


def whole_commands() -> dict[str, Any]:
    """Seconds of whole commands on all images, start-up included."""
    recipe = str(RECIPE)
    with tempfile.TemporaryDirectory() as scratch:
        options = ["-q", "--out", f"{scratch}/runs", "--cache-dir", f"{scratch}/cache"]
        bare = [*options[:-1], f"{scratch}/bare", "--set", "audit.enabled=false"]
        return {
            "run, cold": leukokit("run", recipe, *options),
            "run, from the cache": leukokit("run", recipe, *options),
            "run without audit, cold": leukokit("run", recipe, *bare),
            "run without audit, from the cache": leukokit("run", recipe, *bare),
            "audit, cold": leukokit("audit", "all_pbs", "-q", "--no-cache"),
        }


def leukokit(*arguments: str) -> float:
    """Run a command and give its seconds."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "leukokit", *arguments],
        env={**os.environ, "LEUKOKIT_DATA": str(DATA)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started


def measured_on() -> list[str]:
    """Say what was measured on."""
    return [
        f"- {date.today().isoformat()}, {machine.cores()}",
        f"- Python {platform.python_version()}",
        f"- {machine.versions(VERSIONS)}",
    ]


PARTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "segmentation": segmentation,
    "path": lambda: printed("classical_path.py", "--json"),
    "features": lambda: {
        "families": printed("features_speed.py", "--images", "60", "--json", one_thread=True)
    },
    "commands": whole_commands,
    "peers": lambda: printed("peers/compare.py", "--json"),
    "flow": lambda: printed("flow.py", "--json"),
    "cluster": lambda: printed("cluster.py", "--json"),
    "distributed": lambda: printed("distributed_training.py", "--json"),
}


if __name__ == "__main__":
    main()
