"""How work flows: memory that does not grow with the images, time that grows with them alone, busy cores.

The recipe ``svm_segmented`` up to its features, over the real images and over ten times as many: copies whose
bytes differ by a comment, so that no cache and no digest can take them for the same. Memory is that of the
command and all its workers, pages that they share counted once (PSS on Linux)::

    LEUKOKIT_DATA=... python benchmarks/flow.py [--times 10] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import psutil

HERE = Path(__file__).parent
DATA = Path(os.environ.get("LEUKOKIT_DATA") or HERE.parents[1] / "shared" / "data")
EVERY = 0.25  # seconds between two looks at the processes
LOOKED_UP = 100_000
_MIB = 2**20

# svm_segmented up to its features; the copies are a folder of folders.
RECIPE = """\
leukokit: 1
name: flow
data: {{use: folder, params: {{root: "{root}"}}}}
preprocess: [{{use: reinhard}}, {{use: median, params: {{size: 3}}}}]
segment: {{use: kmeans_watershed}}
features:
  - {{use: contours, params: {{within: cell, unit: px}}}}
  - {{use: hog}}
  - {{use: color_statistics, params: {{regions: [nucleus, cell]}}}}
  - {{use: morphology, params: {{unit: px}}}}
audit: {{enabled: false}}
"""


@dataclass(frozen=True)
class Look:
    """All processes of a run at one time: memory in bytes, processor seconds since the start."""

    at: float
    memory: int
    busy: float


@dataclass(frozen=True)
class Flow:
    """One run: seconds of the command and of its image stage, MiB at the peak, share of the cores at work."""

    images: int
    seconds: float
    stage_seconds: float
    stage_cpu: float
    peak_mib: float
    busy: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=10, help="how many times as many images")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs that tell the cache's price")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leukokit-flow-") as scratch:
        facts = measured(Path(scratch), arguments.times, arguments.rounds, arguments.workers)
    if arguments.json:
        print(json.dumps(facts))
        return
    for name, value in facts.items():
        print(f"{name:34s} {value:.3f}" if isinstance(value, float) else f"{name:34s} {value}")


def measured(scratch: Path, times: int, rounds: int, workers: int) -> dict[str, float]:
    """Measure everything."""
    once, many = scratch / "once", scratch / "many"
    copies(once, 1)
    copies(many, times)
    run(once, scratch, workers)  # files are in the system's cache from here on, and code is compiled
    plain, cached = [], []
    for number in range(rounds):
        plain.append(run(once, scratch, workers))
        cached.append(run(once, scratch, workers, cache=scratch / f"cache{number}"))
    large = run(many, scratch, workers)
    small = min(plain, key=lambda flow: flow.seconds)
    price = [c.stage_cpu / p.stage_cpu - 1 for p, c in zip(plain, cached, strict=True)]
    return {
        "images": small.images,
        "images_many": large.images,
        "workers": workers,
        "seconds": small.seconds,
        "seconds_many": large.seconds,
        "times_images": large.images / small.images,
        "times_seconds": large.seconds / small.seconds,
        "times_stage_seconds": large.stage_seconds / small.stage_seconds,
        "images_per_second": large.images / large.stage_seconds,
        "peak_mib": max(flow.peak_mib for flow in plain),
        "peak_mib_many": large.peak_mib,
        "busy": small.busy,
        "busy_many": large.busy,
        "cache_price": statistics.median(price),
        "looked_up": LOOKED_UP,
        "look_up_seconds": look_up_seconds(scratch / "look-ups"),
    }


def copies(root: Path, times: int) -> None:
    """Write each image ``times`` times, apart by a JPEG comment."""
    for path in sorted((DATA / "all-pbs").glob("*/*.jpg")):
        content = path.read_bytes()
        folder = root / path.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(times):
            comment = f"copy {number}".encode()
            segment = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
            (folder / f"{path.stem}-{number}.jpg").write_bytes(content[:2] + segment + content[2:])


def run(root: Path, scratch: Path, workers: int, cache: Path | None = None) -> Flow:
    """Run the recipe over a folder and watch all its processes."""
    recipe = scratch / "flow.yaml"
    recipe.write_text(RECIPE.format(root=root.as_posix()), encoding="utf-8")
    directory = Path(tempfile.mkdtemp(dir=scratch)) / "run"
    kept = ["--no-cache"] if cache is None else ["--cache-dir", str(cache)]
    command = [sys.executable, "-m", "leukokit", "run", str(recipe), "-q", "--run-dir", str(directory)]
    started = time.time()
    process = subprocess.Popen(
        [*command, "--workers", str(workers), *kept], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    looks = list(watch(process))
    seconds = time.time() - started
    if process.returncode:
        raise SystemExit(f"the run ended with {process.returncode}; see {directory}")
    begin, end = image_stage(directory / "journal.jsonl")
    inside = [look for look in looks if begin <= look.at <= end]
    spent = inside[-1].busy - inside[0].busy
    return Flow(
        images=sum(1 for _ in root.glob("*/*.jpg")),
        seconds=seconds,
        stage_seconds=end - begin,
        stage_cpu=spent / (inside[-1].at - inside[0].at) * (end - begin),
        peak_mib=max(look.memory for look in looks) / _MIB,
        busy=spent / (inside[-1].at - inside[0].at) / workers,
    )


def watch(process: subprocess.Popen[bytes]) -> Iterator[Look]:
    """Look at a process and its children until it ends."""
    parent = psutil.Process(process.pid)
    ended = 0.0  # processor seconds of children that are no more
    before: dict[int, float] = {}
    while process.poll() is None:
        memory, now = 0, {}
        for watched in [parent, *children(parent)]:
            try:
                times = watched.cpu_times()
                now[watched.pid] = times.user + times.system
                memory += memory_of(watched)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        ended += sum(seconds for pid, seconds in before.items() if pid not in now)
        before = now
        yield Look(time.time(), memory, ended + sum(now.values()))
        time.sleep(EVERY)


def children(parent: psutil.Process) -> Sequence[psutil.Process]:
    """All processes below one."""
    try:
        return parent.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def memory_of(process: psutil.Process) -> int:
    """Bytes of a process, its part of shared pages only where the system tells."""
    full = process.memory_full_info()
    return int(getattr(full, "pss", 0) or full.uss)


def image_stage(journal: Path) -> tuple[float, float]:
    """When the image stage began and ended, by the run's journal."""
    events = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    at = next(i for i, event in enumerate(events) if event.get("name") == "images")
    begin, end = (datetime.fromisoformat(event["time"]).timestamp() for event in events[at : at + 2])
    return begin, end


