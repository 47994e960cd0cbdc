"""Which column of a table is the path, the class, the patient ...: as named, or guessed from its name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from leukokit.api import DataError

Column: TypeAlias = Literal["path", "label", "group", "split", "mask", "pixel_size_um"]
COLUMNS: tuple[Column, ...] = get_args(Column)

_GUESSES: Mapping[Column, tuple[tuple[str, ...], ...]] = {
    "path": (
        ("path", "filepath", "file_path", "image_path", "img_path"),
        (
            *("file", "filename", "file_name", "image_file", "image_filename"),
            *("image", "image_name", "img", "img_name"),
        ),
    ),
    "label": (
        ("label", "class", "diagnosis", "labels", "class_name", "classname", "class_label", "target"),
        ("category", "type", "cell_type", "celltype", "disease"),
    ),
    "group": (
        ("group",),
        (
            *("patient", "patient_id", "patientid", "patient_no", "patient_number", "patients", "pid"),
            *(
                "case",
                "case_id",
                "caseid",
                "subject",
                "subject_id",
                "subjectid",
                "donor",
                "donor_id",
                "donorid",
            ),
        ),
        ("slide", "slide_id", "slideid", "slide_no", "slide_name"),
    ),
    "split": (("split",), ("part",)),
    "mask": (("mask",), ("mask_path", "mask_file", "mask_filename")),
    "pixel_size_um": (
        ("pixel_size_um",),
        (
            "um_per_pixel",
            "um_per_px",
            "um_px",
            "mpp",
            "microns_per_pixel",
            "pixel_size_microns",
            "pixelsize_um",
        ),
    ),
}
"""Names of columns in the form of :func:`plain`; those of an earlier tuple win."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The column of each role.

    Attributes
    ----------
    names : dict of str to str
        Role -> name of its column; roles without a column are left out.
    guessed : frozenset of str
        Roles whose column is neither named by the user nor called by the role.
    unused : tuple of str
        Columns without a role.
    """

    names: Mapping[Column, str]
    guessed: frozenset[Column]
    unused: tuple[str, ...]


def plain(name: str) -> str:
    """Name in lower case, with ``_`` for all but letters and digits: ``Patient ID`` -> ``patient_id``."""
    name = name.replace("µ", "u").replace("μ", "u").casefold()
    return re.sub(r"[\W_]+", "_", name).strip("_")


def find_columns(
    present: Sequence[str],
    asked: Mapping[Column, str],
    *,
    where: str,
    holds_images: Callable[[str], bool],
    holds_files: Callable[[str], bool],
) -> Columns:
    """Find the column of each role.

    Parameters
    ----------
    present : sequence of str
        Names in the header.
    asked : mapping
        Columns that the user names.
    where : str
        Name of the file, for messages.
    holds_images, holds_files : callable
        Whether the cells of a column end as image files do, and whether they are files that exist.

    Raises
    ------
    DataError
        Where a column that is asked for, or the path, is absent, or several could be it.
    """
    present = list(dict.fromkeys(present))  # a column that is there twice is refused if it is used
    names: dict[Column, str] = {}
    guessed: set[Column] = set()
    absent = [name for name in asked.values() if name not in present]
    for role in COLUMNS:
        if role in asked:
            names[role] = asked[role]
            continue
        if role in present:
            names[role] = role
            continue
        candidates = _candidates(role, [name for name in present if name not in asked.values()])
        if role == "path":
            candidates = _with_files(candidates, present, holds_images, holds_files)
        if len(candidates) > 1:
            _refuse_ambiguous(role, candidates, where)
        if candidates:
            names[role] = candidates[0]
            guessed.add(role)
        elif role == "path":
            absent.insert(0, "path")
    if absent:
        raise DataError(
            f"has no column {', '.join(map(repr, absent))}; it has {', '.join(present) or 'none'}",
            where=where,
            hint='Name the columns: --set "data.params.columns={path: NAME, label: NAME}"; or the character '
            'between them: --set "data.params.delimiter=;"',
        )
    unused = tuple(name for name in present if name and name not in names.values())
    return Columns(names, frozenset(guessed), unused)


def _candidates(role: Column, present: Sequence[str]) -> list[str]:
    for forms in _GUESSES[role]:
        if found := [name for name in present if plain(name) in forms]:
            return found
    return []


def _with_files(
    candidates: list[str],
    present: Sequence[str],
    holds_images: Callable[[str], bool],
    holds_files: Callable[[str], bool],
) -> list[str]:
    """Of several columns those whose files exist; without any by name, those with names of image files."""
    if not candidates:
        return [name for name in present if name and holds_images(name)]
    if len(candidates) == 1:
        return candidates
    return [name for name in candidates if holds_files(name)] or candidates


def _refuse_ambiguous(role: Column, candidates: Sequence[str], where: str) -> None:
    meaning = {"label": "class", "group": "patient (group)", "split": "part"}.get(role, role)
    raise DataError(
        f"{len(candidates)} columns may be the {meaning}: {', '.join(candidates)}",
        where=where,
        hint=f'Say which: --set "data.params.columns={{{role}: {candidates[0]}}}"',
    )
