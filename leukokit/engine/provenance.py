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
from leukokit.api import API_VERSION, GroupKind
from leukokit.engine.data import OpenData
from leukokit.errors import PluginError
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


def groups_are(recipe: Recipe, data: OpenData) -> GroupKind | None:
    """Say what images of one group share: as the recipe says, else as the data set does.

    Raises
    ------
    PluginError
        Where the data set names no kind of group that there is.
    """
    asked = recipe.model.data
    if not data.stood_in:
        if asked.groups_are is not None:
            return asked.groups_are
        if asked.groups is not None:  # groups of the file, of which the data set knows nothing
            return None
    said = data.dataset.groups_are
    if said is None and data.fields and all(field.sample.group is None for field in data.fields.values()):
        return GroupKind.VIEW  # the cells of one image
    try:
        return None if said is None else GroupKind(said)
    except ValueError:
        kinds = ", ".join(GroupKind)
        raise PluginError(
            f"data set {data.name} has groups_are = {said!r}; expected None or one of {kinds}",
            hint="Correct the attribute in the class of the data set",
        ) from None


def data_manifest(
    files: Mapping[str, str], kind: GroupKind | None = None, notes: Sequence[str] = ()
) -> DataManifest:
    """Digest of every image (sha256 of its bytes, or of what it is rendered from) and of the whole set.

    Parameters
    ----------
    files : mapping of sample id to digest
    kind : GroupKind or None
        What images of one group share.
    notes : sequence of str
        What the data set said of its images.
    """
    whole = hashlib.sha256("".join(f"{name}\0{files[name]}\n" for name in sorted(files)).encode()).hexdigest()
    said = None if kind is None else kind.value
    return DataManifest(
        images=len(files), sha256=whole, files=dict(files), groups_are=said, notes=tuple(notes) or None
    )


def provenance(recipe: Recipe, data: OpenData, workers: RunWorkers) -> Provenance:
    """Collect everything that is needed to repeat the run with the same results."""
    return provenance_of(
        {item.sample.id: item.key for item in data.items},
        workers,
        seed=recipe.seed,
        commit=git_commit(recipe.path.parent) if recipe.path else None,
        synthetic=data.stamp is not None,
        kind=groups_are(recipe, data),
        notes=data.notes,
    )


def provenance_of(
    files: Mapping[str, str],
    workers: RunWorkers,
    *,
    seed: int,
    commit: str | None,
    synthetic: bool,
    kind: GroupKind | None = None,
    notes: Sequence[str] = (),
) -> Provenance:
    """Collect where a result comes from.

    Parameters
    ----------
    files : mapping of sample id to digest
    seed : int
        Of all that is random.
    commit : str or None
        Of the repository of the recipe.
    synthetic : bool
        Whether the images are rendered.
    kind : GroupKind or None
        What images of one group share.
    notes : sequence of str
        What the data set said of its images.
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
        data=data_manifest(files, kind, notes),
        notice=NOTICE,
    )
