"""How much memory a process of a run may use, and how much it uses.

The resident memory is watched from outside. A limit on addresses (``RLIMIT_AS``) would count what is only
reserved, and TensorFlow reserves many times what it uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

SHARE = 0.9
"""Of the machine's memory, for all workers together. Beyond that the system would end a process, not always
the one that takes too much."""

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
        except (OSError, ValueError):  # there is no such file, or it says "max"
            continue
    return total


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """How much memory processes may use.

    Attributes
    ----------
    single : int or None
        Bytes of each process; None where only their sum is limited, so that one may take what others do not.
    total : int
        Bytes of all of them.
    """

    single: int | None
    total: int

    @classmethod
    def of(cls, requested: int | None) -> Self:
        """Give the limit that a user asked for, in bytes a process; a share of the machine's where None."""
        return cls(requested, int(SHARE * machine_memory()))

    def exceeded(self, used: Sequence[int]) -> bool:
        """Whether processes use too much."""
        return sum(used) > self.total or (self.single is not None and max(used, default=0) > self.single)

    def of_one(self, count: int) -> int:
        """Bytes for each of ``count`` processes that do the same work."""
        return min(self.total // count, self.single or self.total)

    def __str__(self) -> str:
        if self.single is not None:
            return f"{gigabytes(self.single)} of memory"
        return f"its part of the {gigabytes(self.total)} of memory that all workers may use"


def used_memory(pid: int, *, family: bool = False) -> int:
    """Resident bytes of a process, 0 where it has ended.

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
    """Write a number of bytes for users."""
    return f"{count / 2**30:.1f} GiB"
