"""Keep stdout for results, and end the process in time.

Both concern the whole process, so only the program ``leukokit`` calls them.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time

PATIENCE = 2.0
"""Seconds that threads of plugins have to end by themselves, once the command is done."""


def keep_stdout_for_results() -> None:
    """Reserve the standard output for ``sys.stdout``; everything else that is written to it goes to stderr.

    Compiled code of a plugin, and processes that it starts, write to the file descriptor. The results of a
    command, such as those of ``--json``, must stay readable.
    """
    if sys.stdout is None or sys.stderr is None:
        return
    before = sys.stdout
    try:
        before.flush()
        if before.fileno() != 1:  # other code has replaced it already
            return
        own = os.dup(1)
        os.dup2(2, 1)
    except (OSError, ValueError):  # one of the two is closed
        return
    sys.stdout = os.fdopen(
        own, "w", encoding=before.encoding, errors=before.errors, buffering=1 if before.isatty() else -1
    )


def end_despite_threads(code: object) -> None:
    """End the process, and its children, at once where a thread that a plugin left would keep it alive.

    Parameters
    ----------
    code : object
        The ``code`` of ``SystemExit``.
    """
    until = time.monotonic() + PATIENCE
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, until - time.monotonic()))
    left = [thread for thread in threading.enumerate() if not thread.daemon]
    if all(thread is threading.current_thread() for thread in left):
        return
    if isinstance(code, str):
        print(code, file=sys.stderr)
    _end_children()
    atexit._run_exitfuncs()  # what Python would do after the threads: temporary folders, caches of libraries
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # a closed pipe: no message can be shown
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _end_children() -> None:
    """End processes that wait for work: the exit handler of multiprocessing would wait for them.

    Those of joblib wait for 300 s, and joblib ends them only after the threads.
    """
    import multiprocessing

    import psutil

    for child in multiprocessing.active_children():
        with contextlib.suppress(psutil.Error):  # not all kinds of child have a method for this
            psutil.Process(child.pid).kill()
