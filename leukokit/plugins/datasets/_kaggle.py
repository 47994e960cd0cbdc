"""Fetch ``all_pbs`` through kagglehub and put it where it is looked for."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from leukokit.api import LeukokitError


def download(handle: str, by_hand: str) -> Path:
    """Download a Kaggle data set into kagglehub's cache, or find it there.

    Parameters
    ----------
    handle : str
        ``owner/name``.
    by_hand : str
        What to do instead, for the messages.

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
    except Exception as error:  # network, permission, or a change on their side: all end the same way here
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
        The download, in whatever layout.
    target : Path
        Folder that holds data sets.
    names : mapping of str to str
        Variant -> name of its folder below ``target``.
    variant_of : callable
        Says which variant a folder holds, by its content; None where it holds none.

    Returns
    -------
    list of Path
        The folders below ``target``, those that were there before included.

    Raises
    ------
    LeukokitError
        Where the download holds none of the variants, or nothing can be written.
    """
    found: dict[str, Path] = {}
    for parent, folders, _ in os.walk(source):
        folders.sort()
        variant = variant_of(Path(parent))
        if variant is not None:
            found.setdefault(variant, Path(parent))
            folders.clear()
    if not found:
        raise LeukokitError("the download does not hold the images that were expected", where=str(source))
    installed = []
    for variant, folder in sorted(found.items()):
        place = target / names[variant]
        if not place.exists():
            _copy(folder, place)
        installed.append(place)
    return installed


def _copy(folder: Path, place: Path) -> None:
    """Copy under another name first: a folder of this name is always whole."""
    partial = place.with_name(f".{place.name}-{uuid.uuid4().hex[:8]}")
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder, partial)
        partial.rename(place)
    except OSError as error:
        raise LeukokitError(
            f"cannot be written: {error.strerror or error}",
            where=str(place),
            hint="Name another folder with --to",
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
