"""How well, and how fast, ``kmeans_watershed`` does what the obvious implementation does.

Prints the agreement of the obvious way with itself under another seed, of ours with the obvious way, and the
time of both on one thread::

    python benchmarks/segmentation_agreement.py --images 300
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when scikit-learn is imported

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
import obvious_segmentation as obvious

from leukokit.api import read_image
from leukokit.plugins.segment.kmeans_watershed import KmeansWatershed

DATA = Path(os.environ.get("LEUKOKIT_DATA") or Path(__file__).parents[2] / "shared" / "data")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--images", type=int, default=300, help="number of images, spread evenly over classes"
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder that holds all-pbs")
    parser.add_argument("--worst", type=int, default=0, help="name this many images of least agreement")
    parser.add_argument(
        "--tolerance", type=float, default=0.0, help="where the obvious k-means stops; scikit-learn's is 1e-4"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    constants = obvious.Constants(tolerance=arguments.tolerance)

    cv2.setNumThreads(1)
    paths = spread(arguments.data / "all-pbs", arguments.images)
    # The paper's choices, which the obvious implementation makes too.
    segmenter = KmeansWatershed.create(
        cluster_rule="lowest_red", shared_cell="split", reference_red_cell_px=None
    )
    segmenter.segment(read_image(paths[0]))  # compilation is not counted
    itself, ours, seconds = [], [], []
    for path in paths:
        rgb = read_image(path)
        first, obvious_time = timed(obvious.segment, rgb, 0, constants)
        second = obvious.segment(rgb, 1, constants)
        labels, our_time = timed(segmenter.segment, rgb)
        itself.append(agreement(first, second))
        ours.append(agreement(first, labels))
        seconds.append((obvious_time, our_time))

    if arguments.json:
        milliseconds = np.mean(seconds, axis=0) * 1e3
        facts = {
            "images": len(paths),
            "itself": np.mean(itself, axis=0).tolist(),
            "ours": np.mean(ours, axis=0).tolist(),
            "obvious_ms": float(milliseconds[0]),
            "ms": float(milliseconds[1]),
        }
        print(json.dumps(facts))
        return
    print(f"{len(paths)} images               nucleus  cytoplasm  same nucleus count")
    for name, rows in (("obvious, two seeds", itself), ("ours and obvious", ours)):
        print("{:22s} IoU {:.4f}     {:.4f}               {:.3f}".format(name, *np.mean(rows, axis=0)))
    slow, fast = np.mean(seconds, axis=0) * 1e3
    median = np.median(seconds, axis=0)[1] * 1e3
    print(
        f"obvious {slow:.1f} ms, ours {fast:.2f} ms an image (median {median:.2f}): {slow / fast:.0f} times"
    )
    for i in np.argsort([row[:2].sum() for row in np.array(ours)])[: arguments.worst]:
        print(paths[i], "ours", np.round(ours[i], 3), "obvious itself", np.round(itself[i], 3))


def spread(root: Path, count: int) -> list[Path]:
    """Pick images evenly over the classes, and over each class by name."""
    folders = sorted(path for path in root.iterdir() if path.is_dir())
    shares = [count // len(folders) + (i < count % len(folders)) for i in range(len(folders))]
    chosen = []
    for folder, share in zip(folders, shares, strict=True):
        files = sorted(folder.glob("*.jpg"))
        chosen += [files[i] for i in np.linspace(0, len(files) - 1, share).astype(int)]
    return chosen


def agreement(one: Any, other: Any) -> tuple[float, float, float]:
    """IoU of nuclei, IoU of cytoplasm (1 where both are empty), and whether as many nuclei were found."""
    counts = [len(np.unique(labels.nucleus)) for labels in (one, other)]
    return (
        iou(one.nucleus > 0, other.nucleus > 0),
        iou(one.cytoplasm, other.cytoplasm),
        float(counts[0] == counts[1]),
    )


def iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Intersection over union of two masks."""
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """Call, and measure the seconds."""
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


if __name__ == "__main__":
    main()
