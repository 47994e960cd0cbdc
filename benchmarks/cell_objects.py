"""Find white cells, red cells and platelets, and compare them with boxes: bccd and pbc-boxes.

Run it from the repository root; images come from ``$LEUKOKIT_DATA`` (default ``../shared/data``)::

    python benchmarks/cell_objects.py
    python benchmarks/cell_objects.py --limit 40 --overlays /tmp/overlays

Segmenter: ``smear_cells`` with ``red_cells``, ``platelets`` and ``border: keep``; the same settings for both
sets. An object and a box match where the boxes overlap with an intersection over union of .5 or more, one to
one. ``F1 center``: where the center of the object lies in the box; boxes around platelets are often twice as
wide as the platelet. Count error: mean over images of the difference between objects and boxes; ratio:
objects over boxes. Boxes of less than 8 px on a side, which bccd has, are left out; cells that nobody boxed,
of which bccd has many, count as false. A white cell is a platelet where it lies on the box of one and on none
of a white cell.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from labs.annotated_images import KINDS, AnnotatedImage, Boxes, bccd, pbc_boxes
from labs.boxes import ious, measured
from scipy.optimize import linear_sum_assignment

from leukokit.api import CELL, PLATELET, RED_CELL, Labels
from leukokit.plugins.segment.smear_cells import SmearCells

ROLE = {"white": CELL, "red": RED_CELL, "platelet": PLATELET}
COLOR = {"white": (0, 0, 255), "red": (200, 0, 0), "platelet": (0, 130, 0)}
IOU = 0.5


@dataclass
class Tally:
    """Sums over the images of a set for one kind of cell."""

    boxes: int = 0
    objects: int = 0
    matched: int = 0
    centered: int = 0
    count_errors: list[int] = field(default_factory=list)

    def add(self, found: Boxes, centers: np.ndarray, true: Boxes) -> None:
        """Add one image: boxes and centers of what was found, and true boxes."""
        self.boxes += len(true)
        self.objects += len(found)
        self.matched += pairs(ious(found, true), IOU)
        inside = (centers[:, None] >= true[None, :, :2]) & (centers[:, None] <= true[None, :, 2:])
        self.centered += pairs(inside.all(axis=2).astype(float), 1.0)
        self.count_errors.append(abs(len(found) - len(true)))

    def row(self) -> str:
        """Give the line of the table."""
        precision = self.matched / max(1, self.objects)
        recall = self.matched / max(1, self.boxes)
        both = max(1, self.objects + self.boxes)
        return (
            f"{self.boxes:7d} {self.objects:8d} {np.mean(self.count_errors):12.2f} "
            f"{self.objects / max(1, self.boxes):7.2f} {precision:10.3f} {recall:7.3f} "
            f"{2 * self.matched / both:6.3f} {2 * self.centered / both:10.3f}"
        )


def pairs(score: np.ndarray, least: float) -> int:
    """Count the pairs of an object (row) and a box (column) that reach a score, one to one."""
    rows, columns = linear_sum_assignment(np.where(score >= least, 1 + score, 0.0), maximize=True)
    return int(np.count_nonzero(score[rows, columns] >= least))


def false_platelets(white: Boxes, sample: AnnotatedImage) -> int:
    """Count the white cells that lie on the box of a platelet, and on none of a white cell."""
    if not len(white) or not len(sample.by_kind["platelet"]):
        return 0
    of_platelet = ious(white, sample.by_kind["platelet"]).max(axis=1)
    of_white = ious(white, sample.by_kind["white"]).max(axis=1) if len(sample.by_kind["white"]) else 0.0
    return int(np.count_nonzero((of_platelet > of_white) & (of_platelet > 0.1)))


def overlay(sample: AnnotatedImage, labels: Labels, path: Path) -> None:
    """Draw outlines of what was found, and the boxes in the same colors, thin."""
    picture = cv2.resize(sample.image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    for kind, role in ROLE.items():
        for number in np.unique(labels.roles[role])[1:]:
            mask = cv2.resize((labels.roles[role] == number).astype(np.uint8), None, fx=2, fy=2)
            outline, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(picture, outline, -1, COLOR[kind], 2)
        for left, top, right, bottom in (2 * sample.by_kind[kind]).round().astype(int).tolist():
            cv2.rectangle(picture, (left, top), (right, bottom), COLOR[kind], 1)
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def measure(name: str, samples: Sequence[AnnotatedImage], overlays: Path | None) -> None:
    """Segment a set and print its table."""
    segmenter = SmearCells.create(red_cells=True, platelets=True, border="keep")
    tallies = {kind: Tally() for kind in KINDS}
    wrong = 0
    for index, sample in enumerate(samples):
        labels = segmenter.segment(sample.image)
        found = {kind: measured(labels.roles[role]) for kind, role in ROLE.items()}
        for kind, tally in tallies.items():
            tally.add(*found[kind], sample.by_kind[kind])
        wrong += false_platelets(found["white"][0], sample)
        if overlays is not None and index % max(1, len(samples) // 6) == 0:
            overlay(sample, labels, overlays / f"{name}_{sample.name}.png")
    print(f"\n{name}, {len(samples)} images; white cells that are platelets: {wrong}")
    print("            boxes  objects  count error   ratio  precision  recall     F1  F1 center")
    for kind, tally in tallies.items():
        print(f"{kind:9s} {tally.row()}", flush=True)


def main() -> None:
    """Measure both sets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--limit", type=int, help="images of each set, evenly spaced; all where omitted")
    parser.add_argument("--overlays", type=Path, help="folder for pictures of some images")
    arguments = parser.parse_args()
    if arguments.overlays is not None:
        arguments.overlays.mkdir(parents=True, exist_ok=True)
    for name, read in (("bccd", bccd), ("pbc-boxes", pbc_boxes)):
        measure(name, read(arguments.limit), arguments.overlays)


if __name__ == "__main__":
    main()
