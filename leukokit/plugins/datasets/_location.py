"""Folders that data sets are searched in: an explicit root, ``$LEUKOKIT_DATA``, the user's data folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "LEUKOKIT_DATA"


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A folder that data sets are searched in, and the reason."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path} ({self.reason})"


def data_folders(root: Path | None) -> tuple[DataFolder, ...]:
    """Folders to search, in order; only the root where one is given."""
    if root is not None:
        return (DataFolder(root, "root"),)
    folders = []
    if from_environment := os.environ.get(VARIABLE):
        folders.append(DataFolder(Path(from_environment), f"${VARIABLE}"))
    return (*folders, DataFolder(user_folder(), "user data folder"))


def user_folder() -> Path:
    """Folder that ``leukokit data get`` writes to."""
    import platformdirs

    return platformdirs.user_data_path("leukokit", appauthor=False)


def find(root: Path | None, names: Sequence[str], is_data_set: Callable[[Path], bool]) -> Path | None:
    """First folder of one of the names for which ``is_data_set`` is true; None where there is none."""
    candidates = (data_folder.path / name for data_folder in data_folders(root) for name in names)
    return next((folder for folder in candidates if is_data_set(folder)), None)


def not_found_message(root: Path | None, names: Sequence[str], advice: str) -> str:
    """Message that lists the searched folders and says how to get the data."""
    searched = "; ".join(
        f"{folder.path / names[0]} ({folder.reason})" if names[0] != "." else str(folder)
        for folder in data_folders(root)
    )
    unset = "" if root is not None or os.environ.get(VARIABLE) else f" (${VARIABLE} is not set)"
    return f"not found; looked in {searched}{unset}. {advice}"
