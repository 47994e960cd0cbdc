"""Measure what a dask cluster costs and gives: a real scheduler and real workers on the loopback address.

Overhead is measured on images whose features are cached; everything else on images read anew. The last part
projects to ten million images from these figures; docs/cluster.md says what it assumes.

    LEUKOKIT_DATA=... python benchmarks/cluster.py [--images 3256] [--tiny 20000] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import psutil
from distributed import Client
from sklearn.datasets import make_classification
from threadpoolctl import threadpool_limits

from leukokit.api import Dataset, Examples, Sample
from leukokit.catalog import discover
from leukokit.engine.cache.store import Store
from leukokit.engine.execution.batches import BATCH as LOCAL_BATCH
from leukokit.engine.execution.batches import batches
from leukokit.engine.execution.cluster.executor import DaskExecutor
from leukokit.engine.execution.cluster.images import BATCH, keep_rows, work
from leukokit.engine.execution.cluster.requirements import Requirements
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.execution.protocol import TrialRunner
from leukokit.engine.execution.trials import in_processes, one_by_one
from leukokit.engine.images.plan import ImageOutcome, ImagePlan, Item
from leukokit.engine.images.plan_building import image_plan
from leukokit.engine.images.stage import run_image_stage
from leukokit.engine.images.work import process_batch
from leukokit.engine.io.reading import content_keys
from leukokit.engine.observer import Observer
from leukokit.evaluation.tuning import Candidate, search
from leukokit.plugins.classify.svm import Svm
from leukokit.plugins.select.information_gain import InformationGain
from leukokit.recipe import load_recipe_text

HERE = Path(__file__).parent
DATA = Path(os.environ.get("LEUKOKIT_DATA") or HERE.parents[1] / "shared" / "data")
PROJECTED = 10_000_000
RECIPE = """
leukokit: 1
name: cluster
data: all_pbs
preprocess: [{use: median, params: {size: 3}}]
segment: multi_otsu
features: [{use: morphology, params: {unit: px}}, color_statistics, hog]
"""


@dataclass(frozen=True)
class ClusterTimes:
    """Seconds on the clock, and seconds of CPU that this process and the scheduler took."""

    seconds: float
    driver_cpu: float
    scheduler_cpu: float


@dataclass(frozen=True)
class LocalCluster:
    """A scheduler and its workers."""

    address: str
    scheduler: psutil.Process

    def timed(self, work: Callable[[], object]) -> ClusterTimes:
        """Carry out work and say what it took."""
        before, ours = self._scheduler_cpu(), time.process_time()
        started = time.perf_counter()
        work()
        seconds = time.perf_counter() - started
        return ClusterTimes(seconds, time.process_time() - ours, self._scheduler_cpu() - before)

    def _scheduler_cpu(self) -> float:
        times = self.scheduler.cpu_times()
        return float(times.user + times.system)


@contextmanager
def cluster(workers: int) -> Iterator[LocalCluster]:
    """Start a scheduler and workers of one thread, all processes of their own."""
    dask = [sys.executable, "-m", "dask"]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory() as folder:
        scheduler_file = Path(folder) / "scheduler.json"
        common = ["--scheduler-file", str(scheduler_file)]
        local = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        started = [subprocess.Popen([*dask, "scheduler", *local, *common], cwd=folder, **quiet)]
        try:
            while not scheduler_file.exists():
                if started[0].poll() is not None:
                    raise SystemExit(f"the dask scheduler ended with {started[0].returncode}")
                time.sleep(0.05)
            threads = ["--nworkers", str(workers), "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard"]
            started.append(subprocess.Popen([*dask, "worker", *threads, *common], cwd=folder, **quiet))
            with Client(scheduler_file=str(scheduler_file), set_as_default=False) as client:
                client.wait_for_workers(workers, timeout=60)
                address = client.scheduler.address
            yield LocalCluster(address, psutil.Process(started[0].pid))
        finally:
            for process in reversed(started):
                process.terminate()
            for process in started:
                process.wait(20)


@contextmanager
def connected(there: LocalCluster, plan: ImagePlan, item: Item) -> Iterator[DaskExecutor]:
    """Connect once, and let each worker load its libraries and compiled code before anything is timed."""
    with closing(DaskExecutor(there.address)) as executor:
        client = executor.connection.client()
        given = [item], pickle.dumps(plan), 60.0, Requirements.of()
        client.gather(
            [client.submit(work, *given, workers=[worker], pure=False) for worker in client.nthreads()]
        )
        yield executor


def finished(count: int, folder: Path) -> tuple[ImagePlan, list[Item]]:
    """Plan of a classical recipe, and images whose features a cache holds: next to nothing an image."""
    plan, items = real(64)
    one = next(outcome for outcome in process_batch(plan, items) if outcome.features is not None)
    plan = replace(plan, store=Store(folder))
    names = [f"Class/image-{i:08d}.jpg" for i in range(count)]
    items = [Item(i, Sample(name, path=DATA / name), f"{i:064x}") for i, name in enumerate(names)]
    for start in range(0, count, BATCH):
        some = items[start : start + BATCH]
        keep_rows(plan, some, [replace(one, index=item.index) for item in some])
    return plan, items


def real(count: int) -> tuple[ImagePlan, list[Item]]:
    """Plan of a classical recipe without a cache, and images of the paper."""
    recipe = load_recipe_text(RECIPE, discover())
    dataset = recipe.data.component
    if dataset.missing() is not None:
        raise SystemExit(f"the images are not there: {dataset.missing()}")
    items = [Item(i, sample, f"{i:064x}") for i, sample in enumerate(dataset.samples()[:count])]
    plan = image_plan(recipe, dataset, items, store=None, has_truth=False, observer=Observer())
    return plan, items


def bare(plan: ImagePlan, items: Sequence[Item]) -> float:
    """Seconds of the plain loop, in this process and on one thread."""
    process_batch(plan, items[:1])
    started = time.perf_counter()
    for some in batches(items, LOCAL_BATCH):
        process_batch(plan, some)
    return time.perf_counter() - started


def overhead(count: int) -> dict[str, float]:
    """Measure what the way through a cluster adds to an image that costs next to nothing."""
    with tempfile.TemporaryDirectory() as folder:
        plan, items = finished(count, Path(folder))
        alone = bare(plan, items)
        facts: dict[str, float] = {"images": count, "loop_ms": 1000 * alone / count}
        for workers in (1, 2):
            with cluster(workers) as there, connected(there, plan, items[0]) as executor:
                took = there.timed(partial(executor.run_images, plan, items, lambda _: None))
            facts[f"dask_{workers}_ms"] = 1000 * took.seconds / count
            facts[f"driver_cpu_{workers}_ms"] = 1000 * took.driver_cpu / count
            facts[f"scheduler_cpu_{workers}_ms"] = 1000 * took.scheduler_cpu / count
    facts["overhead_ms"] = facts["dask_1_ms"] - facts["loop_ms"]
    return facts


def scaling(count: int) -> dict[str, float]:
    """Measure one against two workers, and dask against the processes of one machine, on real images."""
    plan, items = real(count)
    facts: dict[str, float] = {"images": len(items)}
    facts["loop_s"] = bare(plan, items)
    for workers in (1, 2):
        started = time.perf_counter()
        ProcessExecutor(workers, always=True).run_images(plan, items, lambda _: None)
        facts[f"processes_{workers}_s"] = time.perf_counter() - started
        with cluster(workers) as there, connected(there, plan, items[0]) as executor:
            took = there.timed(partial(executor.run_images, plan, items, lambda _: None))
            keys = there.timed(partial(digests, items, executor))
        facts[f"dask_{workers}_s"] = took.seconds
        facts[f"digests_{workers}_s"] = keys.seconds
    started = time.perf_counter()
    content_keys(plan.dataset, "x", [item.sample for item in items], 2)
    facts["digests_here_s"] = time.perf_counter() - started
    facts["two_over_one"] = facts["dask_1_s"] / facts["dask_2_s"]
    facts["dask_over_processes"] = facts["dask_2_s"] / facts["processes_2_s"]
    return facts


def tuning(rows: int = 1500) -> dict[str, float]:
    """Measure trials of an SVM: one after the other, in two processes of this machine, on two workers."""
    X, y = make_classification(rows, 100, n_informative=20, n_classes=4, random_state=0)
    ids = [f"image-{i:05d}" for i in range(rows)]
    table = pd.DataFrame(X, index=pd.Index(ids, name="id"), columns=[f"f{i}" for i in range(X.shape[1])])
    train = Examples(ids=ids, labels=y.astype(str), groups=np.array(ids), features=table, images=None)
    settings = [
        Candidate({"C": C}, Svm.create(C=C), [InformationGain.create(k=40)], train) for C in (1, 10, 96, 128)
    ]
    search_with = partial(search, settings, cv=5, scoring="macro_f1", seed=1)

    def timed(run: TrialRunner) -> float:
        started = time.perf_counter()
        table = search_with(run=run).table.to_csv()
        if tables and table != tables[0]:
            raise SystemExit("who tries the settings changed a score")
        tables.append(table)
        return time.perf_counter() - started

    tables: list[str] = []
    seconds = {"one_by_one_s": timed(one_by_one)}
    seconds["processes_2_s"] = timed(lambda score, trials: in_processes(score, trials, 2))
    with cluster(2) as there, closing(DaskExecutor(there.address)) as executor:
        seconds["dask_2_s"] = timed(executor.run_trials)
    return {"trials": 20, **seconds, "gain": seconds["one_by_one_s"] / seconds["processes_2_s"]}


def digests(items: Sequence[Item], executor: DaskExecutor) -> None:
    """Take digests where the workers are."""
    executor.content_keys(Dataset(), "x", [item.sample for item in items])


def sizes(count: int) -> dict[str, float]:
    """Measure bytes an image: on the wire, and in the memory of the machine that runs the recipe."""
    plan, items = real(BATCH)
    outcomes = process_batch(plan, items[:64])
    one = next(outcome for outcome in outcomes if outcome.features is not None)
    assert one.features is not None
    sent, returned = pickle.dumps(items), pickle.dumps([copied(one, i) for i in range(BATCH)])
    with tempfile.TemporaryDirectory() as folder:
        kept, many = finished(count, Path(folder))
        many_items = pickle.dumps(many)
        tracemalloc.start()
        try:
            held = pickle.loads(many_items)  # noqa: S301 - our own
            before = tracemalloc.get_traced_memory()[0]
            table = run_image_stage(kept, held, InlineExecutor(), Observer())
            after = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
    assert len(table.features) == count
    return {
        "features": len(one.features),
        "plan_bytes_a_batch": len(pickle.dumps(plan)),
        "sent_bytes": len(sent) / len(items),
        "returned_bytes": len(returned) / BATCH,
        "item_bytes": before / count,
        "result_bytes": (after - before) / count,
    }


def copied(outcome: ImageOutcome, index: int) -> ImageOutcome:
    """Outcome as it arrives from another process: nothing shared with others."""
    fresh: ImageOutcome = pickle.loads(pickle.dumps(outcome))  # noqa: S301 - our own
    return replace(fresh, index=index)


def projection(
    overheads: dict[str, float], scaled: dict[str, float], size: dict[str, float]
) -> dict[str, float]:
    """Ten million images, from the figures above; see docs/cluster.md for what is assumed."""
    image = scaled["loop_s"] / scaled["images"]
    digest = scaled["digests_1_s"] / scaled["images"]
    driver, scheduler = overheads["driver_cpu_2_ms"] / 1000, overheads["scheduler_cpu_2_ms"] / 1000
    # The table of features is held twice more: as the parts that are fitted on and predicted, and as it is
    # written.
    memory = size["item_bytes"] + size["result_bytes"] + 2 * 8 * size["features"]
    facts = {
        "images": PROJECTED,
        "one_core_hours": PROJECTED * (image + digest) / 3600,
        "driver_hours": PROJECTED * driver / 3600,
        "scheduler_hours": PROJECTED * scheduler / 3600,
        "cores_that_keep_driver_or_scheduler_busy": (image + digest) / max(driver, scheduler),
        "driver_memory_gib": PROJECTED * memory / 2**30,
        "images_in_64_gib": 64 * 2**30 / memory,
        "sent_gb": PROJECTED * (size["sent_bytes"] + size["plan_bytes_a_batch"] / BATCH) / 1e9,
        "returned_gb": PROJECTED * size["returned_bytes"] / 1e9,
    }
    for cores in (16, 64, 256):
        slowest = max((image + digest) / cores, driver, scheduler)
        facts[f"hours_on_{cores}_cores"] = PROJECTED * slowest / 3600
    return facts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=3256, help="real images")
    parser.add_argument("--tiny", type=int, default=20_000, help="images whose features are cached")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    os.environ["LEUKOKIT_DATA"] = str(DATA)
    cv2.setNumThreads(1)
    with threadpool_limits(1):
        overheads, scaled, size = overhead(arguments.tiny), scaling(arguments.images), sizes(arguments.tiny)
    facts = {
        "overhead": overheads,
        "scaling": scaled,
        "tuning": tuning(),
        "sizes": size,
        "projection": projection(overheads, scaled, size),
    }
    if arguments.json:
        print(json.dumps(facts, indent=2))
        return
    for name, figures in facts.items():
        print(name)
        for what, value in figures.items():
            print(f"  {what:32} {value:12.4g}")


if __name__ == "__main__":
    main()
