"""Images listed in a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from leukokit.api import DataError, Dataset, Field, Labels, Params, Part, Sample
from leukokit.plugins.datasets._files import refuse_two_labels
from leukokit.plugins.datasets._masks import MaskRole, labels_from_mask, read_mask

_PARTS = {
    "train": Part.TRAIN,
    "training": Part.TRAIN,
    "validation": Part.VALIDATION,
    "valid": Part.VALIDATION,
    "val": Part.VALIDATION,
    "test": Part.TEST,
}
_SPLIT = "table"
_MOST_PROBLEMS = 20

Column = Literal["path", "label", "group", "split", "mask"]


class TableParams(Params):
    """Parameters of :class:`Table`."""

    file: Path = Field(description="CSV file with a header; paths in it start from its folder.")
    columns: dict[Column, str] = Field(
        {},
        description="Names of the columns where they differ from path, label, group, split and mask; "
        "only path must be there.",
    )
    mask_values: dict[MaskRole, int] = Field(
        {"cytoplasm": 1, "nucleus": 2}, description="Values in mask files; anything else is background."
    )


@dataclass(frozen=True, slots=True)
class _Row:
    sample: Sample
    part: Part | None


class Table(Dataset):
    """Images listed in a CSV: path, and where there are any, label, group, split and mask."""

    Params = TableParams
    params: TableParams

    def missing(self) -> str | None:
        """Say why the file cannot be used."""
        if not self.params.file.is_file():
            return f"the file {self.params.file} does not exist; expected a CSV with a column 'path'"
        return None

    def samples(self) -> Sequence[Sample]:
        """All rows, in order.

        Raises
        ------
        DataError
            With every bad row by its line number, or where one picture has two labels.
        """
        samples = [row.sample for row in self._rows]
        refuse_two_labels(samples)
        return samples

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        """``table``, where the file has a split column; rows with an empty one belong to no part."""
        parts = {row.sample.id: row.part for row in self._rows if row.part is not None}
        return {_SPLIT: parts} if parts else {}

    def default_split(self) -> str | None:
        """``table``, where the file has a split column."""
        return _SPLIT if self.splits() else None

    def truth(self, sample: Sample) -> Labels | None:
        """Cells of the mask file; touching cells are one."""
        if sample.mask_path is None:
            return None
        return labels_from_mask(read_mask(sample.mask_path), self.params.mask_values)

    def _name(self, column: Column) -> str:
        return self.params.columns.get(column, column)

    @cached_property
    def _rows(self) -> list[_Row]:
        path = self.params.file
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"cannot be read: {error}", where=str(path), hint="Save it as UTF-8") from error
        reader = csv.DictReader(text.splitlines())
        header = reader.fieldnames or []
        absent = [self._name(c) for c in self.params.columns if self._name(c) not in header]
        if self._name("path") not in header:
            absent = [self._name("path"), *(each for each in absent if each != self._name("path"))]
        if absent:
            raise DataError(
                f"lacks the columns {', '.join(map(repr, absent))}; it has {', '.join(map(repr, header))}",
                where=str(path),
                hint="Name them with the parameter 'columns'",
            )
        rows, problems = [], []
        seen: dict[str, int] = {}
        for values in reader:
            row, problem = self._row(values)
            if row is not None and row.sample.id in seen:
                problem = f"{row.sample.id!r} is already in line {seen[row.sample.id]}"
            if problem:
                problems.append(f"line {reader.line_num}: {problem}")
            elif row is not None:
                seen[row.sample.id] = reader.line_num
                rows.append(row)
        if problems:
            more = f"\n  and {len(problems) - _MOST_PROBLEMS} more" if len(problems) > _MOST_PROBLEMS else ""
            listed = "".join(f"\n  {problem}" for problem in problems[:_MOST_PROBLEMS])
            raise DataError(f"{len(problems)} rows cannot be used:{listed}{more}", where=str(path))
        return rows

    def _row(self, values: Mapping[str, str | None]) -> tuple[_Row | None, str]:
        def value(column: Column) -> str | None:
            return (values.get(self._name(column)) or "").strip() or None

        written = value("path")
        if written is None:
            return None, f"the column {self._name('path')!r} is empty"
        folder = self.params.file.parent
        if not (folder / written).is_file():
            return None, f"there is no file {written!r}"
        mask = value("mask")
        if mask is not None and not (folder / mask).is_file():
            return None, f"there is no mask {mask!r}"
        split = value("split")
        if split is not None and split.lower() not in _PARTS:
            return None, f"unknown part {split!r}; expected train, validation or test"
        sample = Sample(
            id=Path(written).as_posix(),
            path=folder / written,
            label=value("label"),
            group=value("group"),
            mask_path=folder / mask if mask else None,
        )
        return _Row(sample, _PARTS[split.lower()] if split else None), ""
