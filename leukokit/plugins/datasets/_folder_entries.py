"""Images of a folder with class, patient and part, from folder names and file names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from leukokit.api import DataError, Part
from leukokit.api.files import Listing, first_names, natural_order
from leukokit.plugins.datasets import _layout
from leukokit.plugins.datasets._layout import Layout, Levels, Role, part_of
from leukokit.plugins.datasets._pattern import NamePattern


@dataclass(frozen=True, slots=True)
class Entry:
    """An image of the folder; ``file`` is its path from the root."""

    file: str
    label: str | None
    patient: str | None
    part: Part | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the parameters of the data set say of folders and names."""

    layout: Layout
    pattern: NamePattern | None
    labels: Mapping[str, str]
    recursive: bool
    skip_unmatched: bool


@dataclass
class FolderEntries:
    """Images of a folder, and what was taken for what.

    Attributes
    ----------
    levels : Levels
    entries : list of Entry
        In file order.
    outside : list of str
        Images that are in no class folder.
    below : list of str
        Images deeper than the levels that have a meaning.
    unmatched : list of str
        Images whose names the pattern does not fit.
    empty : list of str
        Class folders without an image.
    spellings : dict of str to list of str
        Class -> other spellings of its name that were taken for it.
    unused_codes : list of str
        Keys of ``labels`` that no image has.
    """

    levels: Levels
    entries: list[Entry] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    spellings: dict[str, list[str]] = field(default_factory=dict)
    unused_codes: list[str] = field(default_factory=list)


def entries_of(listing: Listing, wanted: Wanted, *, where: str) -> FolderEntries:
    """Give each image its class, patient and part.

    Raises
    ------
    DataError
        Where the meaning of the folders is unsure, or the pattern or ``labels`` do not fit.
    """
    levels = _levels(listing, wanted, where)
    found = FolderEntries(levels)
    deep = wanted.recursive or (wanted.pattern is not None and Role.CLASS in wanted.pattern.roles)
    for file in sorted(listing.files, key=lambda name: _file_order(name, levels)):
        _add(found, file, wanted.pattern, deep=deep)
    if wanted.pattern is not None:
        _check_fit(found, wanted, where)
    found.empty = _empty_classes(listing, found)
    _unite_spellings(found)
    _name_classes(found, wanted.labels, where)
    if Role.PART in levels.roles or (wanted.pattern and Role.PART in wanted.pattern.roles):
        _check_parts(found.entries, where)
    return found


def _levels(listing: Listing, wanted: Wanted, where: str) -> Levels:
    folders = {tuple(file.split("/")[:-1]) for file in listing.files} - {()}
    named = wanted.pattern.roles if wanted.pattern else frozenset()
    if wanted.layout == "flat":
        return Levels((), ())
    if wanted.layout != "auto":
        roles = _layout.roles_of(wanted.layout)
        base = () if wanted.recursive else _layout.entered(folders, len(roles))
        if roles[0] is Role.CLASS:
            _layout.refuse_parts_as_classes({folder[len(base)] for folder in folders}, where)
        return Levels(base, roles)
    if Role.CLASS in named or wanted.recursive:
        base = _layout.entered(folders, 1)
        first = {folder[len(base)] for folder in folders if len(folder) > len(base)}
        parts = {part_of(name) for name in first}
        if first and None not in parts and len(parts) > 1 and Role.PART not in named:
            return Levels(base, (Role.PART,) if Role.CLASS in named else (Role.PART, Role.CLASS))
        return Levels((), () if Role.CLASS in named else (Role.CLASS,))
    if not folders:
        return Levels((), (Role.CLASS,))
    return _layout.decided(folders, where=where)


def _file_order(file: str, levels: Levels) -> tuple[object, ...]:
    """Sort key: folder by folder where these have a meaning, then the rest of the path."""
    pieces = file.split("/")
    cut = min(len(levels.base) + len(levels.roles), len(pieces) - 1)
    return (*map(natural_order, pieces[:cut]), natural_order("/".join(pieces[cut:])))


def _add(found: FolderEntries, file: str, pattern: NamePattern | None, *, deep: bool) -> None:
    base, roles = found.levels.base, found.levels.roles
    folders = file.split("/")[:-1]
    if tuple(folders[: len(base)]) != base:
        found.outside.append(file)
        return
    said: dict[Role, str] = dict(zip(roles, folders[len(base) :], strict=False))
    if len(folders) - len(base) > len(roles) and not deep:
        found.below.append(file)
        return
    part = part_of(said[Role.PART]) if Role.PART in said else None
    missing = (Role.CLASS in roles and Role.CLASS not in said) or (Role.PART in roles and part is None)
    if missing:
        found.outside.append(file)
        return
    if pattern is not None:
        read = pattern.read(file)
        if read is None or (Role.PART in read and part_of(read[Role.PART]) is None):
            found.unmatched.append(file)
            return
        said |= read
        part = part_of(read[Role.PART]) if Role.PART in read else part
    found.entries.append(Entry(file, said.get(Role.CLASS), said.get(Role.PATIENT), part))


