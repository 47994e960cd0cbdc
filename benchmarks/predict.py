"""Memory of ``leukokit predict`` over very many images, and its speed beside the image stage of a run.

    python benchmarks/predict.py memory RUN --images 100000 [--source FOLDER]
    python benchmarks/predict.py speed RUN --source FOLDER [--repeats 3]

``memory`` makes a folder of links to the images of FOLDER (rendered ones of 96 px where it is omitted),
predicts all of them with both cores, and prints the memory of all processes together after every tenth of the
rows: memory is flat if the last is no more than the second.

``speed`` predicts the images of FOLDER, and carries out the image stage of the same pipeline on them as a run
does, one after the other in turn, without a cache; it prints the ratio of the medians.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from leukokit.api import Sample
from leukokit.catalog import discover
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.images.stage import run_image_stage
from leukokit.engine.observer import Observer
from leukokit.engine.pipeline.load import load_pipeline
from leukokit.engine.prediction.given import find_images, read_table
from leukokit.engine.prediction.measuring import Measuring
from leukokit.testing.images import disks

_RENDERED = 20


def links(folder: Path, source: Path | None, count: int) -> Path:
    """Make a folder of as many images as wanted, which are links to few."""
    if source is None:
        source = folder / "few"
        source.mkdir()
        for number in range(_RENDERED):
            image, _ = disks(seed=number, size=96, cells=1 + number % 4)
            Image.fromarray(image).save(source / f"{number}.png")
    files = [Path(sample.path or "").resolve() for sample in find_images([str(source)], read_table)]
    many = folder / "many"
    many.mkdir()
    for number in range(count):
        target = files[number % len(files)]
        (many / f"{number:06d}{target.suffix}").symlink_to(target)
    return many


def used(process: psutil.Process) -> int:
    """Memory of a process and all below it that it shares with no other, bytes."""
    total = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += each.memory_full_info().uss
        except psutil.Error:  # it has ended meanwhile
            continue
    return total


def memory(run: Path, source: Path | None, count: int) -> None:
    """Print memory after every tenth of the rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        many, table = links(folder, source, count), folder / "rows.csv"
        command = [
            sys.executable,
            "-m",
            "leukokit",
            "predict",
            str(run),
            str(many),
            "--out",
            str(table),
            "-q",
        ]
        started = time.monotonic()
        process = psutil.Popen(command, stdout=subprocess.DEVNULL)
        highest, tenth, seen, size, rows = 0, 1, 0, 0, 0
        while process.poll() is None:
            time.sleep(0.2)
            highest = max(highest, used(process))
            if table.exists() and table.stat().st_size > size:
                with table.open("rb") as file:
                    file.seek(size)
                    data = file.read()
                size, rows = size + len(data), rows + data.count(b"\n")
            if rows - 1 >= tenth * count // 10 > seen:
                seen = tenth * count // 10
                seconds = time.monotonic() - started
                print(
                    f"{seen:>9,} rows {seconds:>8.1f} s {highest / 1e6:>8.0f} MB at most so far", flush=True
                )
                tenth, highest = tenth + 1, 0
        if process.returncode:
            sys.exit(f"leukokit predict ended with {process.returncode}")
        print(f"{count / (time.monotonic() - started):.0f} images a second, start included")


def speed(run: Path, source: Path, workers: int, repeats: int) -> None:
    """Print the time of both, and their ratio."""
    pipeline = load_pipeline(run, discover())
    samples: list[Sample] = list(find_images([str(source)], read_table))
    executor = ProcessExecutor(workers, always=True)
    times: dict[str, list[float]] = {"image stage": [], "predict": []}
    for _ in range(repeats):
        started = time.perf_counter()
        work = Measuring(pipeline.members, None, executor, None, Observer())
        items = work.items(samples)
        own = work.own_scales(items)
        for member, plan in zip(pipeline.members, work.plans, strict=True):
            given = items
            if own is not None and member.scale is not None:
                given = member.scale.given_to(items, own=own.scales, stated={}, changed=own.changed)
            run_image_stage(plan, given, executor, Observer())
        times["image stage"].append(time.perf_counter() - started)
        started = time.perf_counter()
        for _piece in pipeline.stream(samples, executor=executor):
            pass
        times["predict"].append(time.perf_counter() - started)
    medians = {name: float(np.median(values)) for name, values in times.items()}
    for name, values in times.items():
        shown = ", ".join(f"{value:.1f}" for value in values)
        print(f"{name:<12} {len(samples) / medians[name]:>7.1f} images/s   ({shown} s)")
    print(f"predict takes {medians['predict'] / medians['image stage']:.2f} times as long as the image stage")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["memory", "speed"])
    parser.add_argument("run", type=Path)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    if given.what == "memory":
        memory(given.run, given.source, given.images)
    elif given.source is None:
        parser.error("speed needs --source FOLDER")
    else:
        speed(given.run, given.source, given.workers, given.repeats)


if __name__ == "__main__":
    main()
