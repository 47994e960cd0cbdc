"""A CSV file that names images, classes, groups, parts, masks and pixel sizes."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, TypedDict, get_args

from pydantic import field_validator

from leukokit.api import (
    NUCLEUS,
    PIXEL_SIZE_UM,
    DataError,
    Dataset,
    Field,
    Labels,
    Location,
    Params,
    Part,
    Sample,
    is_url,
    read_input,
    read_url,
    shown_url,
    url_inside,
    url_parent,
)
from leukokit.plugins.datasets._masks import MaskRole, read_truth

_PARTS = {"train": Part.TRAIN, "training": Part.TRAIN, "test": Part.TEST}
_PARTS |= dict.fromkeys(("validation", "valid", "val"), Part.VALIDATION)
_LISTED = 20
_SHOWN = 80  # characters of a name that cannot be one
SPLIT = "table"
"""Name of the split that the split column makes."""


Column = Literal["path", "label", "group", "split", "mask", "pixel_size_um"]
_COLUMNS: tuple[Column, ...] = get_args(Column)


class TableParams(Params):
    """Parameters of :class:`TableDataset`."""

    file: Location = Field(description="CSV file, or its URL; UTF-8, with a header line.")
    root: Location | None = Field(
        None,
        description="Folder, or its URL, that paths in the table are relative to; by default the table's "
        "own.",
    )
    columns: dict[Column, str] = Field(
        {},
        description="Names of the columns where they differ from path, label, group, split, mask and "
        "pixel_size_um (width of a pixel, in um). Only path is required; cells of the others may be empty.",
    )
    delimiter: str = Field(",", min_length=1, max_length=1, description="Character between the cells.")
    mask_values: dict[MaskRole, Annotated[int, Field(ge=1, le=2**32 - 1)]] = Field(
        {"cytoplasm": 1, "nucleus": 2},
        description="Values of nucleus and, where marked, cytoplasm in mask files; others are background.",
    )

    @field_validator("mask_values")
    @classmethod
    def _tell_apart(cls, value: dict[MaskRole, int]) -> dict[MaskRole, int]:
        if NUCLEUS not in value:
            raise ValueError("name the value of the nucleus, such as {nucleus: 255}")
        if len(set(value.values())) < len(value):
            raise ValueError(f"nucleus and cytoplasm need different values, both are {value[NUCLEUS]}")
        return value

    def folder(self) -> Path | str:
        """Folder that paths in the table start from, or its URL."""
        if self.root is not None:
            return self.root
        return self.file.parent if isinstance(self.file, Path) else url_parent(self.file)

    def column(self, role: Column) -> str:
        """Name of a column in the file."""
        return self.columns.get(role, role)


class _SampleFiles(TypedDict, total=False):
    path: Path
    mask_path: Path | None
    url: str
    mask_url: str | None


class TableDataset(Dataset):
    """Images listed in a CSV file, for data sets with their own folder structure."""

    Params = TableParams
    params: TableParams

    def missing(self) -> str | None:
        """Message that the CSV file does not exist; None where it does."""
        path = self.params.file
        if isinstance(path, str):
            return self._missing_url()
        if path.is_file():
            return None
        state = "not a file" if path.exists() else "not there"
        return f"{path} is {state}; expected a CSV with a column {self.params.column('path')!r}"

    def _missing_url(self) -> str | None:
        try:
            self._content  # noqa: B018 - reads the file
        except DataError as error:
            return f"{error}; expected a CSV with a column {self.params.column('path')!r}"
        return None

    def samples(self) -> Sequence[Sample]:
        """Images in the order of the table; the id is the path as the table has it.

        Raises
        ------
        DataError
            With all invalid rows and their line numbers.
        """
        return self._read[0]

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        """Split ``table``, where the table has a split column."""
        parts = self._read[1]
        return {SPLIT: parts} if parts else {}

    def default_split(self) -> str | None:
        """``table``, where the table has a split column."""
        return SPLIT if self._read[1] else None

    def truth(self, sample: Sample) -> Labels | None:
        """Read the mask of a sample; None where the table has none."""
        mask = sample.mask_path or sample.mask_url
        return None if mask is None else read_truth(mask, self.params.mask_values)

    @cached_property
    def _content(self) -> bytes:
        file = self.params.file
        try:
            return read_url(file) if isinstance(file, str) else read_input(file)
        except OSError as error:
            raise DataError(
                f"cannot be read: {error.strerror or error}", where=shown_url(str(file))
            ) from error

    @cached_property
    def _read(self) -> tuple[Sequence[Sample], Mapping[str, Part]]:
        where = shown_url(str(self.params.file))
        try:
            text = self._content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataError(
                f"is not UTF-8 text (byte {error.start})", where=where, hint="Save it as UTF-8"
            ) from error
        # strict: otherwise an unclosed quote would silently include all following rows.
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.params.delimiter, strict=True)
        rows = _RowReader(self.params)
        line = 1
        try:
            rows.header(next(reader, []))
            line = reader.line_num + 1
            for cells in reader:
                rows.row(line, cells)
                line = reader.line_num + 1
        except csv.Error as error:
            raise DataError(f"line {line}: {error}", where=where, hint="Check quotes and commas") from error
        rows.refuse_problems()
        if not rows.samples:
            raise DataError("has no rows", where=where)
        return tuple(rows.samples), rows.parts


class _RowReader:
    """Reader of the rows of one table; collects problems, so that all are reported at once."""

    def __init__(self, params: TableParams) -> None:
        self._where = shown_url(str(params.file))
        self._folder = params.folder()
        self._required = ("path", *params.columns)
        self._columns = {role: params.column(role) for role in _COLUMNS}
        self._names: list[str] = []
        self._problems: list[str] = []
        self._line_by_id: dict[str, int] = {}
        self.samples: list[Sample] = []
        self.parts: dict[str, Part] = {}

    def header(self, cells: list[str]) -> None:
        self._names = [cell.strip() for cell in cells]
        missing = [
            name for role, name in self._columns.items() if role in self._required and name not in self._names
        ]
        repeated = sorted({name for name in self._names if name and self._names.count(name) > 1})
        present = ", ".join(self._names) or "none"
        if missing:
            raise DataError(
                f"has no column {', '.join(map(repr, missing))}; it has {present}",
                where=self._where,
                hint="Name the columns under columns:, or the character between them as delimiter:",
            )
        if repeated:
            raise DataError(f"has the column {repeated[0]!r} more than once", where=self._where)

    def row(self, line: int, cells: list[str]) -> None:
        if not any(cell.strip() for cell in cells):
            return  # blank line
        if len(cells) != len(self._names):
            self._problems.append(f"line {line}: {len(cells)} cells, the header has {len(self._names)}")
            return
        row = dict(zip(self._names, cells, strict=True))
        given = {role: row.get(name, "").strip() for role, name in self._columns.items()}
        id_, mask, part = row[self._columns["path"]], given["mask"], given["split"].lower()
        pixel_size, size_problem = self._pixel_size(given["pixel_size_um"])
        problems = [
            self._file_problem(self._columns["path"], id_),
            self._file_problem(self._columns["mask"], mask) if mask else None,
            f"{self._columns['split']} is {part!r}, expected train, validation or test"
            if part and part not in _PARTS
            else None,
            f"{id_} stands in line {self._line_by_id[id_]} already" if id_ in self._line_by_id else None,
            size_problem,
        ]
        self._problems += [f"line {line}: {problem}" for problem in problems if problem]
        self._line_by_id.setdefault(id_, line)
        sample = Sample(
            id=id_,
            label=given["label"] or None,
            group=given["group"] or None,
            pixel_size_um=pixel_size,
            **self._files_of(id_, mask),
        )
        self.samples.append(sample)
        if part in _PARTS:
            self.parts[sample.id] = _PARTS[part]

    def _pixel_size(self, cell: str) -> tuple[float | None, str | None]:
        """Width of a pixel, and the problem of an invalid cell."""
        if not cell:
            return None, None
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        low, high = PIXEL_SIZE_UM
        if low <= value <= high:
            return value, None
        column = self._columns["pixel_size_um"]
        return None, f"{column} is {cell!r}, expected the width of a pixel in um ({low:g} to {high:g})"

    def _files_of(self, name: str, mask: str) -> _SampleFiles:
        if isinstance(self._folder, str):
            return {
                "url": url_inside(self._folder, name),
                "mask_url": url_inside(self._folder, mask) if mask else None,
            }
        return {"path": self._folder / name, "mask_path": self._folder / mask if mask else None}

    def refuse_problems(self) -> None:
        if not self._problems:
            return
        shown = self._problems[:_LISTED]
        if len(self._problems) > _LISTED:
            shown.append(f"and {len(self._problems) - _LISTED} more")
        count = f"{len(self._problems)} bad {'entry' if len(self._problems) == 1 else 'entries'}"
        raise DataError(f"{count}:\n  " + "\n  ".join(shown), where=self._where)

    def _file_problem(self, column: str, name: str) -> str | None:
        if not name:
            return f"{column} is empty"
        if is_url(name):
            return (
                f"{column} {shown_url(name)} is a URL; give what all URLs begin with as root, the rest here"
            )
        if isinstance(self._folder, str):
            # Asking a server for each file takes as long as reading it: missing files are rejected later.
            outside = ".." in name.split("/") or name.startswith("/") or "::" in name
            return f"{column} {name} does not lie below root" if outside else None
        path = self._folder / name
        try:
            if path.is_file():
                return None
            state = "no file" if path.exists() else "not there"
        except (ValueError, OSError):  # a null byte, or longer than the system allows
            shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
            return f"{column} {shown!r} is no file name"
        return f"{column} {name} is {state}"
