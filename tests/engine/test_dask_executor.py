"""A real scheduler and real workers, on the loopback address."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client

from leukokit.engine import dask_executor
from leukokit.errors import UsageError
from tests.engine.conftest import FAULTY, Leukokit


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a scheduler with two workers, all processes of their own."""
    folder = tmp_path_factory.mktemp("cluster")
    environment = {
        **os.environ,
        "PYTHONPATH": str(FAULTY),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    }
    found = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    common = ["--scheduler-file", str(found)]
    log = (folder / "log").open("wb")
    options: dict[str, object] = {"cwd": folder, "env": environment, "stdout": log, "stderr": log}
    started = [
        subprocess.Popen(  # type: ignore[call-overload]
            [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", *common], **options
        )
    ]
    worker = [*dask, "worker", "--nworkers", "2", "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard"]
    try:
        started.append(subprocess.Popen([*worker, *common], **options))  # type: ignore[call-overload]
        deadline = time.monotonic() + 60
        while not found.exists():
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        with Client(scheduler_file=str(found)) as client:
            client.wait_for_workers(2, timeout=60)
            yield client.scheduler.address
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(20)
        log.close()


def outputs(run: Path) -> dict[str, bytes]:
    return {
        name: (run / name).read_bytes() for name in ("metrics.json", "predictions.csv", "features.parquet")
    }


def test_results_are_those_of_one_process_to_the_byte(
    scheduler: str, recipe: Path, cli: Leukokit, tmp_path: Path
) -> None:
    for name, options in {"alone": ["inline"], "cluster": ["dask", "--scheduler", scheduler]}.items():
        done = cli("run", recipe, "--no-cache", "--run-dir", name, "--executor", *options)
        assert done.returncode == 0, done.stderr
    assert outputs(tmp_path / "alone") == outputs(tmp_path / "cluster")


def test_a_worker_killed_in_the_middle_loses_nothing(
    scheduler: str, recipe: Path, cli: Leukokit, tmp_path: Path, environment: dict[str, str]
) -> None:
    text = recipe.read_text().replace("multi_otsu", "kmeans_watershed").replace("size: 3", "size: 5")
    recipe.write_text(text)
    command = [sys.executable, "-m", "leukokit", "run", str(recipe), "--run-dir", "killed", "--no-cache"]
    command += ["--executor", "dask", "--scheduler", scheduler, "--set", "explain=[]"]
    run = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    with Client(scheduler) as client:
        deadline = time.monotonic() + 60
        while not any(client.processing().values()):
            assert run.poll() is None, run.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.01)
        (address,) = [worker for worker, tasks in client.processing().items() if tasks][:1]
        os.kill(_pid(client, address), signal.SIGKILL)
    _, told = run.communicate(timeout=120)
    assert run.returncode == 0, told
    done = cli(
        "run", recipe, "--no-cache", "--run-dir", "alone", "--executor", "inline", "--set", "explain=[]"
    )
    assert done.returncode == 0, done.stderr
    assert outputs(tmp_path / "alone") == outputs(tmp_path / "killed")


def _pid(client: Client, address: str) -> int:
    """Process of a worker, asked of its nanny, since the worker itself is busy."""
    return int(client.run(_child, nanny=True, workers=[address])[address])


def _child(dask_worker: object) -> int:
    return int(dask_worker.pid)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("mode", "reason"), [("segfault", "worker_died"), ("hang", "timeout")])
def test_an_image_that_takes_workers_along_is_named(
    mode: str,
    reason: str,
    scheduler: str,
    copied: Path,
    recipe: Path,
    cli: Leukokit,
    tmp_path: Path,
    mark: Callable[[Path], None],
) -> None:
    mark(copied / "few" / "07.png")
    recipe.write_text(
        recipe.read_text().replace(
            "preprocess: [", f"preprocess: [{{use: faulty/step, params: {{mode: {mode}}}}}, "
        )
    )
    done = cli(
        "run", recipe, "--run-dir", "run", "--executor", "dask", "--scheduler", scheduler, "--timeout", "3"
    )
    assert done.returncode == 0, done.stderr
    rejected = pd.read_csv(tmp_path / "run" / "rejected.csv")
    assert rejected[["id", "reason"]].values.tolist() == [["few/07.png", reason]]


def test_a_cluster_of_this_machine_needs_no_address(recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    done = cli(
        "run", recipe, "--run-dir", "run", "--executor", "dask", "--workers", "1", "--set", "explain=[]"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "status.json").exists()


def test_a_scheduler_that_is_not_there_is_named(recipe: Path, cli: Leukokit) -> None:
    done = cli("run", recipe, "--executor", "dask", "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "--scheduler tcp://127.0.0.1:9: the dask scheduler cannot be reached" in " ".join(
        done.stderr.split()
    )
    assert "dask worker ADDRESS" in done.stderr


def test_a_scheduler_without_dask_is_a_mistake(recipe: Path, cli: Leukokit) -> None:
    done = cli("run", recipe, "--scheduler", "tcp://127.0.0.1:8786")
    assert done.returncode == 2
    assert "--scheduler is for --executor dask" in done.stderr


def test_a_worker_with_other_versions_is_refused_before_it_works() -> None:
    other = tuple((name, "0.0.1" if name == "numpy" else here) for name, here in dask_executor.versions())
    with pytest.raises(UsageError, match=r"a dask worker has numpy .* instead of 0\.0\.1") as told:
        dask_executor._work(b"never read", [], 1.0, other)
    assert "same versions on all workers" in str(told.value)
