"""How well, and how fast, the scale of a smear is measured by its red cells.

Beside experts' boxes of red cells (``bccd``, ``pbc-boxes``); of ``all-pbs``, which has none, beside what the
unchanged image says. Each image is also enlarged, shrunk, cropped and recolored::

    python benchmarks/scale_accuracy.py --images 100
"""

from __future__ import annotations

import argparse
import json
import os
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from leukokit.api import RGBImage, Scale, ScaleSource, read_image
from leukokit.api.smear import estimate_scale

DATA = Path(os.environ.get("LEUKOKIT_DATA") or Path(__file__).parents[2] / "shared" / "data")
SURE = 0.2  # confidence from which on a scale is used
SIZES = ((224, 224), (640, 480), (1280, 960), (2592, 1944))
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class ScaleErrors:
    """Relative error of one set of images under one change; ``wrong``: by a quarter, among the sure ones."""

    data: str
    change: str
    images: int
    median: float
    p90: float
    sure: float
    wrong: float
    milliseconds: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=100, help="at most so many of a set or class")
    parser.add_argument("--data", type=Path, default=DATA, help="folder that holds the sets")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()

    cv2.setNumThreads(1)
    sets = {
        "bccd": with_truth(arguments.data / "bccd" / "images", voc_boxes, arguments.images),
        "pbc-boxes": with_truth(arguments.data / "pbc-boxes" / "images", yolo_boxes, arguments.images),
    }
    for folder in sorted((arguments.data / "all-pbs").iterdir()):
        sets[folder.name] = with_own_scale(folder, arguments.images)
    rows = [row for name, images in sets.items() for row in measured(name, images)]
    fields = [image for image, _ in sets["bccd"][:10]]
    speed = {f"{w}x{h}": milliseconds([cv2.resize(field, (w, h)) for field in fields]) for w, h in SIZES}
    if arguments.json:
        print(json.dumps({"errors": [asdict(row) for row in rows], "milliseconds": speed}))
        return
    print(f"{'':10s} {'':8s} images  median  90 %  sure  wrong   ms")
    for r in rows:
        print(
            f"{r.data:10s} {r.change:8s} {r.images:6d}   {r.median:.3f}  {r.p90:.3f}  {r.sure:.2f}"
            f"  {r.wrong:.3f}  {r.milliseconds:4.1f}"
        )
    print("fields of bccd, resized:", ", ".join(f"{size} {ms:.1f} ms" for size, ms in speed.items()))


def changes() -> Iterator[tuple[str, float, Callable[[RGBImage], RGBImage]]]:
    """Name of a change, how many times larger it makes a cell, and the change."""
    yield "as it is", 1.0, lambda image: image
    for factor in (0.5, 2.0, 3.0):
        yield f"x{factor:g}", factor, lambda image, factor=factor: resized(image, factor)
    yield "crop 60%", 1.0, lambda image: cropped(image, 0.6)
    for name, gain in {
        "pink": (1.05, 0.92, 0.98),
        "blue": (0.88, 0.95, 1.08),
        "yellow": (1.02, 0.98, 0.8),
    }.items():
        yield name, 1.0, lambda image, gain=gain: clipped(image * np.array(gain))
    yield "pale", 1.0, lambda image: clipped(255 - (255.0 - image) * 0.6)
    yield "dark", 1.0, lambda image: clipped(255 * (image / 255.0) ** 1.5)


def clipped(image: np.ndarray) -> RGBImage:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def resized(image: RGBImage, factor: float) -> RGBImage:
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=method), np.uint8)


def cropped(image: RGBImage, share: float) -> RGBImage:
    top, left = (int(side * (1 - share) / 2) for side in image.shape[:2])
    return np.ascontiguousarray(image[top : image.shape[0] - top, left : image.shape[1] - left])


def measured(name: str, images: list[tuple[RGBImage, float]]) -> Iterator[ScaleErrors]:
    """Compare each changed image with the truth."""
    for change, factor, apply in changes():
        errors, sure, seconds = [], [], 0.0
        for image, truth in images:
            changed = apply(image)
            start = time.process_time()
            scale = estimate_scale(changed)
            seconds += time.process_time() - start
            errors.append(abs(scale.red_cell_px / (truth * factor) - 1))
            sure.append(trusted(scale))
        known = np.array(errors)[np.isfinite(errors)]
        wrong = float(np.mean(np.array(errors)[sure] > 0.25)) if any(sure) else 0.0
        yield ScaleErrors(
            name,
            change,
            len(images),
            float(np.median(known)),
            float(np.quantile(known, 0.9)),
            float(np.mean(sure)),
            wrong,
            seconds / len(images) * 1e3,
        )


def trusted(scale: Scale) -> bool:
    return scale.source is ScaleSource.RED_CELLS and scale.confidence >= SURE


def milliseconds(images: list[RGBImage]) -> float:
    """Time of one estimate, the best of five runs over some images."""
    times = []
    for _ in range(5):
        start = time.process_time()
        for image in images:
            estimate_scale(image)
        times.append(time.process_time() - start)
    return min(times) / len(images) * 1e3


def with_own_scale(folder: Path, most: int) -> list[tuple[RGBImage, float]]:
    """Images whose unchanged scale is sure, with it."""
    images = [read_image(path) for path in spread(folder, most)]
    scales = [estimate_scale(image) for image in images]
    return [(image, scale.red_cell_px) for image, scale in zip(images, scales, strict=True) if trusted(scale)]


def with_truth(
    folder: Path, boxes: Callable[[Path, int, int], list[Box]], most: int
) -> list[tuple[RGBImage, float]]:
    """Images with the median side of the boxes of their whole red cells; those with fewer than 2 left out."""
    with_boxes = []
    for path in spread(folder, most):
        image = read_image(path)
        height, width = image.shape[:2]
        whole = [
            (right - left + bottom - top) / 2
            for left, top, right, bottom in boxes(path, height, width)
            if left > 2 and top > 2 and right < width - 2 and bottom < height - 2
        ]
        whole = [side for side in whole if side >= 10]  # some boxes of bccd are one px wide
        if len(whole) >= 2:
            with_boxes.append((image, float(np.median(whole))))
    return with_boxes


def spread(folder: Path, most: int) -> list[Path]:
    paths = sorted(folder.iterdir())
    return paths[:: max(1, len(paths) // most)][:most]


def voc_boxes(path: Path, _height: int, _width: int) -> list[Box]:
    """Boxes of red cells from the XML file of an image."""
    tree = ElementTree.parse(path.parents[1] / "annotations" / f"{path.stem}.xml")
    objects = (thing for thing in tree.iter("object") if thing.findtext("name") == "RBC")
    sides = ("xmin", "ymin", "xmax", "ymax")
    return [tuple(float(thing.findtext(f"bndbox/{side}", "0")) for side in sides) for thing in objects]


def yolo_boxes(path: Path, height: int, width: int) -> list[Box]:
    """Boxes of red cells, class 1, from the text file of an image: center and size in shares of it."""
    boxes = []
    for line in (path.parents[1] / "labels" / f"{path.stem}.txt").read_text().splitlines():
        kind, x, y, w, h = (float(word) for word in line.split())
        if kind == 1:
            boxes.append(
                ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
            )
    return boxes


if __name__ == "__main__":
    main()
