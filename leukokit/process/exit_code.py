"""Exit codes of processes, in words."""

from __future__ import annotations

import signal


def signal_name(code: int) -> str:
    """Name of the signal that ended a process.

    Parameters
    ----------
    code : int
        Exit code as ``subprocess`` and ``multiprocessing`` give it: the negative number of the signal.
    """
    try:
        return signal.Signals(-code).name
    except ValueError:
        return str(-code)
