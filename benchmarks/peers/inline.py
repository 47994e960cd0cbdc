"""Processor time of an image in the engine and in the plain script, one process, in turns, without a cache.

Other work on the machine disturbs this least: no start-up, no exchange with workers, batch after batch on the
same core. Prints JSON with milliseconds an image.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import cv2
import handwritten
from threadpoolctl import threadpool_limits

from leukokit.api import Sample
from leukokit.catalog import discover
from leukokit.engine.images.plan import Item
from leukokit.engine.images.plan_building import image_plan
from leukokit.engine.images.work import process_batch
from leukokit.engine.observer import Observer
from leukokit.recipe import load_recipe

RECIPE = Path(__file__).parents[2] / "recipes" / "svm_segmented.yaml"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True, help="folder with the four class folders")
    parser.add_argument("--images", type=int, default=96)
    parser.add_argument("--turns", type=int, default=8, help="turns of both on each batch; one more warms up")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    recipe = load_recipe(RECIPE, discover(), overrides=[f"data.params.root={arguments.root}"])
    dataset = recipe.data.component
    samples = list(dataset.samples())
    samples = samples[:: max(1, len(samples) // arguments.images)][: arguments.images]
    plan = image_plan(recipe, dataset, (), store=None, has_truth=False, observer=Observer())

    def script(batch: list[Sample]) -> None:
        handwritten.measure([sample.path for sample in batch if sample.path is not None])

    def engine(batch: list[Sample]) -> None:
        for outcome in process_batch(plan, [Item(i, sample, sample.id) for i, sample in enumerate(batch)]):
            if outcome.rejection is not None:
                raise RuntimeError(f"the engine rejected an image: {outcome.rejection}")

    took: dict[str, list[float]] = {"script": [], "engine": []}
    with threadpool_limits(1):
        for turn in range(arguments.turns + 1):
            for start in range(0, len(samples), handwritten.BATCH):
                batch = samples[start : start + handwritten.BATCH]
                for name, work in (("script", script), ("engine", engine)):
                    started = time.process_time()
                    work(batch)
                    if turn:
                        took[name].append((time.process_time() - started) * 1e3 / len(batch))
    shares = [engine / script - 1 for engine, script in zip(took["engine"], took["script"], strict=True)]
    print(
        json.dumps(
            {
                "script_image_ms": statistics.median(took["script"]),
                "engine_image_ms": statistics.median(took["engine"]),
                "overhead_image_processor": statistics.median(shares),
            }
        )
    )


if __name__ == "__main__":
    main()
