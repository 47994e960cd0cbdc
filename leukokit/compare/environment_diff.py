"""What else differs between two runs: versions, images, and what was trained on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from leukokit.compare.prediction_rows import RunRows
from leukokit.compare.recipe_diff import ABSENT, Differing
from leukokit.record.comparison import DataChange
from leukokit.record.provenance import Provenance

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

    def record(self) -> DataChange:
        """Give it as ``compare --json`` prints it."""
        return DataChange(**asdict(self))


def version_diff(first: RunRows, second: RunRows) -> list[Differing]:
    """Compare what the runs were made with: leukokit, Python, platform, commit, then every package."""
    ours, theirs = first.run.provenance, second.run.provenance
    found = [
        Differing(name, _given(ours, name), _given(theirs, name))
        for name in _PLACES
        if getattr(ours, name) != getattr(theirs, name)
    ]
    packages = ours.packages, theirs.packages
    found += [
        Differing(f"packages.{name}", *(each.get(name, ABSENT) for each in packages))
        for name in sorted({*packages[0], *packages[1]})
        if packages[0].get(name) != packages[1].get(name)
    ]
    return found


def _given(made: Provenance, name: str) -> Any:
    """Give a field; ABSENT where the file does not have it."""
    return getattr(made, name) if name in made.model_fields_set else ABSENT


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
