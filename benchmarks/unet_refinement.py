"""Compare a small U-Net, trained on rendered smears alone, with the rules of ``smear_cells``.

Run it from the repository root; training needs the extra ``deep``, measuring NumPy alone::

    python benchmarks/unet_refinement.py train unet.npz --pictures 6000 --epochs 24
    python benchmarks/unet_refinement.py measure unet.npz

``measure`` compares the rules, the network (near the cells that the rules found) and the mean of both, on
wbc-masks with its sizes and stains, on rendered smears, and in time. What and how many the cells are stays
the rules' answer, so boxes cannot tell the ways apart.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import cv2
from labs import annotated_images, measure, tables
from labs.changes import conditions
from labs.segmenters import TimedSegmenter, build
from unet.refine import Refined


def main() -> int:
    """Train or measure; return 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="render smears, train, write weights")
    train.add_argument("weights", type=Path)
    train.add_argument("--pictures", type=int, default=6000)
    train.add_argument("--epochs", type=int, default=24)
    check = commands.add_parser("measure", help="compare with the rules")
    check.add_argument("weights", type=Path)
    check.add_argument("--limit", type=int, help="at most so many pictures a set, evenly spaced")
    check.add_argument("--conditions", nargs="+", choices=list(conditions()), default=list(conditions()))
    arguments = parser.parse_args()
    if arguments.command == "train":
        from unet.train import train as run

        run(arguments.pictures, arguments.epochs, arguments.weights)
    else:
        compare(arguments.weights, arguments.limit, tuple(arguments.conditions))
    return 0


def compare(weights: Path, limit: int | None, names: tuple[str, ...]) -> None:
    """Print one table a set."""
    cv2.setNumThreads(1)
    ways: Any = {"rules": build("smear_cells").segmenter, "network": Refined(weights)}
    ways["mean of both"] = Refined(weights, share=0.5)
    timed = [TimedSegmenter(name, segmenter) for name, segmenter in ways.items()]
    plan = measure.Plan(names, 60)
    crops = annotated_images.wbc_masks(limit)
    smears = annotated_images.rendered(limit or 96)
    print(f"weights: {weights.stat().st_size / 1e6:.2f} MB")
    sets = (("wbc-masks", crops, plan), ("rendered", smears, measure.Plan(("as is",), 60)))
    for name, those, conditions_ in sets:
        found = {each.name: measure.against_masks(each, those, conditions_) for each in timed}
        print(tables.text(name, found), flush=True)
    views = {"224 x 224 (all-pbs)": annotated_images.all_pbs(limit or 60)}
    print(tables.text("speed", {each.name: measure.speed(each, views) for each in timed}))


if __name__ == "__main__":
    sys.exit(main())
