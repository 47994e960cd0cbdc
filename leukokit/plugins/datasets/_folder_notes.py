"""What is said of a folder: what was taken for what, and which files were not read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from leukokit.api import Part, Reading
from leukokit.api.files import (
    SHOWN,
    Listing,
    counted,
    counts,
    first_names,
    natural_order,
    printable_name,
)
from leukokit.plugins.datasets._folder_entries import Entry, FolderEntries, Wanted
from leukokit.plugins.datasets._layout import Role, part_of
from leukokit.plugins.datasets._patients import patients_in_two_parts


def readings(found: FolderEntries, wanted: Wanted) -> list[Reading]:
    """List what each level of folders and each field of the pattern was taken for."""
    rows = []
    if found.levels.base:
        rows.append(
            Reading(f"folder {printable_name('/'.join(found.levels.base))}", "the folder with all images")
        )
    for level, role in enumerate(found.levels.roles):
        rows.append(_level(found, level, role, wanted))
    pattern = wanted.pattern
    if pattern is None and not found.levels.roles:
        rows.append(Reading("images in root", "no class, no patient", f"{len(found.entries)} images"))
    if pattern is not None:
        details = {
            Role.CLASS: counts(entry.label for entry in found.entries),
            Role.PATIENT: _number(found.entries),
            Role.PART: counts(entry.part for entry in found.entries),
        }
        names = f"names {pattern.text}"
        rows += [
            Reading(names, _taken_for(role, pattern.patient_field), details[role])
            for role in Role
            if role in pattern.roles
        ]
    return rows


def notes(found: FolderEntries, listing: Listing, wanted: Wanted) -> list[str]:
    """Messages for readers of the results."""
    plain = found.levels.roles == (Role.CLASS,) and not found.levels.base and wanted.pattern is None
    said = [] if plain else ["read as: " + "; ".join(map(str, readings(found, wanted)))]
    skipped = (
        (listing.links, "links were not followed"),
        (listing.others, "files of other types were skipped"),
        (found.outside, "images outside the class folders belong to no class and were skipped"),
        (found.below, "images deeper in the folders were skipped"),
        (found.unmatched, "images have names that the pattern does not fit and were skipped"),
        (listing.unreadable, "folders could not be listed"),
    )
    said += [f"{len(names)} {what}: {first_names(names)}" for names, what in skipped if names]
    return [*said, *_warnings(found)]


def _warnings(found: FolderEntries) -> list[str]:
    said = [
        f"{first_names(others)}: taken for class {printable_name(name)}, the names differ in case only"
        for name, others in found.spellings.items()
    ]
    if found.unused_codes:
        said.append(f"no image has a code that labels names: {first_names(found.unused_codes)}")
    if divided := patients_in_two_parts((entry.patient, entry.part) for entry in found.entries):
        said.append(divided)
    if mixed := _patients_of_several_classes(found):
        said.append(
            f"{counted(len(mixed), 'name')} of patients in several classes, each taken for one patient: "
            f"{first_names(mixed)}; if each class has patients of its own, rename their folders"
        )
    given = {entry.part for entry in found.entries} - {None}
    if Part.VALIDATION in given and Part.TEST not in given:
        said.append("there is no test part: the validation part is tested")
    return said


def _patients_of_several_classes(found: FolderEntries) -> list[str]:
    """Names of patient folders that are inside folders of several classes: the numbers may start anew."""
    if found.levels.roles[-2:] != (Role.CLASS, Role.PATIENT):
        return []
    classes: dict[str, set[str | None]] = defaultdict(set)
    for entry in found.entries:
        if entry.patient is not None:
            classes[entry.patient].add(entry.label)
    return sorted((name for name, seen in classes.items() if len(seen) > 1), key=natural_order)


def _level(found: FolderEntries, level: int, role: Role, wanted: Wanted) -> Reading:
    place = len(found.levels.base) + level
    by_name: dict[str, Entry] = {}
    for entry in found.entries:
        by_name.setdefault(entry.file.split("/")[place], entry)
    names = sorted(by_name, key=natural_order)
    if role is Role.PART:
        detail = counts(entry.part for entry in found.entries)
        given = ", ".join(f"{name} = {part_of(name)}" for name in names if part_of(name) != name)
        return Reading(_folders(names), "part", f"{given}; {detail}" if given else detail)
    if role is Role.CLASS:
        return Reading(_folders(names), "class", counts(entry.label for entry in found.entries))
    by_pattern = wanted.pattern is not None and Role.PATIENT in wanted.pattern.roles
    if by_pattern:
        return Reading(_folders(names), "nothing", "the pattern tells the patient")
    return Reading(_folders(names), "patient", _number(found.entries))


def _folders(names: Sequence[str]) -> str:
    word = "folder" if len(names) == 1 else "folders"
    return (
        f"{len(names)} {word} {first_names(names)}" if len(names) > SHOWN else f"{word} {first_names(names)}"
    )


def _taken_for(role: Role, patient_field: str | None) -> str:
    if role is Role.PATIENT and patient_field not in ("patient", None):
        return f"patient (from {patient_field})"
    return str(role)


def _number(entries: Sequence[Entry]) -> str:
    patients = {entry.patient for entry in entries} - {None}
    without = sum(entry.patient is None for entry in entries)
    return counted(len(patients), "patient") + (f"; {without} images without" if without else "")
