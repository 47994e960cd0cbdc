"""Measure how fast leukokit is, and write docs/performance.md.

Every figure comes from this one run on this one machine: the obvious implementations are timed beside ours,
so that ratios mean something elsewhere. Segmentations are compared before they are timed.

    LEUKOKIT_DATA=... python benchmarks/performance.py [--images 60]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
DATA = Path(os.environ.get("LEUKOKIT_DATA") or HERE.parents[1] / "shared" / "data")
VERSIONS = ("leukokit", "numpy", "opencv-python-headless", "scikit-image", "scikit-learn", "numba")


@dataclass(frozen=True)
class Aim:
    """What a figure should be, and what it is."""

    what: str
    aim: str
    measured: str
    met: bool

    def row(self) -> str:
        """Give a row of the table."""
        return f"| {self.what} | {self.aim} | {self.measured} | {'yes' if self.met else '**no**'} |"


def main() -> None:
    """Measure everything and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=60, help="images for figures of one thread")
    images = str(parser.parse_args().images)
    segmentation = from_json("segmentation_agreement.py", "--images", images, "--json", "--data", str(DATA))
    features = from_json("features_speed.py", "--images", images, "--json")
    runs = whole_runs()
    starts = {name: start_up(name) for name in ("--help", "list")}
    PAGE.write_text(page(segmentation, features, runs, starts), encoding="utf-8")
    print(PAGE.relative_to(HERE.parent))


def from_json(script: str, *arguments: str) -> Any:
    """Run another benchmark in a process of its own and read what it prints."""
    environment = {**os.environ, "LEUKOKIT_DATA": str(DATA), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(HERE / script), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def whole_runs() -> dict[str, float]:
    """Seconds of whole commands on all images, start-up included."""
    recipe = str(HERE.parent / "recipes" / "svm_segmented.yaml")
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


def start_up(argument: str, repeats: int = 9) -> float:
    """Seconds of a command that does next to nothing, median."""
    return statistics.median(leukokit(argument) for _ in range(repeats))


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


def page(
    segmentation: dict[str, Any],
    features: dict[str, dict[str, float]],
    runs: dict[str, float],
    starts: dict[str, float],
) -> str:
    """Lay out the page."""
    together = features["together, planes shared"]
    itself, ours = segmentation["itself"], segmentation["ours"]
    aims = [
        Aim(
            "nucleus and cytoplasm of an image, one thread",
            "6 ms",
            f"{segmentation['ms']:.1f} ms",
            segmentation["ms"] <= 6,
        ),
        Aim(
            "the same, against the obvious way",
            "55 times",
            f"{segmentation['obvious_ms'] / segmentation['ms']:.0f} times",
            segmentation["obvious_ms"] >= 55 * segmentation["ms"],
        ),
        Aim(
            "all families of features, one thread", "15 ms", f"{together['ms']:.1f} ms", together["ms"] <= 15
        ),
        Aim(
            "`svm_segmented.yaml`, 3256 images, cold, without audit",
            "45 s",
            f"{runs['run without audit, cold']:.0f} s",
            runs["run without audit, cold"] <= 45,
        ),
        Aim("the same with audit", "45 s", f"{runs['run, cold']:.0f} s", runs["run, cold"] <= 45),
        Aim(
            "the same from the cache, audit included",
            "4 s",
            f"{runs['run, from the cache']:.1f} s",
            runs["run, from the cache"] <= 4,
        ),
        Aim("audit of 3256 images, cold", "60 s", f"{runs['audit, cold']:.0f} s", runs["audit, cold"] <= 60),
        Aim("`leukokit --help`", "0.15 s", f"{starts['--help']:.2f} s", starts["--help"] <= 0.15),
        Aim("`leukokit list`", "0.3 s", f"{starts['list']:.2f} s", starts["list"] <= 0.3),
    ]
    families = [
        f"| {name} | {row['columns']:.0f} | {row['ms']:.2f} | {row['obvious_ms']:.1f} "
        f"| {row['obvious_ms'] / row['ms']:.1f} |"
        for name, row in features.items()
    ]
    return "\n".join(
        [
            "# Performance",
            "",
            "Written by `benchmarks/performance.py`, never by hand. Ratios are of one run: the obvious "
            "implementation and ours took turns on the same images.",
            "",
            *machine(),
            "",
            "## Aims",
            "",
            *table(["what", "aim", "measured", "met"], [aim.row() for aim in aims]),
            "",
            "## Segmentation: faithful first, then fast",
            "",
            f"`kmeans_watershed` on {segmentation['images']} images, beside scikit-learn's k-means with "
            "scikit-image's morphology and watershed.",
            "",
            *table(
                ["", "IoU nucleus", "IoU cytoplasm", "same number of nuclei"],
                [
                    "| obvious way, another seed | {:.3f} | {:.3f} | {:.2f} |".format(*itself),
                    "| ours and the obvious way | {:.3f} | {:.3f} | {:.2f} |".format(*ours),
                ],
            ),
            "",
            f"{segmentation['obvious_ms']:.0f} ms and {segmentation['ms']:.1f} ms an image.",
            "",
            "## Features",
            "",
            "Milliseconds an image, one thread, beside plain scikit-image, scipy and numpy.",
            "",
            *table(["family", "columns", "ms", "obvious ms", "times"], families),
            "",
            "## Whole commands",
            "",
            "Seconds by the clock, start-up, figures and report included.",
            "",
            *table(["command", "seconds"], [f"| {name} | {seconds:.1f} |" for name, seconds in runs.items()]),
            "",
        ]
    )


def machine() -> Sequence[str]:
    """Say what was measured on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    shown = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    return [
        f"- {date.today().isoformat()}, {os.cpu_count()} cores of {model}",
        f"- Python {platform.python_version()}",
        f"- {shown}",
    ]


def table(columns: Sequence[str], rows: Sequence[str]) -> list[str]:
    """Lay out a Markdown table."""
    return [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}", *rows]


if __name__ == "__main__":
    main()