def _check_fit(found: FolderEntries, wanted: Wanted, where: str) -> None:
    assert wanted.pattern is not None
    odd = found.unmatched
    if not odd or (found.entries and wanted.skip_unmatched):
        return
    total = len(odd) + len(found.entries)
    advice = wanted.pattern.advice(odd[0])
    hint = advice or "Fields are {label}, {patient}, {slide}, {n} (digits), {any} ..."
    if found.entries:
        hint += "; or leave these files out with data.params.unmatched=skip"
    raise DataError(
        f"the pattern {wanted.pattern.text!r} fits {len(found.entries)} of {total} image names; "
        f"it does not fit {first_names(odd)}",
        where=where,
        hint=hint,
    )


def _empty_classes(listing: Listing, found: FolderEntries) -> list[str]:
    """Names of class folders in which there is no image, wherever they are."""
    base, roles = found.levels.base, found.levels.roles
    if Role.CLASS not in roles:
        return []
    place = len(base) + roles.index(Role.CLASS)
    names = []
    for folder in listing.folders:
        pieces = folder.split("/")
        if len(pieces) != place + 1 or tuple(pieces[: len(base)]) != base:
            continue
        if roles[0] is Role.PART and part_of(pieces[len(base)]) is None:
            continue
        names.append(pieces[-1])
    filled = {entry.label for entry in found.entries}
    return [name for name in sorted(dict.fromkeys(names), key=natural_order) if name not in filled]


def _unite_spellings(found: FolderEntries) -> None:
    """Take ``ALL`` and ``all`` in two parts, or of two patients, for one class; the more frequent name."""
    if Role.CLASS not in found.levels.roles[1:]:
        return
    counts = Counter(entry.label for entry in found.entries if entry.label is not None)
    by_key: dict[str, list[str]] = defaultdict(list)
    for label in sorted(counts, key=lambda name: (-counts[name], natural_order(name))):
        by_key[label.casefold()].append(label)
    found.spellings = {names[0]: names[1:] for names in by_key.values() if len(names) > 1}
    if not found.spellings:
        return
    found.entries = [
        Entry(e.file, by_key[e.label.casefold()][0] if e.label else None, e.patient, e.part)
        for e in found.entries
    ]


def _name_classes(found: FolderEntries, labels: Mapping[str, str], where: str) -> None:
    """Replace codes by the class names of ``labels``."""
    if not labels:
        return
    counts = Counter(entry.label for entry in found.entries if entry.label is not None)
    unnamed = [
        f"{code} ({counts[code]} images)" for code in sorted(counts, key=natural_order) if code not in labels
    ]
    if unnamed:
        raise DataError(
            f"labels has no class for {', '.join(unnamed)}; it has {', '.join(labels)}",
            where=where,
            hint="Add them to data.params.labels, such as {0: healthy, 1: ALL}",
        )
    found.unused_codes = [code for code in labels if code not in counts]
    found.entries = [
        Entry(e.file, labels[e.label] if e.label else None, e.patient, e.part) for e in found.entries
    ]


def _check_parts(entries: Sequence[Entry], where: str) -> None:
    """Raise where there is nothing to train on, or a class that is only tested."""
    by_part: dict[Part | None, set[str]] = defaultdict(set)
    for entry in entries:
        by_part[entry.part].add(entry.label or "")
    if not entries:
        return
    if Part.TRAIN not in by_part:
        raise DataError(
            "no images in a training part; there are "
            + " and ".join(str(part) for part in Part if part in by_part),
            where=where,
            hint="Name the folder that holds train and test as root",
        )
    if new := sorted(set().union(*by_part.values()) - by_part[Part.TRAIN], key=natural_order):
        raise DataError(
            f"{_plural('class', new)} {first_names(new)}: only in test or validation, never in training; "
            f"training has {first_names(sorted(by_part[Part.TRAIN], key=natural_order))}",
            where=where,
            hint="Folders of one class need one name in all parts; rename or move them",
        )


def _plural(word: str, names: Iterable[str]) -> str:
    return word if len(list(names)) == 1 else f"{word}es" if word.endswith("s") else f"{word}s"
