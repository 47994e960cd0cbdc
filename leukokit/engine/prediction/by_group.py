"""Answers for patients or slides from the predictions of their images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leukokit.api import FloatArray, Sample
from leukokit.engine.io.files import write_bytes
from leukokit.engine.io.tables import csv_bytes
from leukokit.engine.pipeline.answer import NO_IMAGE, FittedAnswer
from leukokit.engine.pipeline.decisions import Decision
from leukokit.engine.pipeline.grouped_rows import GroupedRows
from leukokit.engine.prediction.given import GivenImages
from leukokit.engine.prediction.rows import (
    DECISION,
    PREDICTED,
    PROBABILITY,
    STATUS,
    Deciding,
    PredictedImages,
)
from leukokit.errors import UsageError
from leukokit.evaluation.intervals import Groups


@dataclass
class GroupAnswers:
    """Collects the predictions of images, and answers for their groups.

    Attributes
    ----------
    answer : FittedAnswer
        How images are combined.
    deciding : Deciding
        Classes, and what decides single images.
    groups : mapping of sample id to str
        Group of each image that has one; the others are left out.
    """

    answer: FittedAnswer
    deciding: Deciding
    groups: Mapping[str, str]
    _names: list[str] = field(default_factory=list)
    _ids: list[str] = field(default_factory=list)
    _proba: list[FloatArray] = field(default_factory=list)
    _represented: list[tuple[FloatArray, ...]] = field(default_factory=list)
    _images: Counter[str] = field(default_factory=Counter)
    _unlike: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(
        cls,
        answer: FittedAnswer | None,
        deciding: Deciding,
        groups: Mapping[str, str],
    ) -> GroupAnswers:
        """Begin, before any image is predicted.

        Parameters
        ----------
        groups : mapping of sample id to str
            As :func:`given_groups` finds them.

        Raises
        ------
        UsageError
            Where the model has no answer by group, or no image has a group.
        """
        if answer is None:
            raise UsageError(
                "the recipe of this model has no 'answer', so nobody tested how its images are combined",
                hint="Add 'answer: {by: group}' to the recipe and run it again",
            )
        if not groups:
            raise UsageError(
                "an answer by group needs the patient of each image, and none is known",
                hint="Give a table with the columns path and group, or a folder with one folder a patient",
            )
        return cls(answer, deciding, groups)

    def add(self, piece: PredictedImages) -> None:
        """Keep what is needed of a piece."""
        ids = [sample.id for sample in piece.samples]
        self._images.update(self.groups[name] for name in ids if name in self.groups)
        used = [name for name, one in zip(ids, piece.used, strict=True) if one]
        rows = [row for row, name in enumerate(used) if name in self.groups]
        decisions = self.deciding.decisions(piece.proba, piece.distances)
        self._proba.append(piece.proba[rows])
        self._names += [self.groups[used[row]] for row in rows]
        self._ids += [used[row] for row in rows]
        if rows:
            self._represented.append(tuple(each[rows] for each in piece.represented))
        self._unlike.update(self.groups[used[row]] for row in rows if decisions[row] == Decision.UNLIKE)

    def table(self) -> pd.DataFrame:
        """Lay out one row a group, by name.

        Columns: ``group``, ``predicted``, ``p_<class>``, ``decision`` (accept or refer), ``positive`` with an
        operating point, ``images`` that were used, ``rejected`` and ``unlike`` ones, ``how``, ``status``.
        """
        answer, classes = self.answer, self.deciding.classes
        names = sorted(self._images)
        place = {name: row for row, name in enumerate(names)}
        used = Counter(self._names)
        there = np.array([used[name] > 0 for name in names], dtype=bool)
        proba = np.full((len(names), len(classes)), np.nan)
        if self._names:
            proba[[place[name] for name in sorted(used)]] = answer.combine(self._rows(), classes)
        known = proba[there]
        columns: dict[str, object] = {
            "group": names,
            PREDICTED: _for_known(there, [classes[number] for number in known.argmax(axis=1)]),
            **{f"{PROBABILITY}{name}": proba[:, number] for number, name in enumerate(classes)},
            DECISION: _for_known(there, _decisions(answer, known)),
        }
        if answer.operating_point is not None:
            columns["positive"] = _for_known(there, answer.operating_point.positive(known, classes).tolist())
        columns |= {
            "images": [used[name] for name in names],
            "rejected": [self._images[name] - used[name] for name in names],
            "unlike": [self._unlike[name] for name in names],
            "how": answer.way,
            STATUS: ["ok" if one else NO_IMAGE for one in there],
        }
        return pd.DataFrame(columns)

    def attention(self) -> pd.DataFrame | None:
        """Lay out the attention of each image; None where the answers are not those of attention.

        Columns: ``group``, ``image``, ``attention``, which sums to 1 over the images of a group; the largest
        of a group first.
        """
        if not self.answer.attends:
            return None
        looked = self._rows().attended if self._names else None
        weights = np.empty(0) if looked is None else looked.weights
        table = pd.DataFrame({"group": self._names, "image": self._ids, "attention": weights})
        return table.sort_values(
            ["group", "attention"], ascending=[True, False], kind="stable", ignore_index=True
        )

    def _rows(self) -> GroupedRows:
        names = np.array(self._names, dtype=np.str_)
        looked = None
        if self.answer.attends:
            represented = [np.concatenate(pieces) for pieces in zip(*self._represented, strict=True)]
            looked = self.answer.attend(represented, Groups.of(names, len(names)))
        return GroupedRows(names, np.concatenate(self._proba), looked)

    def write(self, path: Path) -> list[Path]:
        """Write the tables as CSV; returns the files, that of the answers first."""
        path.parent.mkdir(parents=True, exist_ok=True)
        tables = {path: self.table(), attention_file(path): self.attention()}
        written = []
        for file, table in tables.items():
            if table is not None:
                write_bytes(file, csv_bytes(table))
                written.append(file)
        return written


def attention_file(path: Path) -> Path:
    """Where the attention of images is written, beside the answers: ``patients-attention.csv``."""
    return path.with_name(f"{path.stem}-attention{path.suffix}")


def refuse_existing(answer: FittedAnswer | None, path: Path, *, overwrite: bool) -> None:
    """Raise UsageError where a file is there already, or its name says another format than CSV."""
    if path.suffix.lower() != ".csv":
        raise UsageError(
            "answers by group are a CSV file", where=str(path), hint="Name a file that ends in .csv"
        )
    attends = answer is not None and answer.attends
    for file in (path, attention_file(path)) if attends else (path,):
        if file.exists() and not overwrite:
            raise UsageError(
                "is there already", where=str(file), hint="Name another file, or give --overwrite"
            )


def given_groups(images: GivenImages, *, classes_in_folders: bool) -> dict[str, str]:
    """Group of each image: of its row in a table, else the folder in which it lies.

    A folder is named as seen from the folder that was given; of several given folders, with its name in
    front. Where the first folders are classes, patients are the folders in them. Images that lie in the given
    folder itself are of one patient, named after it, where it holds no other folders with images.
    """
    groups: dict[str, str] = {}
    several = len(images.roots) > 1
    loose: dict[Path, list[str]] = {}
    nested: set[Path] = set()
    for sample in images:
        if sample.group is not None:
            groups[sample.id] = sample.group
            continue
        root = _root(sample, images.roots)
        if root is None or sample.path is None:
            continue
        folders = sample.path.relative_to(root).parts[:-1]
        inside = folders[1:] if classes_in_folders else folders
        if folders:
            nested.add(root)
        if inside:
            name = "/".join(inside)
            groups[sample.id] = f"{root}/{name}" if several else name
        elif not folders:
            loose.setdefault(root, []).append(sample.id)
    for root, names in loose.items():
        if root not in nested:
            groups |= dict.fromkeys(names, str(root))
    return groups


def _root(sample: Sample, roots: Sequence[Path]) -> Path | None:
    if sample.path is None:
        return None
    return next((root for root in roots if sample.path.is_relative_to(root)), None)


def _decisions(answer: FittedAnswer, proba: FloatArray) -> list[str]:
    if answer.refer is None:
        return [Decision.ACCEPT.value] * len(proba)
    left = answer.refer.refers(proba)
    return [(Decision.REFER if one else Decision.ACCEPT).value for one in left]


def _for_known(there: NDArray[np.bool_], values: Sequence[object]) -> NDArray[Any]:
    column = np.full(len(there), None, dtype=object)
    column[there] = values
    return column
