"""A CSV file that names images, classes, groups, parts, masks and pixel sizes; other columns are traits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypedDict

from leukokit.api import (
    EXTENSIONS,
    PIXEL_SIZE_UM,
    DataError,
    Dataset,
    Field,
    GroupKind,
    Labels,
    Location,
    Part,
    Reading,
    Sample,
    is_url,
    read_input,
    read_url,
    shown_url,
    url_inside,
    url_parent,
)
from leukokit.api.files import counted, counts
from leukokit.plugins.datasets._group_kind import kind_of_name
from leukokit.plugins.datasets._layout import PARTS
from leukokit.plugins.datasets._mask_params import MaskParams
from leukokit.plugins.datasets._patients import patients_in_two_parts
from leukokit.plugins.datasets._table_columns import COLUMNS, Column, Columns, find_columns
from leukokit.plugins.datasets._table_paths import PathFinder
from leukokit.plugins.datasets._table_text import TableText, is_blank, read_table

_LISTED = 20
_SHOWN = 80  # characters of a name that cannot be one
SPLIT = "table"
"""Name of the split that the split column makes."""
_ABSENT = "not there"
_TRIED = 20  # rows whose paths tell which column holds files


class TableParams(MaskParams):
    """Parameters of :class:`TableDataset`."""

    file: Location = Field(
        description="CSV file, or its URL, with a header line: UTF-8, UTF-16 or Windows-1252. Also an Excel "
        "workbook (.xlsx), with the extra excel."
    )
    root: Location | None = Field(
        None,
        description="Folder, or its URL, that paths in the table are relative to; by default the table's "
        "own.",
    )
    columns: dict[Column, str] = Field(
        {},
        description="Names of the columns path, label, group, split, mask and pixel_size_um (width of a "
        "pixel, in um). Those not given are found by these names, or guessed from names such as filename, "
        "diagnosis and patient_id. Only path is required; cells of the others may be empty.",
    )
    delimiter: str | None = Field(
        None,
        min_length=1,
        max_length=1,
        description="Character between the cells; found where it is not given: comma, semicolon, tab or |.",
    )

    def folder(self) -> Path | str:
        """Folder that paths in the table start from, or its URL."""
        if self.root is not None:
            return self.root
        return self.file.parent if isinstance(self.file, Path) else url_parent(self.file)


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
        return f"{path} is {state}; expected a CSV with a column {self.params.columns.get('path', 'path')!r}"

    def _missing_url(self) -> str | None:
        try:
            self._content  # noqa: B018 - reads the file
        except DataError as error:
            return f"{error}; expected a CSV with a column {self.params.columns.get('path', 'path')!r}"
        return None

    def samples(self) -> Sequence[Sample]:
        """Images in the order of the table; the id is the path as the table has it.

        Raises
        ------
        DataError
            With all invalid rows and their line numbers.
        """
        return tuple(self._read.samples)

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        """Split ``table``, where the table has a split column."""
        parts = self._read.parts
        return {SPLIT: parts} if parts else {}

    def default_split(self) -> str | None:
        """``table``, where the table has a split column."""
        return SPLIT if self._read.parts else None

    def notes(self) -> Sequence[str]:
        """Say what was guessed (encoding, separator, columns, paths), and what is odd."""
        read = self._read
        rows = [*self._text.readings, *read.readings(guessed=True)]
        said = ["read as: " + "; ".join(map(str, rows))] if rows else []
        if divided := patients_in_two_parts(
            (sample.group, read.parts.get(sample.id)) for sample in read.samples
        ):
            said.append(divided)
        if "label" not in read.columns.names and read.columns.unused:
            said.append(
                f"no column was taken for the class; {', '.join(read.columns.unused)} not used. "
                "Name it under columns, such as {label: NAME}"
            )
        return said

    def readings(self) -> Sequence[Reading]:
        """List what columns, encoding, separator and paths were taken for."""
        return [*self._text.readings, *self._read.readings()]

    @property
    def groups_are(self) -> GroupKind | None:
        """Patients or slides, where the name of the column says so."""
        return kind_of_name(self._read.columns.names.get("group", ""))

    def truth(self, sample: Sample) -> Labels | None:
        """Read the mask of a sample; None where the table has none."""
        return self.params.read_mask(sample.mask_path or sample.mask_url)

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
    def _text(self) -> TableText:
        return read_table(self._content, self.params.delimiter, where=shown_url(str(self.params.file)))

    @cached_property
    def _read(self) -> _RowReader:
        where = shown_url(str(self.params.file))
        lines = [(line, cells) for line, cells in self._text.lines if not is_blank(cells)]
        rows = _RowReader(self.params, lines[0][1] if lines else [], [cells for _, cells in lines[1:]])
        for line, cells in lines[1:]:
            rows.row(line, cells)
        rows.refuse_problems(self._text.encoding)
        if not rows.samples:
            raise DataError("has no rows", where=where)
        return rows


class _RowReader:
    """Reader of the rows of one table; collects problems, so that all are reported at once."""

    def __init__(self, params: TableParams, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self._where = shown_url(str(params.file))
        self._folder = params.folder()
        self._finder = None if isinstance(self._folder, str) else PathFinder(self._folder)
        self._names = [cell.strip() for cell in header]
        self._rows = rows
        self.columns = self._found_columns(params)
        self._traits = [name for name in self.columns.unused if self._names.count(name) == 1]
        self._problems: list[str] = []
        self._line_by_id: dict[str, int] = {}
        self.samples: list[Sample] = []
        self.parts: dict[str, Part] = {}

    def _found_columns(self, params: TableParams) -> Columns:
        columns = find_columns(
            self._names,
            params.columns,
            where=self._where,
            holds_images=lambda name: self._all_cells(name, lambda cell: cell.lower().endswith(EXTENSIONS)),
            holds_files=lambda name: self._all_cells(
                name, lambda cell: not self._file_problem(name, self._found(cell))
            ),
        )
        if repeated := [name for name in columns.names.values() if self._names.count(name) > 1]:
            raise DataError(f"has the column {repeated[0]!r} more than once", where=self._where)
        return columns

    def _all_cells(self, name: str, test: Callable[[str], bool]) -> bool:
        place = self._names.index(name)
        cells = [row[place].strip() for row in self._rows[:_TRIED] if len(row) > place and row[place].strip()]
        return bool(cells) and all(map(test, cells))

    def _found(self, name: str) -> str:
        """Path from the folder, with ``/``; the name itself where there is no such file."""
        if self._finder is None:
            return name.replace("\\", "/")
        try:
            return self._finder.find(name)
        except (ValueError, OSError):  # told by _file_problem
            return name

    def row(self, line: int, cells: list[str]) -> None:
        if len(cells) != len(self._names):
            self._problems.append(f"line {line}: {len(cells)} cells, the header has {len(self._names)}")
            return
        row = dict(zip(self._names, cells, strict=True))
        named = self.columns.names
        # Not by an empty name for roles without a column: tables of spreadsheets have a column named "".
        given = {role: row[named[role]].strip() if role in named else "" for role in COLUMNS}
        id_, part = self._found(given["path"]), given["split"].lower()
        mask = self._found(given["mask"]) if given["mask"] else ""
        pixel_size, size_problem = self._pixel_size(given["pixel_size_um"])
        problems = [
            self._file_problem(named["path"], id_),
            self._file_problem(named["mask"], mask) if mask else None,
            f"{named['split']} is {part!r}, expected train, validation or test"
            if part and part not in PARTS
            else None,
            f"{id_} stands in line {self._line_by_id[id_]} already; remove one of the two lines"
            if id_ in self._line_by_id
            else None,
            size_problem,
        ]
        self._problems += [f"line {line}: {problem}" for problem in problems if problem]
        self._line_by_id.setdefault(id_, line)
        sample = Sample(
            id=id_,
            label=given["label"] or None,
            group=given["group"] or None,
            pixel_size_um=pixel_size,
            traits={name: row[name].strip() for name in self._traits if row[name].strip()},
            **self._files_of(id_, mask),
        )
        self.samples.append(sample)
        if part in PARTS:
            self.parts[sample.id] = PARTS[part]

    def _pixel_size(self, cell: str) -> tuple[float | None, str | None]:
        """Width of a pixel, and the problem of an invalid cell."""
        if not cell:
            return None, None
        try:
            value = float(cell.replace(",", "."))  # a decimal comma; there are no thousands
        except ValueError:
            value = math.nan
        low, high = PIXEL_SIZE_UM
        if low <= value <= high:
            return value, None
        column = self.columns.names["pixel_size_um"]
        return None, f"{column} is {cell!r}, expected the width of a pixel in um ({low:g} to {high:g})"

    def _files_of(self, name: str, mask: str) -> _SampleFiles:
        if isinstance(self._folder, str):
            return {
                "url": url_inside(self._folder, name),
                "mask_url": url_inside(self._folder, mask) if mask else None,
            }
        return {"path": self._folder / name, "mask_path": self._folder / mask if mask else None}

    def readings(self, *, guessed: bool = False) -> list[Reading]:
        """List what columns and paths were taken for; with ``guessed``, of the columns only guesses."""
        meaning = {"label": "class", "group": "patient", "split": "part", "pixel_size_um": "pixel size, um"}
        rows = [
            Reading(f"column {name!r}", meaning.get(role, role), self._detail(role))
            for role, name in self.columns.names.items()
            if role in self.columns.guessed or not guessed
        ]
        return rows + (self._finder.readings() if self._finder is not None else [])

    def _detail(self, role: Column) -> str:
        if role == "path":
            return counted(len(self.samples), "image")
        if role == "group":
            return counted(len({sample.group for sample in self.samples} - {None}), "patient")
        if role == "label":
            return counts(sample.label for sample in self.samples)
        return counts(self.parts.get(sample.id) for sample in self.samples) if role == "split" else ""

    def refuse_problems(self, encoding: str | None) -> None:
        if not self._problems:
            return
        shown = self._problems[:_LISTED]
        if len(self._problems) > _LISTED:
            shown.append(f"and {len(self._problems) - _LISTED} more")
        count = f"{len(self._problems)} bad {'entry' if len(self._problems) == 1 else 'entries'}"
        if any(problem.endswith(_ABSENT) for problem in self._problems):
            shown.append(
                f"Images are looked for in {self._folder}: name their folder, --set data.params.root=FOLDER"
            )
        if encoding is not None:
            shown.append(f"(the text is not UTF-8 and was read as {encoding}; in Excel, save as 'CSV UTF-8')")
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
            drive = name[1:2] == ":"
            outside = ".." in name.split("/") or name.startswith("/") or "::" in name or drive
            return f"{column} {name} does not lie below root" if outside else None
        path = self._folder / name
        try:
            if path.is_file():
                return None
            state = "no file" if path.exists() else _ABSENT
        except (ValueError, OSError):  # a null byte, or longer than the system allows
            shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
            return f"{column} {shown!r} is no file name"
        return f"{column} {name} is {state}"
