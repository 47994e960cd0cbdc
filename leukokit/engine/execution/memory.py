"""How much memory a process of a run may use, and how much it does.

The resident memory is watched from outside. A limit on addresses (``RLIMIT_AS``) would count what is only reserved,
and TensorFlow reserves many times what it uses.
"""

from __future__ import annotations

from pathlib import Path

import psutil

SHARE = 0.9
"""Of the machine's memory, for all workers together. Beyond that the system would end some process, and which one is
not sure to be the one to blame."""

_GROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def machine_memory() -> int:
    """Bytes that this machine has, or that this container may use."""
    total = psutil.virtual_memory().total
    for path in _GROUP_LIMITS:
        try:
            total = min(total, int(path.read_text()))
        except (OSError, ValueError):  # there is none, or it says "max"
            continue
    return total


def memory_limit(count: int, asked: int | None) -> int:
    """Bytes that each of ``count`` processes may use.

    Parameters
    ----------
    asked : int or None
        What the user says; a share of the machine's memory where None.
    """
    return asked if asked is not None else int(SHARE * machine_memory() / count)


def used_memory(pid: int, *, family: bool = False) -> int:
    """Resident bytes of a process, 0 where it has gone.

    Parameters
    ----------
    family : bool
        Count the processes that it has started, too.
    """
    try:
        process = psutil.Process(pid)
        members = [process, *(process.children(recursive=True) if family else ())]
    except psutil.Error:
        return 0
    total = 0
    for member in members:
        try:
            total += member.memory_info().rss
        except psutil.Error:
            continue
    return total


def gigabytes(count: int) -> str:
    """Say a number of bytes."""
    return f"{count / 2**30:.1f} GiB"
