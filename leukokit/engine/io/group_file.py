"""Groups given in a CSV file, in place of those that the data set knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from leukokit.api import DataError, Sample
from leukokit.engine.io.sample_file import read_sample_file
from leukokit.engine.observer import Observer


def regrouped(
    samples: Sequence[Sample], path: Path, *, stood_in: bool, observer: Observer
) -> Sequence[Sample]:
    """Give each sample the group that the file names; one that it does not name stands alone.

    Parameters
    ----------
    stood_in : bool
        True where other images stand in for those that the file speaks of: it is then left aside.

    Raises
    ------
    DataError
        Where the file cannot be read, or names none of the samples.
    """
    if stood_in:
        observer.warn(f"the groups in {path} belong to the real data; those of the synthetic smears are used")
        return samples
    groups = read_group_file(path)
    known = {sample.id for sample in samples}
    strangers = [name for name in groups if name not in known]
    if len(strangers) == len(groups):
        raise DataError(
            f"none of its {len(groups)} ids is an image of the data set; those look like {samples[0].id!r}",
            where=str(path),
            hint="Write one with 'leukokit audit RECIPE --groups FILE'",
        )
    if strangers:
        observer.warn(
            f"{len(strangers)} ids of {path} are no images of the data set, such as {strangers[0]!r}"
        )
    return [replace(sample, group=groups.get(sample.id)) for sample in samples]


def read_group_file(path: Path) -> dict[str, str]:
    """Read a CSV with the columns ``id`` and ``group``.

    Raises
    ------
    DataError
        Where it cannot be read, lacks a column, or has bad rows: all are named with their line.
    """
    groups = read_sample_file(path, "group", "group", _group)
    if not groups:
        raise DataError("the group file has no rows", where=str(path))
    return groups


def _group(text: str) -> str:
    if not text:
        raise ValueError("group is empty")
    return text
