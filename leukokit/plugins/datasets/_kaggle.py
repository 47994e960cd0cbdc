"""Download of ``all_pbs`` through kagglehub into the folder of data sets."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from leukokit.api import LeukokitError


def download(handle: str, by_hand: str) -> Path:
    """Download a Kaggle data set into kagglehub's cache, unless it is there already.

    Parameters
    ----------
    handle : str
        ``owner/name``.
    by_hand : str
        Instructions for a manual download, for messages.

    Raises
    ------
    LeukokitError
        Where kagglehub is not installed, or the download fails.
    """
    try:
        import kagglehub
    except ImportError:
        raise LeukokitError(
            "fetching needs kagglehub, which is not installed",
            hint=f"pip install 'leukokit[data]', or {by_hand}",
        ) from None
    try:
        return Path(kagglehub.dataset_download(handle))
    except Exception as error:  # network, permission, or a change of the service
        raise LeukokitError(
            f"kaggle.com/datasets/{handle} cannot be fetched: {type(error).__name__}: {error}",
            hint=f"Check the network, or {by_hand}",
        ) from error


def install(
    source: Path, target: Path, names: Mapping[str, str], variant_of: Callable[[Path], str | None]
) -> list[Path]:
    """Copy the folder of each variant out of a download.

    Parameters
    ----------
    source : Path
        The download, in any layout.
    target : Path
        Folder that holds data sets.
    names : mapping of str to str
        Variant -> name of its folder below ``target``.
    variant_of : callable
        Returns the variant that a folder contains, by its content; None where it contains none.

    Returns
    -------
    list of Path
        The folders below ``target``, including those that already existed.

    Raises
    ------
    LeukokitError
        Where the download contains none of the variants, or the target cannot be written.
    """
    folder_by_variant: dict[str, Path] = {}
    for parent, folders, _ in os.walk(source):
        folders.sort()
        variant = variant_of(Path(parent))
        if variant is not None:
            folder_by_variant.setdefault(variant, Path(parent))
            folders.clear()
    if not folder_by_variant:
        raise LeukokitError("the download does not hold the images that were expected", where=str(source))
    installed = []
    for variant, folder in sorted(folder_by_variant.items()):
        destination = target / names[variant]
        if not destination.exists():
            _copy(folder, destination)
        installed.append(destination)
    return installed


def _copy(folder: Path, destination: Path) -> None:
    """Copy under a temporary name and rename, so that an existing folder is always complete."""
    partial = destination.with_name(f".{destination.name}-{uuid.uuid4().hex[:8]}")
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder, partial)
        partial.rename(destination)
    except OSError as error:
        raise LeukokitError(
            f"cannot be written: {error.strerror or error}",
            where=str(destination),
            hint="Name another folder with --to",
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
