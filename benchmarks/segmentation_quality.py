"""Score segmenters against expert outlines: Dice of nucleus and whole cell on wbc-masks.

Run it from the repository root::

    python benchmarks/segmentation_quality.py
    python benchmarks/segmentation_quality.py multi_otsu hsv_threshold --csv scores.csv

The images are read from ``$LEUKOKIT_DATA/wbc-masks`` (default ``../shared/data``): crops of one white cell,
some cut by the border, so border clearing is turned off.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from leukokit.api import CELL, NUCLEUS, ImageRejected, Labels, RGBImage, Segmenter, Status
from leukokit.evaluation.masks import Row, score_image, score_table, summarize
from leukokit.plugins.segment import leukokit_segmenters

CYTOPLASM_VALUE, NUCLEUS_VALUE = 1, 2


def main() -> int:
    """Print one table; return 0, or 2 where the data are missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    targets = {spec.name: spec.target for spec in leukokit_segmenters()}
    parser.add_argument("names", nargs="*", help=f"segmenters (default: all of {', '.join(targets)})")
    parser.add_argument("--limit", type=int, help="only the first N images")
    parser.add_argument("--csv", type=Path, help="also write the scores of each image")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in targets]
    if unknown:
        parser.error(f"no segmenter {', '.join(unknown)}; there are {', '.join(targets)}")
    root = data_root() / "wbc-masks"
    pairs = list(read_pairs(root, arguments.limit))
    if not pairs:
        print(f"no images under {root}: set LEUKOKIT_DATA", file=sys.stderr)
        return 2

    cv2.setNumThreads(1)
    tables: dict[str, pd.DataFrame] = {}
    lines = []
    for name in arguments.names or targets:
        segmenter = build(targets[name])
        table, milliseconds = score(segmenter, pairs)
        tables[name] = table
        lines.append(line(name, summarize(table), milliseconds))
    print(f"wbc-masks, {len(pairs)} images, one white cell each; border clearing off (border: keep)")
    print(pd.DataFrame(lines).set_index("segmenter").to_string())
    if arguments.csv:
        pd.concat(tables, names=["segmenter"]).to_csv(arguments.csv)
    return 0


def data_root() -> Path:
    """Folder of the data sets."""
    given = os.environ.get("LEUKOKIT_DATA")
    return Path(given) if given else Path(__file__).resolve().parents[2] / "shared" / "data"


def read_pairs(root: Path, limit: int | None) -> Iterator[tuple[str, RGBImage, Labels]]:
    """Image id, image, and truth with one nucleus and one cell."""
    for path in sorted((root / "images").glob("*.png"))[:limit]:
        image = cv2.cvtColor(decode(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        mask = decode(root / "masks" / path.name, cv2.IMREAD_UNCHANGED)
        truth = Labels(
            {
                NUCLEUS: (mask == NUCLEUS_VALUE).astype(np.int32),
                CELL: (mask >= CYTOPLASM_VALUE).astype(np.int32),
            }
        )
        rgb = np.asarray(image, dtype=np.uint8)
        rgb.setflags(write=False)
        yield path.stem, rgb, truth


def decode(path: Path, flags: int) -> RGBImage:
    """Decode a PNG from its bytes."""
    pixels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), flags)
    if pixels is None:
        raise SystemExit(f"{path} is no image")
    return np.asarray(pixels, dtype=np.uint8)


def build(target: str) -> Segmenter:
    """Build a segmenter that keeps cells at the border, with its other defaults."""
    module, _, attribute = target.partition(":")
    kind: type[Segmenter] = getattr(import_module(module), attribute)
    fields = kind.Params.model_fields
    if "border" in fields:
        return kind.create(border="keep")
    return kind.create(clear_border=False) if "clear_border" in fields else kind.create()


def score(segmenter: Segmenter, pairs: list[tuple[str, RGBImage, Labels]]) -> tuple[pd.DataFrame, float]:
    """Score all images; the milliseconds are the mean of one image, compilation left out."""
    segment(segmenter, pairs[0][1])
    rows: dict[str, Row] = {}
    seconds = 0.0
    for name, image, truth in pairs:
        start = time.perf_counter()
        labels = segment(segmenter, image)
        seconds += time.perf_counter() - start
        rows[name] = score_image(labels, truth, clears_border=segmenter.clears_border())
    return score_table(rows), 1000 * seconds / len(pairs)


def segment(segmenter: Segmenter, image: RGBImage) -> Labels:
    """Segment; a rejected image counts as one without a cell."""
    try:
        return segmenter.segment(image)
    except ImageRejected:
        empty = np.zeros(image.shape[:2], np.int32)
        return Labels({NUCLEUS: empty, CELL: empty}, Status.NO_CELL)


def line(name: str, summary: pd.DataFrame, milliseconds: float) -> dict[str, str]:
    """One row of the printed table."""
    row = {"segmenter": name}
    for role in (NUCLEUS, CELL):
        scores: dict[str, float] = summary.loc[role].to_dict()  # type: ignore[assignment]
        for column in ("mean", "median", "p10"):
            row[f"{role} {column}"] = f"{scores[f'dice_{column}']:.4f}"
        row[f"{role} failures"] = f"{scores['failures']:.0f}"
    row["ms/image"] = f"{milliseconds:.2f}"
    return row


if __name__ == "__main__":
    sys.exit(main())
