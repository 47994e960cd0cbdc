"""Where data sets are looked for: an explicit root, ``$LEUKOKIT_DATA``, the user's data folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "LEUKOKIT_DATA"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that data sets are looked for in, and why."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path} ({self.reason})"


def places(root: Path | None) -> tuple[Place, ...]:
    """Folders to look in, in order; an explicit root is the only one."""
    if root is not None:
        return (Place(root, "root"),)
    found = []
    if named := os.environ.get(VARIABLE):
        found.append(Place(Path(named), f"${VARIABLE}"))
    return (*found, Place(user_folder(), "user data folder"))


def user_folder() -> Path:
    """Folder that ``leukokit data get`` writes to."""
    import platformdirs

    return platformdirs.user_data_path("leukokit", appauthor=False)


def find(root: Path | None, names: Sequence[str], holds: Callable[[Path], bool]) -> Path | None:
    """First folder ``place/name`` that ``holds`` the data set; None where there is none."""
    candidates = (place.path / name for place in places(root) for name in names)
    return next((folder for folder in candidates if holds(folder)), None)


def not_found(root: Path | None, names: Sequence[str], how: str) -> str:
    """Say where was looked, and how to get the data."""
    looked = "; ".join(
        f"{place.path / names[0]} ({place.reason})" if names[0] != "." else str(place)
        for place in places(root)
    )
    unset = "" if root is not None or os.environ.get(VARIABLE) else f" (${VARIABLE} is not set)"
    return f"not found; looked in {looked}{unset}. {how}"
