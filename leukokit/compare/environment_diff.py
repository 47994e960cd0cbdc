"""What else differs between two runs: versions, images, and what was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from leukokit.compare.prediction_rows import RunRows
from leukokit.compare.recipe_diff import ABSENT, Differing

_PLACES = ("leukokit", "plugin_api", "python", "platform", "machine", "recipe_commit")


@dataclass(frozen=True)
class DataDifference:
    """How the images of two runs differ, tested or not.

    Attributes
    ----------
    images : tuple of int
        Images of each run's data set.
    only_first, only_second, changed : int
        Images of one data set alone, and of the same id with other bytes.
    trained : tuple of int
        Images that each run trained on, in any fold.
    same_training : bool
        Whether both trained on the same images in every fold.
    """

    images: tuple[int, int]
    only_first: int
    only_second: int
    changed: int
    trained: tuple[int, int]
    same_training: bool

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.same_training and not (self.only_first or self.only_second or self.changed)

    def json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "images": list(self.images), "trained": list(self.trained)}


def version_diff(first: RunRows, second: RunRows) -> list[Differing]:
    """Compare what the runs were made with: leukokit, Python, platform, commit, then every package."""
    ours, theirs = first.run.provenance, second.run.provenance
    found = [
        Differing(name, ours.get(name, ABSENT), theirs.get(name, ABSENT))
        for name in _PLACES
        if ours.get(name) != theirs.get(name)
    ]
    packages: tuple[Mapping[str, Any], ...] = (ours.get("packages") or {}, theirs.get("packages") or {})
    found += [
        Differing(f"packages.{name}", *(each.get(name, ABSENT) for each in packages))
        for name in sorted({*packages[0], *packages[1]})
        if packages[0].get(name) != packages[1].get(name)
    ]
    return found


def data_diff(first: RunRows, second: RunRows) -> DataDifference:
    """Compare data sets and training parts."""
    ours, theirs = first.digests, second.digests
    trained = _trained(first), _trained(second)
    return DataDifference(
        images=(len(ours), len(theirs)),
        only_first=len(set(ours) - set(theirs)),
        only_second=len(set(theirs) - set(ours)),
        changed=sum(theirs.get(name, key) != key for name, key in ours.items()),
        trained=(len({row[0] for row in trained[0]}), len({row[0] for row in trained[1]})),
        same_training=trained[0] == trained[1],
    )


def _trained(rows: RunRows) -> set[tuple[str, ...]]:
    split = rows.run.split
    if split is None:
        return set()
    part = split[split["part"] == "train"]
    columns = ["id", "fold"] if "fold" in part.columns else ["id"]
    return set(zip(*(part[name] for name in columns), strict=True))
