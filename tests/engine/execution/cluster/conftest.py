"""A real scheduler and real workers, on the loopback address."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from distributed import Client

from tests.engine.conftest import FAULTY


@pytest.fixture(scope="session")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a scheduler with two workers, all processes of their own."""
    with cluster(tmp_path_factory.mktemp("cluster")) as address:
        yield address


@contextmanager
def cluster(folder: Path, **settings: str) -> Iterator[str]:
    """Start a scheduler with two workers in a folder; their environment gets the settings."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(FAULTY), os.environ.get("PYTHONPATH")])),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        **settings,
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


def kill_a_busy_worker(client: Client, still: Callable[[], bool]) -> None:
    """Wait until some worker has work, and kill it; ``still`` says whether work may still come."""
    deadline = time.monotonic() + 60
    while not (busy := [worker for worker, tasks in client.processing().items() if tasks]):
        assert still(), "the work ended before a worker could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    address = busy[0]
    os.kill(_pid(client, address), signal.SIGKILL)


def _pid(client: Client, address: str) -> int:
    """Process of a worker, asked of its nanny, since the worker itself is busy."""
    return int(client.run(_child, nanny=True, workers=[address])[address])


def _child(dask_worker: object) -> int:
    return int(dask_worker.pid)  # type: ignore[attr-defined]
