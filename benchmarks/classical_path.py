"""Where the time of the classical path goes, and how many images a second all cores do.

The steps of ``recipes/svm_segmented.yaml`` over real images in one process on one thread, as a worker does
them: milliseconds an image of each step, of the parts of the segmentation, and of what is no step. Then the
segmenters over all cores, decoding included::

    LEUKOKIT_DATA=... python benchmarks/classical_path.py [--images 200] [--json]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2

from leukokit.api import Segmenter, read_image
from leukokit.catalog import discover
from leukokit.engine.cache.store import Store
from leukokit.engine.execution.batches import BATCH, batches
from leukokit.engine.images.plan import ImagePlan, Item
from leukokit.engine.images.plan_building import image_plan
from leukokit.engine.images.work import process_batch
from leukokit.engine.io.reading import content_keys
from leukokit.engine.observer import Observer
from leukokit.plugins.segment.kmeans_watershed import KmeansWatershed
from leukokit.plugins.segment.multi_otsu import MultiOtsu
from leukokit.recipe import load_recipe

HERE = Path(__file__).parent
DATA = Path(os.environ.get("LEUKOKIT_DATA") or HERE.parents[1] / "shared" / "data")
RECIPE = HERE.parent / "recipes" / "svm_segmented.yaml"
_SEGMENT = "leukokit.plugins.segment"
PARTS = {
    "Lab chroma, by table": (f"{_SEGMENT}.kmeans_watershed", "chroma"),
    "k-means: histograms": (f"{_SEGMENT}._kmeans", "_histogram"),
    "k-means: starts": (f"{_SEGMENT}._kmeans", "_start"),
    "k-means: Lloyd iterations": (f"{_SEGMENT}._kmeans", "_iterate"),
    "k-means: last iterations, over pixels": (f"{_SEGMENT}._kmeans", "_settled"),
    "area opening, holes": (f"{_SEGMENT}.kmeans_watershed", "area_opened"),
    "border clearing": (f"{_SEGMENT}.kmeans_watershed", "border_cleared"),
    "distance map and watershed": (f"{_SEGMENT}.kmeans_watershed", "split_at_minima"),
    "one id a cell": (f"{_SEGMENT}.kmeans_watershed", "pair"),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=200, help="images on one thread")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    os.environ["LEUKOKIT_DATA"] = str(DATA)  # where the recipe's data set is looked for
    cv2.setNumThreads(1)
    facts: dict[str, Any] = path_facts(arguments.images)
    facts["images_per_second"] = {
        name: rate(segmenter)
        for name, segmenter in (("kmeans_watershed", KmeansWatershed()), ("multi_otsu", MultiOtsu()))
    }
    if arguments.json:
        print(json.dumps(facts))
        return
    for title in ("steps", "segmentation", "images_per_second"):
        print(title)
        for name, value in facts[title].items():
            print(f"  {name:42s} {value:8.2f}")


def path_facts(count: int) -> dict[str, Any]:
    """Milliseconds an image of every step and part."""
    recipe = load_recipe(RECIPE, discover(), overrides=())
    dataset = recipe.data.component
    chosen = list(dataset.samples())
    chosen = [chosen[i * len(chosen) // count] for i in range(count)]
    keys = content_keys(dataset, "", chosen, threads=1)
    items = [Item(i, sample, key) for i, (sample, key) in enumerate(zip(chosen, keys, strict=True))]
    plan = image_plan(recipe, dataset, items, store=None, has_truth=False, observer=Observer())
    process_batch(plan, items[:2])  # compilation is not counted
    whole, steps = worked(plan, items)
    facts = {name: seconds * 1e3 / count for name, seconds in steps.items()}
    facts["what is no step"] = (whole - sum(steps.values())) * 1e3 / count
    facts["together"] = whole * 1e3 / count
    with tempfile.TemporaryDirectory(prefix="leukokit-path-") as folder:
        kept = image_plan(
            recipe, dataset, items, store=Store(Path(folder)), has_truth=False, observer=Observer()
        )
        facts["together, results kept in the cache"] = worked(kept, items)[0] * 1e3 / count
    assert plan.segment is not None
    with timed_parts() as seconds:
        segmentation = sum(outcome.seconds[plan.segment.id] for outcome in process_batch(plan, items))
    parts = {name: seconds[name] * 1e3 / count for name in PARTS}
    parts["the rest"] = segmentation * 1e3 / count - sum(parts.values())
    return {"steps": facts, "segmentation": parts}


def worked(plan: ImagePlan, items: Sequence[Item]) -> tuple[float, dict[str, float]]:
    """Seconds of all, and of each step, in batches as a worker gets them."""
    steps: dict[str, float] = defaultdict(float)
    started = time.perf_counter()
    for batch in batches(items, BATCH):
        for outcome in process_batch(plan, batch):
            for step, seconds in outcome.seconds.items():
                steps[step] += seconds
    return time.perf_counter() - started, dict(steps)


@contextmanager
def timed_parts() -> Iterator[dict[str, float]]:
    """Add up the seconds of the parts of a segmentation while inside."""
    seconds: dict[str, float] = defaultdict(float)

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                seconds[name] += time.perf_counter() - started

        return call

    with ExitStack() as stack:
        for name, (module, attribute) in PARTS.items():
            owner = import_module(module)
            stack.enter_context(mock.patch.object(owner, attribute, timed(name, getattr(owner, attribute))))
        yield seconds


def rate(segmenter: Segmenter) -> float:
    """Images a second over all cores, each worker reading and segmenting its share of all images."""
    paths = sorted((DATA / "all-pbs").glob("*/*.jpg"))
    cores = os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")
    with context.Pool(cores) as pool:
        shares = [(segmenter, paths[i::cores]) for i in range(cores)]
        pool.map(segmented, [(segmenter, share[:5]) for _, share in shares], chunksize=1)  # loaded, compiled
        started = time.perf_counter()
        pool.map(segmented, shares, chunksize=1)
        return len(paths) / (time.perf_counter() - started)


def segmented(work: tuple[Segmenter, Sequence[Path]]) -> int:
    """Read and segment images on one thread; the number of cells."""
    segmenter, paths = work
    cv2.setNumThreads(1)
    return sum(segmenter.segment(read_image(path)).count for path in paths)


if __name__ == "__main__":
    main()