def look_up_seconds(root: Path) -> float:
    """Seconds to take the features of many images from the cache, as a run does before it works; median."""
    from leukokit.api import Sample, Status
    from leukokit.engine.cache import serialization as payload
    from leukokit.engine.cache.keys import digest
    from leukokit.engine.cache.store import Store
    from leukokit.engine.images.cached import cached_outcomes
    from leukokit.engine.images.plan import FeatureStep, ImagePlan, Item
    from leukokit.engine.io.reading import ReadOptions
    from leukokit.plugins.datasets.folder import Folder
    from leukokit.plugins.features.morphology import Morphology

    store = Store(root)
    items = [Item(i, Sample(f"{i}.jpg", path=Path("x.jpg")), digest(i) * 2) for i in range(LOOKED_UP)]
    widths = (4, 156, 72, 44)  # as many families as svm_segmented takes, and twice its 132 columns
    steps = tuple(
        FeatureStep(
            f"features.{width}",
            Morphology.create(unit="px"),
            digest("step", width),
            seeded=False,
        )
        for width in widths
    )
    for step, width in zip(steps, widths, strict=True):
        values = np.random.default_rng(width).random((LOOKED_UP, width))
        store.put_rows(
            step.key,
            step.id,
            (
                (item.key, payload.vector_to_bytes(row, Status.OK, step.schema.columns))
                for item, row in zip(items, values, strict=True)
            ),
        )
    plan = ImagePlan(
        dataset=Folder.create(root="."),
        reading=ReadOptions(),
        preprocess=(),
        segment=None,
        features=steps,
        seed=0,
        keep_labels=False,
        score_masks=False,
        store=store,
    )
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        cached = cached_outcomes(plan, items)
        seconds.append(time.perf_counter() - started)
        assert len(cached) == LOOKED_UP
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
