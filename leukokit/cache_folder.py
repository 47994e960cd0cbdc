"""The default folder for results and for what is known of plugins."""

from __future__ import annotations

import os
from pathlib import Path

AUTO_CACHE = "auto"
"""Stands for the folder of :func:`default_cache`."""


def default_cache() -> Path:
    """Cache folder where none is named: ``$LEUKOKIT_CACHE``, or the user's cache folder."""
    named = os.environ.get("LEUKOKIT_CACHE")
    if named:
        return Path(named)
    import platformdirs  # not needed where the folder is named, and start-up must be fast

    return platformdirs.user_cache_path("leukokit")
