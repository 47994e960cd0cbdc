"""One entry of the cache, of a step, a table or a fit: for listing and pruning."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """All that the cache holds of one step, table or fit.

    Attributes
    ----------
    key : str
        Step or table key.
    kind : str
        ``images`` for rows of an image step, ``tables`` for a folder, ``fits`` for the checkpoints of a fit
        that did not end.
    title : str
        What it holds, shown to users.
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
