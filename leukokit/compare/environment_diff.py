"""Differences between two runs besides the recipe: software versions, images, and training parts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from leukokit.compare.prediction_rows import RunPredictions
from leukokit.compare.recipe_diff import ABSENT, ValueDifference
from leukokit.record.comparison import DataChange
from leukokit.record.provenance import Provenance

_PROVENANCE_KEYS = ("leukokit", "plugin_api", "python", "platform", "machine", "recipe_commit")


@dataclass(frozen=True)
class DataDifference:
    """Differences between the data sets of two runs.

    Attributes
    ----------
    images : tuple of int
        Number of images in the data set of each run.
    only_first, only_second, changed : int
        Number of images in one data set only, and of images with the same id and different bytes.
    trained : tuple of int
        Number of images that each run trained on, in any fold.
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


def version_diff(first: RunPredictions, second: RunPredictions) -> list[ValueDifference]:
    """Compare software: leukokit, Python, platform, commit, then every package."""
    ours, theirs = first.run.provenance, second.run.provenance
    differences = [
        ValueDifference(name, _given(ours, name), _given(theirs, name))
        for name in _PROVENANCE_KEYS
        if getattr(ours, name) != getattr(theirs, name)
    ]
    packages = ours.packages, theirs.packages
    differences += [
        ValueDifference(f"packages.{name}", *(versions.get(name, ABSENT) for versions in packages))
        for name in sorted({*packages[0], *packages[1]})
        if packages[0].get(name) != packages[1].get(name)
    ]
    return differences


def _given(made: Provenance, name: str) -> Any:
    """Give a field; ABSENT where the file does not have it."""
    return getattr(made, name) if name in made.model_fields_set else ABSENT


def data_diff(first: RunPredictions, second: RunPredictions) -> DataDifference:
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


def _trained(rows: RunPredictions) -> set[tuple[str, ...]]:
    split = rows.run.split
    if split is None:
        return set()
    part = split[split["part"] == "train"]
    columns = ["id", "fold"] if "fold" in part.columns else ["id"]
    return set(zip(*(part[name] for name in columns), strict=True))
