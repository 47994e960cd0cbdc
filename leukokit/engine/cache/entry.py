"""What the cache holds of one step, table or fit: for listing and pruning."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One step's or table's share of the cache.

    Attributes
    ----------
    key : str
        Step or table key.
    kind : str
        ``images`` for rows of an image step, ``tables`` for a folder, ``fits`` for the checkpoints of a fit
        that did not end.
    title : str
        What it holds, for people.
    items : int
        Rows or files.
    bytes : int
        Size on disk.
    used : float
        Seconds since the epoch when it was last used; only for deciding what to prune.
    path : Path
    """

    key: str
    kind: str
    title: str
    items: int
    bytes: int
    used: float
    path: Path
