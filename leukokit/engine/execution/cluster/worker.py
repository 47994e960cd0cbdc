"""Prepare a dask worker for work, and limit the time of the work."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from time import sleep

from leukokit.engine.execution.cluster.requirements import Requirements, check

CACHE_VARIABLE = "LEUKOKIT_WORKER_CACHE"
"""Names a worker's own cache folder; without it a worker uses the folder that the run uses."""

TOO_LONG = "leukokit-too-long"
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD in glibc's malloc.h
_KEPT = 256 << 20
_LARGEST_KEPT = 32 << 20  # glibc takes no more
_REPORT_SECONDS = 0.5  # for a worker to report why it ends


def prepare(required: Requirements) -> None:
    """Check that this worker has the versions and the code of the run, and limit it to one thread a task.

    Raises
    ------
    UsageError
        Naming this worker and what differs.
    """
    from distributed import get_worker

    _one_thread()
    _keep_memory()
    check(required, f"the dask worker {get_worker().address}")


@lru_cache(maxsize=1)
def _one_thread() -> None:
    """Use one thread: the cluster already has as many tasks at once as it has threads."""
    import cv2
    from threadpoolctl import threadpool_limits

    cv2.setNumThreads(1)
    threadpool_limits(1)


@lru_cache(maxsize=1)
def _keep_memory() -> None:
    """Let this process keep the memory of one image for the next.

    dask's nanny has glibc return freed memory above 64 KiB to the system. Every image then requests its
    buffers again, page by page: a classical recipe took 1.5 times as long.
    """
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # glibc
        libc.mallopt(_TRIM_THRESHOLD, _KEPT)
        libc.mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)


def own_cache() -> Path | None:
    """Cache folder of this worker alone; None where it shares the run's."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else None


@contextmanager
def time_limit(seconds: float, indices: Sequence[int]) -> Iterator[None]:
    """End this worker process where the work takes too long; its nanny starts another.

    Parameters
    ----------
    indices : sequence of int
        The images at work, reported before the process ends.
    """
    from distributed import get_worker

    worker = get_worker()

    def give_up() -> None:
        worker.log_event(TOO_LONG, list(indices))
        sleep(_REPORT_SECONDS)
        os._exit(70)

    watch = threading.Timer(seconds, give_up)
    watch.daemon = True
    watch.start()
    # Where compiled code hangs and never lets another thread run, this one still ends the process.
    faulthandler.dump_traceback_later(seconds + 5 * _REPORT_SECONDS, exit=True)
    try:
        yield
    finally:
        watch.cancel()
        faulthandler.cancel_dump_traceback_later()
