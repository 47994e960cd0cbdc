"""The folder that a data set is searched in: an explicit root, ``$LEUKOKIT_DATA``, or the user's folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from leukokit.errors import DataError

VARIABLE = "LEUKOKIT_DATA"
_SHOWN = 8
"""Folders that a message lists."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The folder that a data set is searched in, and the reason."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path} ({self.reason})"


def data_folder(root: Path | None) -> DataFolder:
    """Folder to search: the root where one is given, else that of ``LEUKOKIT_DATA``, else the user's."""
    if root is not None:
        return DataFolder(root, "root")
    if from_environment := os.environ.get(VARIABLE):
        return DataFolder(Path(from_environment), f"${VARIABLE}")
    return DataFolder(user_folder(), "user data folder")


def user_folder() -> Path:
    """Folder that ``leukokit data get`` writes to where ``LEUKOKIT_DATA`` is not set."""
    import platformdirs

    return platformdirs.user_data_path("leukokit", appauthor=False)


def find(root: Path | None, names: Sequence[str], is_data_set: Callable[[Path], bool]) -> Path | None:
    """First folder of one of the names for which ``is_data_set`` is true; None where there is none."""
    place = data_folder(root).path
    return next((folder for name in names if is_data_set(folder := place / name)), None)


def absent(root: Path | None, names: Sequence[str], advice: str, is_data_set: Callable[[Path], bool]) -> str:
    """Message of a data set that nobody has said the place of: where it was searched for and how to get it.

    Parameters
    ----------
    names : sequence of str
        Of the folder of the data set, the usual one first.
    advice : str
        How to get it.
    is_data_set : callable
        Whether a folder is that of the data set itself.

    Raises
    ------
    DataError
        Where a root, or ``LEUKOKIT_DATA``, says where it is: what is wrong with that folder.
    """
    place = data_folder(root)
    if root is None and not os.environ.get(VARIABLE):
        return f"not found; looked for {place.path / names[0]} (${VARIABLE} is not set). {advice}"
    said = "root" if root is not None else VARIABLE
    what = f"not found; looked for {place.path / names[0]}"
    raise DataError(f"{what}; {_mistake(place.path, names[0], said, is_data_set)}. {advice}")


def _mistake(folder: Path, name: str, said: str, is_data_set: Callable[[Path], bool]) -> str:
    """Say what is wrong with a folder that the user named."""
    if not folder.exists():
        return f"{said} is {folder}, which does not exist: correct it"
    if not folder.is_dir():
        return f"{said} is {folder}, which is a file: name the folder that holds {name}"
    if is_data_set(folder):
        above = f"the folder above it, {folder.parent}" if folder.name == name else f"one that holds {name}"
        return f"{said} is {folder}, which is the folder of the images itself: name {above}"
    return f"{said} is {folder}, which holds no folder {name} with the images; {_held(folder)}"


def _held(folder: Path) -> str:
    try:
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    except OSError as error:
        return f"it cannot be listed ({error.strerror or error})"
    if not names:
        return "it holds no folders"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"its folders are {', '.join(names[:_SHOWN])}{more}"
