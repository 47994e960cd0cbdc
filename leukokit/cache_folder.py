"""Where results and what is known of plugins are kept, if nothing else is said."""

from __future__ import annotations

import os
from pathlib import Path

AUTO_CACHE = "auto"
"""In place of a folder: the one of :func:`default_cache`."""


def default_cache() -> Path:
    """Cache folder where none is named: ``$LEUKOKIT_CACHE``, or the user's cache folder."""
    named = os.environ.get("LEUKOKIT_CACHE")
    if named:
        return Path(named)
    import platformdirs  # not needed where the folder is named, and start-up must be fast

    return platformdirs.user_cache_path("leukokit")
