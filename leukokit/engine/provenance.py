"""Where a result comes from: versions, commit, platform, seed and the digest of every image."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path

from leukokit._version import __version__
from leukokit.api import API_VERSION
from leukokit.engine.images.plan import Item
from leukokit.notice import NOTICE
from leukokit.recipe import Recipe
from leukokit.record.base import FORMAT
from leukokit.record.provenance import DataManifest, Provenance, RunWorkers

_GIT_SECONDS = 5


def git_commit(folder: Path) -> str | None:
    """Commit of the repository that holds ``folder``, ``-dirty`` where files differ; None outside one."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--match="]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def data_manifest(files: Mapping[str, str]) -> DataManifest:
    """Digest of every image (sha256 of its bytes, or of what it is rendered from) and of the whole set.

    Parameters
    ----------
    files : mapping of sample id to digest
    """
    whole = hashlib.sha256("".join(f"{name}\0{files[name]}\n" for name in sorted(files)).encode()).hexdigest()
    return DataManifest(images=len(files), sha256=whole, files=dict(files))


def provenance(recipe: Recipe, items: Sequence[Item], workers: RunWorkers, stamp: str | None) -> Provenance:
    """Collect everything that is needed to repeat the run with the same results."""
    commit = git_commit(recipe.path.parent) if recipe.path else None
    files = {item.sample.id: item.key for item in items}
    return provenance_of(files, workers, seed=recipe.seed, commit=commit, synthetic=stamp is not None)


def provenance_of(
    files: Mapping[str, str], workers: RunWorkers, *, seed: int, commit: str | None, synthetic: bool
) -> Provenance:
    """Collect where a result comes from.

    Parameters
    ----------
    files : mapping of sample id to digest
    seed : int
        Of all that is random.
    commit : str or None
        Of the repository of the recipe.
    """
    # ``metadata`` is read once for each distribution, since every access parses it again.
    described = (distribution.metadata for distribution in distributions())
    installed = sorted({(entry["Name"], entry["Version"]) for entry in described if entry["Name"]}, key=str)
    return Provenance(
        format=FORMAT,
        leukokit=__version__,
        plugin_api=API_VERSION,
        python=sys.version.split()[0],
        platform=platform.platform(),
        machine=platform.machine(),
        packages=dict(installed),
        recipe_commit=commit,
        seed=seed,
        workers=workers,
        synthetic=synthetic,
        data=data_manifest(files),
        notice=NOTICE,
    )
