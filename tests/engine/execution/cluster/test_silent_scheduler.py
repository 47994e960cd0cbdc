"""A scheduler that is connected and hangs is told, instead of waited for without end."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import closing

import pytest
from distributed import Client

from leukokit.engine.execution.cluster import batches, connection
from leukokit.engine.execution.cluster.batches import DaskBatches
from leukokit.engine.execution.cluster.executor import DaskExecutor
from leukokit.errors import RunFailed


def rest(batch: list[int], seconds: float) -> list[int]:
    """Take a while."""
    time.sleep(seconds)
    return batch


def work(executor: DaskExecutor, seconds: float) -> list[int]:
    """Send four inputs through the cluster."""
    done: list[int] = []
    client = executor.connection.client()
    DaskBatches(client, rest, (seconds,), lambda _, result: done.extend(result), lambda *_: False).run(
        range(4), 1
    )
    return done


@pytest.mark.parametrize("close", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_scheduler_that_hangs_is_told(close: bool, scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While work is waited for, and before any is sent; one that only takes its time is waited for."""
    monkeypatch.setattr(batches, "_QUIET_SECONDS", 0.5)
    with Client(scheduler) as client:
        process = client.run_on_scheduler(os.getpid)
    with closing(DaskExecutor(scheduler)) as executor:
        assert sorted(work(executor, 1)) == [0, 1, 2, 3]
        monkeypatch.setattr(connection, "_ANSWER_SECONDS", 1)
        stopper = threading.Timer(0.5, os.kill, (process, signal.SIGSTOP))
        stopper.start()
        try:
            with pytest.raises(RunFailed, match="the dask scheduler has not answered for 1 s") as told:
                work(executor, 5)
            assert scheduler in str(told.value)
            assert "finished images are taken from the cache" in str(told.value.hint)
            with pytest.raises(RunFailed, match="has not answered"):
                work(executor, 0)
            if close:  # it waits for the scheduler for a while, and raises nothing
                executor.close()
        finally:
            os.kill(process, signal.SIGCONT)
