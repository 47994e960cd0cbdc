"""The work of a worker process of this machine; imports only what the work needs, since it starts often."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait as wait_for_connection

from leukokit.engine.execution.batches import unpacked_plan
from leukokit.engine.images.plan import ImageOutcome, Item
from leukokit.engine.images.work import process_batch

# One thread a worker here too, and no worker may take the whole memory of an accelerator for itself. Read by
# the libraries when a component loads them; what the user has set stays.
_DEEP_SETTINGS = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}


def start_worker() -> None:
    """Prepare a new process: one thread, interrupts ignored, and an end when its parent ends."""
    import cv2
    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    cv2.setNumThreads(1)  # one thread a worker: as many workers as cores are already asked for
    threadpool_limits(1)
    for name, value in _DEEP_SETTINGS.items():
        os.environ.setdefault(name, value)
    stdout_to_stderr()
    threading.Thread(target=end_with_parent, daemon=True).start()


def work(packed: bytes, batch: list[Item]) -> list[ImageOutcome]:
    """Work on a batch; one outcome an item, in order."""
    return process_batch(unpacked_plan(packed), batch)


def stdout_to_stderr() -> None:
    """Send what components print here to stderr, compiled code's too: stdout belongs to results."""
    os.dup2(2, 1)
    sys.stdout = sys.stderr


def end_with_parent() -> None:
    """Wait until the parent ends, and end this process; for a thread."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_connection([parent.sentinel])
        os._exit(1)
