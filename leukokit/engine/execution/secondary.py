"""Where several processes train one network, each does the whole run; only the primary one keeps it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from leukokit.deep.distributed.secondary import secondary_of
from leukokit.process.scratch import lock_folder
from leukokit.recipe import Recipe


def secondary_process(recipe: Recipe) -> str:
    """Say which secondary process of a training this is; empty where the run of this process is kept.

    Raises
    ------
    UsageError
        Where the recipe trains in several processes, and what names them cannot be used.
    """
    if recipe.classify is None:
        return ""
    cluster = secondary_of(recipe.classify.component.params)
    return str(cluster) if cluster is not None else ""


def discarded_folder() -> Path:
    """Make a folder for runs that are not kept; it is removed when this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="leukokit-secondary-"))
    lock_folder(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
