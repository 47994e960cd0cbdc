"""One segmenter on one set: a row of numbers a condition.

Label images are scored as they are, ``implausible`` ones too; how many there are is a column of its own.
Shares are 0..1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labs import boxes, purple
from labs.annotated_images import AnnotatedImage
from labs.changes import conditions
from labs.empty import round_view
from labs.segmenters import TimedSegmenter
from leukokit.api import CELL, NUCLEUS, Labels, Preprocessor, Status
from leukokit.evaluation.masks import count_objects, dice

Row = dict[str, float | str]
BLACK = 14
"""Largest gray level of any channel in a pixel that is black."""


@dataclass(frozen=True)
class Plan:
    """Which conditions to measure, and how many images at large sizes.

    Attributes
    ----------
    names : tuple of str
        Names of ``changes.conditions()``.
    enlarged : int
        At most so many images a set at x2 and x3.
    """

    names: tuple[str, ...]
    enlarged: int

    def apply(self, name: str, samples: Sequence[AnnotatedImage]) -> list[AnnotatedImage]:
        """Change the images, evenly thinned where they are enlarged."""
        if name in ("x2", "x3") and len(samples) > self.enlarged:
            places = np.linspace(0, len(samples) - 1, self.enlarged).round().astype(int)
            samples = [samples[i] for i in places]
        change = conditions()[name]
        return [change(sample) for sample in samples]


def against_masks(segment: TimedSegmenter, samples: Sequence[AnnotatedImage], plan: Plan) -> list[Row]:
    """Dice of nucleus and cell of the whole image, and how often the count is exact.

    Truth cells at the border with less than half of the median nucleus may be found or not.
    """
    rows = []
    for name in plan.names:
        scores = []
        for sample in plan.apply(name, samples):
            labels, truth = segment(sample.image), sample.truth
            assert truth is not None
            low, high = _counts(truth)
            scores.append(
                {
                    "nucleus": dice(labels.nucleus > 0, truth.nucleus > 0),
                    "cell": dice(labels.cell > 0, truth.cell > 0),
                    "exact": low <= labels.count <= high,
                    "implausible": labels.status is Status.IMPLAUSIBLE,
                }
            )
        table = pd.DataFrame(scores)
        rows.append(
            {
                "condition": name,
                "pictures": float(len(table)),
                **_dice_columns(table),
                "exact": float(table["exact"].mean()),
                "implausible": float(table["implausible"].mean()),
            }
        )
    return rows


def against_boxes(segment: TimedSegmenter, samples: Sequence[AnnotatedImage], plan: Plan) -> list[Row]:
    """Recall, precision and exact counts against boxes of white cells (``labs.boxes``)."""
    rows = []
    for name in plan.names:
        changed = plan.apply(name, samples)
        whole = boxes.whole_area(changed)
        scores = []
        for sample in changed:
            labels = segment(sample.image)
            assert sample.boxes is not None
            score = boxes.score(labels.cell, sample.boxes, whole)
            scores.append({**score, "implausible": labels.status is Status.IMPLAUSIBLE})
        table = pd.DataFrame(scores)
        rows.append(
            {
                "condition": name,
                "pictures": float(len(table)),
                "recall": _ratio(table["matched"].sum(), table["boxes"].sum()),
                "precision": _ratio(table["matched"].sum(), table["cells"].sum()),
                "exact": float(table["exact"].mean()),
                "implausible": float(table["implausible"].mean()),
            }
        )
    return rows


def against_purple(segment: TimedSegmenter, samples: Sequence[AnnotatedImage], plan: Plan) -> list[Row]:
    """By class: purple blobs missed, objects that are not purple, counts at other sizes."""
    scores = []
    for sample in samples:
        labels = segment(sample.image)
        scores.append(
            {
                "class": sample.group,
                **purple.score(labels, sample.image),
                "cells": float(labels.count),
                "no cell": labels.count == 0,
                "implausible": labels.status is Status.IMPLAUSIBLE,
            }
        )
    table = pd.DataFrame(scores)
    sizes = [name for name in plan.names if name.startswith("x")]
    for name in sizes:
        change = conditions()[name]
        table[name] = [float(segment(change(sample).image).count) for sample in samples]
    rows: list[Row] = []
    for label, part in table.groupby("class"):
        row: Row = {
            "condition": str(label),
            "pictures": float(len(part)),
            "blobs missed": _ratio(part["missed"].sum(), part["blobs"].sum()),
            "not purple": _ratio(part["not_purple"].sum(), part["objects"].sum()),
            "cells a picture": float(part["cells"].mean()),
            "no cell": float(part["no cell"].mean()),
            "implausible": float(part["implausible"].mean()),
        }
        for name in sizes:
            off = (part[name] - part["cells"]).abs()
            row |= {
                f"same count {name}": float((off == 0).mean()),
                f"within one {name}": float((off <= 1).mean()),
            }
        rows.append(row)
    return rows


def empty(
    segment: TimedSegmenter, sets: dict[str, Sequence[AnnotatedImage]], preprocessors: dict[str, Preprocessor]
) -> list[Row]:
    """Share of empty images in which no cell is found, as they are and after each preprocessor."""
    rows: list[Row] = []
    for name, samples in sets.items():
        ways: dict[str, Callable[[AnnotatedImage], object]] = {"": lambda sample: sample.image}
        for preprocessor_name, preprocessor in preprocessors.items():
            ways[f", {preprocessor_name}"] = lambda sample, work=preprocessor: work.apply(sample.image)
        for suffix, way in ways.items():
            label_sets = [segment(np.asarray(way(sample))) for sample in samples]
            clean = [labels.count == 0 or labels.status is Status.IMPLAUSIBLE for labels in label_sets]
            rows.append(
                {
                    "condition": name + suffix,
                    "pictures": float(len(label_sets)),
                    "no_cell": float(np.mean(clean)),
                    "of these implausible": float(
                        np.mean([labels.status is Status.IMPLAUSIBLE for labels in label_sets])
                    ),
                }
            )
    return rows


def black(
    segment: TimedSegmenter, boxed: Sequence[AnnotatedImage], masked: Sequence[AnnotatedImage]
) -> list[Row]:
    """Images with black where there is no glass: pixels labeled in it, and cells found beside it."""
    views = [round_view(sample) for sample in boxed]
    whole = boxes.whole_area(boxed)
    rows: list[Row] = []
    for name, samples in (("round view of pbc-boxes", views), ("all-pbs-segmented", masked)):
        scores = []
        for sample in samples:
            labels = segment(sample.image)
            dark = sample.image.max(axis=2) <= BLACK
            score: dict[str, float] = {
                "labeled": float(np.count_nonzero(labels.cell)),
                "in_black": float(np.count_nonzero((labels.cell > 0) & dark)),
                "no cell": labels.count == 0,
                "implausible": labels.status is Status.IMPLAUSIBLE,
            }
            if sample.boxes is not None:
                score |= boxes.score(labels.cell, sample.boxes, whole)
            scores.append(score)
        table = pd.DataFrame(scores)
        row: Row = {
            "condition": name,
            "pictures": float(len(table)),
            "labeled px in black": _ratio(table["in_black"].sum(), table["labeled"].sum()),
            "pictures with > 1 % of it": float((table["in_black"] > 0.01 * table["labeled"]).mean()),
            "no cell": float(table["no cell"].mean()),
            "implausible": float(table["implausible"].mean()),
        }
        if "matched" in table:
            row["recall"] = _ratio(table["matched"].sum(), table["boxes"].sum())
            row["precision"] = _ratio(table["matched"].sum(), table["cells"].sum())
        rows.append(row)
    return rows


def speed(segment: TimedSegmenter, sets: dict[str, Sequence[AnnotatedImage]]) -> list[Row]:
    """Process time an image, the first (compilation) left out."""
    rows: list[Row] = []
    for name, samples in sets.items():
        segment(samples[0].image)
        segment.seconds = 0.0
        for sample in samples:
            segment(sample.image)
        seconds_per_image = segment.seconds / len(samples)
        rows.append(
            {
                "condition": name,
                "pictures": float(len(samples)),
                "ms": 1000 * seconds_per_image,
                "images/s a core": 1 / seconds_per_image,
            }
        )
    return rows


def _dice_columns(table: pd.DataFrame) -> dict[str, float]:
    columns = {}
    for role in (NUCLEUS, CELL):
        values = table[role].fillna(0.0)
        columns[f"{role} median"] = float(values.median())
        columns[f"{role} p10"] = float(values.quantile(0.1))
    return columns


def _counts(truth: Labels) -> tuple[int, int]:
    """Fewest and most cells that are right."""
    areas = np.bincount(truth.nucleus.ravel())
    areas[0] = 0
    edge = np.unique(np.concatenate([truth.cell[[0, -1]].ravel(), truth.cell[:, [0, -1]].ravel()]))
    small = areas[edge] < np.median(areas[areas > 0]) / 2 if (areas > 0).any() else np.zeros(0, bool)
    most = count_objects(truth.cell)
    return most - int(np.count_nonzero(small & (edge > 0))), most


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
