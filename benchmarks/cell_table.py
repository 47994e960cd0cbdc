"""Time and memory of the table of cells against the number of cells, on synthetic label images.

Run it from the repository root::

    python benchmarks/cell_table.py
    python benchmarks/cell_table.py --cells 10000 100000

Each image of 1024 x 1024 px has 500 cells: 100 white ones with nucleus and 400 red ones. The image stage
measures them in one process and keeps them in a new cache, then ``cells.parquet`` is written, as a run does
both. Nothing is segmented: the labels are given. Seconds are those of the processor. A process of its own for
each number of cells, so that the peak of its memory is its own; one image before the clock starts compiles
what is compiled.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from time import process_time

import cv2
import numpy as np
import pyarrow.parquet as pq

from leukokit.api import (
    CELL,
    NUCLEUS,
    RED_CELL,
    Dataset,
    Labels,
    RGBImage,
    Sample,
    Scale,
    ScaleSource,
    Segmenter,
)
from leukokit.engine.cache.store import Store
from leukokit.engine.cell_table.write import CellFiles
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.images.plan import ImagePlan, Item, SegmentStep
from leukokit.engine.images.plan_building import with_cells
from leukokit.engine.images.stage import run_image_stage
from leukokit.engine.io.reading import ReadOptions
from leukokit.engine.observer import Observer
from leukokit.engine.run_directory import RunDirectory
from leukokit.recipe.cells import CellsSetting

SIZE, PER_IMAGE, EVERY = 1024, 500, 5
"""Width of an image in px, its cells, and of how many one is white."""
SCALE = Scale(30.0, 1.0, ScaleSource.GIVEN)


def drawn(number: int) -> tuple[RGBImage, Labels]:
    """Draw disks in a grid, some of which touch; other radii and colors in each image."""
    rng = np.random.default_rng(number)
    image = np.full((SIZE, SIZE, 3), 220, np.uint8)
    roles = {role: np.zeros((SIZE, SIZE), np.int32) for role in (NUCLEUS, CELL, RED_CELL)}
    columns = 25
    step = SIZE // columns
    for index in range(PER_IMAGE):
        center = (step // 2 + index % columns * step, step // 2 + index // columns * step)
        radius = int(rng.integers(14, 22))
        role = CELL if index % EVERY == 0 else RED_CELL
        cv2.circle(roles[role], center, radius, index + 1, -1)
        cv2.circle(image, center, radius, rng.integers(120, 200, 3).tolist(), -1)
        if role == CELL:
            cv2.circle(roles[NUCLEUS], center, radius // 2, index + 1, -1)
            cv2.circle(image, center, radius // 2, rng.integers(60, 120, 3).tolist(), -1)
    # Where disks overlap a cell keeps its nucleus only inside itself.
    roles[NUCLEUS][roles[NUCLEUS] != roles[CELL]] = 0
    return image, Labels(roles)


class Drawn(Dataset):
    """Renders the images."""

    def render(self, sample: Sample) -> RGBImage:
        """Draw one."""
        return drawn(int(sample.id))[0]


class Given(Segmenter):
    """Gives the labels of one image for all: what is timed is not the drawing."""

    checks_nuclei = True

    def __init__(self, params: object = None) -> None:  # noqa: ARG002
        super().__init__()
        self._labels = drawn(0)[1]

    def roles(self) -> tuple[str, ...]:
        """Nucleus, cell and red cell."""
        return (NUCLEUS, CELL, RED_CELL)

    def segment(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> Labels:  # noqa: ARG002
        """Give the labels."""
        return self._labels


def plan_of(store: Store) -> ImagePlan:
    """Plan of an image stage that only makes the table of cells."""
    segment = SegmentStep("segment.given", Given(), "given", seeded=True)
    plan = ImagePlan(Drawn(), ReadOptions(), (), segment, (), 0, False, False, store)
    return with_cells(plan)


def measure(cells: int) -> dict[str, float]:
    """Measure and write so many cells; give seconds and memory."""
    items = [
        Item(index, Sample(f"{index}", label="a"), f"image {index}", SCALE)
        for index in range(max(1, cells // PER_IMAGE))
    ]
    with tempfile.TemporaryDirectory() as folder, RunDirectory(Path(folder) / "run") as directory:
        plan = plan_of(Store(Path(folder) / "cache"))
        run_image_stage(plan_of(Store(Path(folder) / "warm")), items[:1], InlineExecutor(), Observer())
        started = process_time()
        run_image_stage(plan, items, InlineExecutor(), Observer())
        measured = process_time()
        setting = CellsSetting(table=True, labels=False, geojson=False)
        CellFiles(directory, setting, plan, (), None).write(items, Observer())
        written = process_time()
        table = pq.ParquetFile(directory.path / "cells.parquet")
        return {
            "cells": table.metadata.num_rows,
            "measure": measured - started,
            "write": written - measured,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "size": (directory.path / "cells.parquet").stat().st_size / 2**20,
            "groups": table.num_row_groups,
            "columns": len(table.schema_arrow),
        }


def report(sizes: Iterable[int]) -> None:
    """Measure each size in a process of its own and print a table."""
    print("     cells  measure, s  write, s  ms a cell  memory, MB  file, MB  row groups")
    for size in sizes:
        command = [sys.executable, __file__, "--one", str(size)]
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        per_cell = 1000 * (row["measure"] + row["write"]) / row["cells"]
        print(
            f"{row['cells']:10d} {row['measure']:11.1f} {row['write']:9.1f} {per_cell:10.3f} "
            f"{row['memory']:11.0f} {row['size']:9.1f} {row['groups']:11d}",
            flush=True,
        )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is None:
        report(arguments.cells)
    else:
        print(json.dumps(measure(arguments.one)))


if __name__ == "__main__":
    main()
