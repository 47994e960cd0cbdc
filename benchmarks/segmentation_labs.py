"""Measure segmenters on images of several labs: masks, boxes, sizes, stains, empty fields, black, speed.

Run it from the repository root; real images are read from ``$LEUKOKIT_DATA`` (default ``../shared/data``)::

    python benchmarks/segmentation_labs.py --quick
    python benchmarks/segmentation_labs.py smear_cells multi_otsu:pale_contrast=0.5 --sets wbc-masks bccd
    python benchmarks/segmentation_labs.py --markdown labs.md --json labs.json

A segmenter is a name, or ``name:param=value,param=value``. Cells at the border are kept (``border=keep`` or
``clear_border=false``, where nothing else is given). What counts as found is told in ``labs/boxes.py`` and
``labs/purple.py``, the stains in ``labs/changes.py``, the empty images in ``labs/empty.py``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from labs import annotated_images, measure, tables
from labs.annotated_images import AnnotatedImage
from labs.changes import conditions
from labs.empty import bare_glass, noise_fields
from labs.segmenters import TimedSegmenter, available, build

import leukokit
from leukokit.api import Preprocessor

Rows = list[measure.Row]
QUICK, QUICK_ENLARGED, ENLARGED = 24, 8, 60


def main() -> int:
    """Measure, print, write; return 0, or 2 where the data are missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "segmenters", nargs="*", type=build, metavar="SEGMENTER", help="name[:param=value,...]"
    )
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS), help="default: all")
    parser.add_argument(
        "--conditions", nargs="+", choices=list(conditions()), default=list(conditions()), help="default: all"
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} pictures a set")
    parser.add_argument("--limit", type=int, help="at most so many pictures a set, evenly spaced")
    parser.add_argument("--markdown", type=Path, help="also write the tables as Markdown")
    parser.add_argument("--json", type=Path, help="also write the numbers as JSON")
    arguments = parser.parse_args()
    if not (annotated_images.data_root() / "wbc-masks").is_dir():
        print(f"no data sets under {annotated_images.data_root()}: set LEUKOKIT_DATA", file=sys.stderr)
        return 2
    cv2.setNumThreads(1)
    segmenters = arguments.segmenters or [build(text) for text in available()]
    limit = arguments.limit or (QUICK if arguments.quick else None)
    enlarged = min(QUICK_ENLARGED if arguments.quick else ENLARGED, limit or ENLARGED)
    plan = measure.Plan(tuple(arguments.conditions), enlarged)
    results: dict[str, dict[str, Rows]] = {}
    for name in arguments.sets:
        run = SETS[name](limit)
        results[name] = {segmenter.name: run(segmenter, plan) for segmenter in segmenters}
        print(tables.text(name, results[name]), flush=True)
    if arguments.markdown:
        arguments.markdown.write_text("\n".join(tables.markdown(name, results[name]) for name in results))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))
    return 0


Run = Callable[[TimedSegmenter, measure.Plan], Rows]


def wbc_masks(limit: int | None) -> Run:
    """300 crops of one white cell with outlines."""
    images = annotated_images.wbc_masks(limit)
    return lambda segment, plan: measure.against_masks(segment, images, plan)


def pbc_boxes(limit: int | None) -> Run:
    """80 fields at high magnification with boxes."""
    images = annotated_images.pbc_boxes(limit)
    return lambda segment, plan: measure.against_boxes(segment, images, plan)


def bccd(limit: int | None) -> Run:
    """364 fields with boxes."""
    images = annotated_images.bccd(limit)
    return lambda segment, plan: measure.against_boxes(segment, images, plan)


def rendered(limit: int | None) -> Run:
    """Smears rendered with their masks."""
    images = annotated_images.rendered(limit or 96)
    return lambda segment, plan: measure.against_masks(segment, images, plan)


def all_pbs(limit: int | None) -> Run:
    """400 of the paper's smears, 100 a class."""
    images = annotated_images.all_pbs(limit or 400)
    return lambda segment, plan: measure.against_purple(segment, images, plan)


def empty(limit: int | None) -> Run:
    """Noise and bare glass."""
    reinhard = leukokit.component("preprocessor", "reinhard")
    assert isinstance(reinhard, Preprocessor)
    sets: dict[str, Sequence[AnnotatedImage]] = {
        "noise": noise_fields(5 if limit is None else max(1, limit // 18)),
        "bare glass": bare_glass(annotated_images.bccd(limit and 4 * limit)),
    }
    return lambda segment, _: measure.empty(segment, sets, {"reinhard": reinhard})


def black(limit: int | None) -> Run:
    """Black where there is no glass."""
    boxed, masked = (
        annotated_images.pbc_boxes(limit),
        annotated_images.all_pbs(limit or 200, "all-pbs-segmented"),
    )
    return lambda segment, _: measure.black(segment, boxed, masked)


def speed(limit: int | None) -> Run:
    """Process time an image at three sizes; the largest is a mosaic of bccd."""
    count = min(limit or 60, 60)
    fields = annotated_images.bccd(count)
    tiles = [field.image for field in annotated_images.bccd(25)]
    mosaic = np.vstack([np.hstack(tiles[5 * row : 5 * row + 5]) for row in range(5)])[:1944, :2592]
    sets: dict[str, Sequence[AnnotatedImage]] = {
        "224 x 224 (all-pbs)": annotated_images.all_pbs(count),
        "640 x 480 (bccd)": fields,
        "2592 x 1944 (mosaic of bccd)": [AnnotatedImage("mosaic", annotated_images.frozen(mosaic))] * 2,
    }
    return lambda segment, _: measure.speed(segment, sets)


SETS: dict[str, Callable[[int | None], Run]] = {
    "wbc-masks": wbc_masks,
    "pbc-boxes": pbc_boxes,
    "bccd": bccd,
    "rendered": rendered,
    "all-pbs": all_pbs,
    "empty": empty,
    "black": black,
    "speed": speed,
}

if __name__ == "__main__":
    sys.exit(main())
