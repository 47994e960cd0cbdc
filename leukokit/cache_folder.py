"""The default folder for results and for what is known of plugins."""

from __future__ import annotations

import os
from pathlib import Path

AUTO_CACHE = "auto"
"""Stands for the folder of :func:`default_cache`."""


CACHE_VARIABLE = "LEUKOKIT_CACHE"


def default_cache() -> Path:
    """Cache folder where none is named: ``$LEUKOKIT_CACHE``, or the user's cache folder."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    import platformdirs  # not needed where the folder is named, and start-up must be fast

    return platformdirs.user_cache_path("leukokit")


def write_problem(folder: Path) -> str:
    """Say why nothing can be written into a folder, as the system puts it; empty where something can.

    The folder is made where it is missing.
    """
    import tempfile  # costs a tenth of what `leukokit list` takes, and is seldom needed

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def not_writable(folder: Path, problem: str) -> str:
    """Write the one sentence about a cache folder that cannot be written to."""
    return (
        f"the cache folder {folder} cannot be written to ({problem}), so nothing is kept for the next "
        f"command; set {CACHE_VARIABLE} to a folder that can be written to"
    )
