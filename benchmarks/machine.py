"""What was measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path


def cores() -> str:
    """Tell the number of cores and the name of the processor."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    return f"{os.cpu_count()} cores of {model}"


def versions(distributions: Sequence[str]) -> str:
    """Names and versions of installed distributions."""
    return ", ".join(f"{name} {version(name)}" for name in distributions)
