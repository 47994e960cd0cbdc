"""What the levels of folders mean: part, class or patient; decided from names, or asked for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from leukokit.api import DataError, Part
from leukokit.api.files import first_names, natural_order

Layout: TypeAlias = Literal[
    "auto",
    "flat",
    "class",
    "part/class",
    "class/part",
    "class/patient",
    "patient/class",
    "part/class/patient",
    "part/patient/class",
]


class Role(StrEnum):
    """Meaning of a level of folders."""

    PART = "part"
    CLASS = "class"
    PATIENT = "patient"


PARTS = dict.fromkeys(("train", "training"), Part.TRAIN)
PARTS |= dict.fromkeys(("val", "valid", "validation", "dev"), Part.VALIDATION)
PARTS |= dict.fromkeys(("test", "testing"), Part.TEST)
"""Names of parts, in lower case."""

_PART_NAME = re.compile(
    rf"(?:.*[-_ .])?({'|'.join(PARTS)})(?:[-_ .]?(?:data|dataset|set|images|imgs|img|files|folder))?",
    re.IGNORECASE,
)
_PATIENT_NAME = re.compile(
    r".*(?:patient|pat|case|subject|subj|donor|slide|proband|person|slide|pid|uid|fold|batch)s?[-_ .#]*\d.*"
    r"|(?:patient|case|subject|donor|slide|proband|person)(?:[-_ .#]+\w+|[A-Z])|p[-_ .#]?\d+",
    re.IGNORECASE,
)
_CLASS_WORDS = re.compile(
    r"(?:.*[-_ .])?(?:all|aml|cll|cml|apl|hem|healthy|normal|benign|malignant|blasts?|leuka?emia|leukemic|"
    r"controls?|positive|negative|cancer|tumou?r|early|pre|pro|neutrophils?|lymphocytes?|monocytes?|"
    r"eosinophils?|basophils?|l[123]|m[0-7]|b-all|t-all)(?:[-_ .].*)?",
    re.IGNORECASE,
)
_NOT_CLASSES = re.compile(
    r"(?:.*[-_ .])?(?:images?|imgs?|pictures?|masks?|labels?|annotations?|ground[-_ ]?truth|gt|"
    r"segmentations?|segmented|original|raw|data)",
    re.IGNORECASE,
)
"""Folders that say what kind of file they hold."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What the levels of folders below ``base`` were taken for.

    Attributes
    ----------
    base : tuple of str
        Folders that were entered because each was the only one with images.
    roles : tuple of Role
        Meaning of the first level below, and so on; empty where folders mean nothing.
    """

    base: tuple[str, ...]
    roles: tuple[Role, ...]


def part_of(name: str) -> Part | None:
    """Part that a folder is named after: ``TRAIN``, ``val``, ``training_data``; None for another name."""
    match = _PART_NAME.fullmatch(name)
    return PARTS[match[1].lower()] if match else None


def roles_of(layout: Layout) -> tuple[Role, ...]:
    """Meaning of each level of a layout that was asked for."""
    return () if layout in ("auto", "flat") else tuple(Role(word) for word in layout.split("/"))


def entered(folders: Collection[tuple[str, ...]], levels: int) -> tuple[str, ...]:
    """Folders to enter first: each the only one with images, while ``levels`` levels are left below.

    A zip is often unpacked into a folder of its own name.

    Parameters
    ----------
    folders : collection of tuple of str
        The folder of each image, from the root.
    levels : int
        Levels below that have a meaning of their own and are not entered.
    """
    base: tuple[str, ...] = ()
    while folders and min(map(len, folders)) > len(base) + levels:
        names = {folder[len(base)] for folder in folders}
        if len(names) > 1:
            break
        base = (*base, *names)
    return base


def decided(folders: Iterable[tuple[str, ...]], *, where: str) -> Levels:
    """Decide what the levels of folders mean.

    Parameters
    ----------
    folders : iterable of tuple of str
        The folder of each image, from the root.
    where : str
        The root, for messages.

    Raises
    ------
    DataError
        Where names allow several readings, or none: with each reading, and how to ask for it.
    """
    known = {folder for folder in folders if folder}
    base = entered(known, 1)
    inside = {folder[len(base) :] for folder in known}
    names = _level(inside, 0)
    parts = {name: part_of(name) for name in names}
    if names and all(parts.values()):
        return Levels(base, (Role.PART, *_below_parts(inside, where)))
    # One name that only ends in "test" may be a class, such as "Coombs test".
    if len(set(parts.values()) - {None}) > 1 or any(name.lower() in PARTS for name in names):
        _refuse_some_parts(parts, where)
    roles = _class_and_patient(inside, where)
    if roles == (Role.CLASS,) and base:
        _refuse_patients_of_one_class(base[-1], names, where)
    return Levels(base, roles)


def _level(folders: Iterable[tuple[str, ...]], level: int) -> list[str]:
    """Names of the folders of a level, in natural order."""
    return sorted({folder[level] for folder in folders if len(folder) > level}, key=natural_order)


def _below_parts(folders: Collection[tuple[str, ...]], where: str) -> tuple[Role, ...]:
    loose = sorted({folder[0] for folder in folders if len(folder) == 1}, key=natural_order)
    inner = {folder[1:] for folder in folders if len(folder) > 1}
    if not inner:
        raise DataError(
            f"{first_names(loose)}: folders of parts (training, test) without class folders inside",
            where=where,
            hint=_choices(_BY_NAME, "use the data set table: a CSV tells the class"),
        )
    return _class_and_patient(inner, where, above="part/")


def _class_and_patient(folders: Collection[tuple[str, ...]], where: str, above: str = "") -> tuple[Role, ...]:
    names = _level(folders, 0)
    if odd := [name for name in names if _NOT_CLASSES.fullmatch(name)]:
        raise DataError(
            f"{first_names(odd)}: folders not named after classes, so the class of an image is not known",
            where=where,
            hint=_choices(
                "name the folder that holds the class folders as root",
                _BY_NAME,
                f"--set data.params.root={where}/{odd[0]} --set data.params.layout=flat: without classes",
                f"--set data.params.layout={above}class: these are classes",
            ),
        )
    if any(len(folder) == 1 for folder in folders):
        if len(names) > 1 and all(map(_PATIENT_NAME.fullmatch, names)):
            raise DataError(
                f"{first_names(names)}: folders of patients, slides or folds, and none of classes",
                where=where,
                hint=_choices(_BY_NAME, f"--set data.params.layout={above}class: they are classes"),
            )
        return (Role.CLASS,)
    pairs = {folder[:2] for folder in folders}
    inner = _level(folders, 1)
    if not above and len({part_of(name) for name in inner} - {None}) > 1 and all(map(part_of, inner)):
        return (Role.CLASS, Role.PART)
    first_is_class = _first_is_class(pairs, names, inner)
    if first_is_class is None or any(len(folder) > 2 for folder in folders):
        _refuse_two_levels(names, inner, above, where, deep=first_is_class is not None)
    return (Role.CLASS, Role.PATIENT) if first_is_class else (Role.PATIENT, Role.CLASS)


def _first_is_class(
    pairs: Collection[tuple[str, str]] | Collection[tuple[str, ...]],
    outer: Sequence[str],
    inner: Sequence[str],
) -> bool | None:
    """Whether the first of two levels is the class and the second the patient; None where it is unsure.

    Names such as ``patient_3`` decide; then which folders occur once. A patient usually has one class, so
    inner folders that each lie in one outer folder, several in each, are patients; a class has many patients,
    so inner folders that lie in many numbered outer folders are classes.
    """
    if len(outer) < 2 and len(inner) < 2:
        return None
    outer_patients, inner_patients = (all(map(_PATIENT_NAME.fullmatch, names)) for names in (outer, inner))
    if outer_patients != inner_patients:
        return inner_patients
    outer_numbered, inner_numbered = (
        all(re.search("[0-9]", name) for name in names) for names in (outer, inner)
    )
    outer_classes, inner_classes = (all(map(_CLASS_WORDS.fullmatch, names)) for names in (outer, inner))
    if outer_classes != inner_classes and (inner_numbered if outer_classes else outer_numbered):
        return outer_classes
    homes: dict[str, set[str]] = {}
    for first, second in pairs:
        homes.setdefault(second, set()).add(first)
    once = all(len(home) == 1 for home in homes.values())
    several = all(sum(first == name for first, _ in pairs) > 1 for name in outer)
    if once and several and len(outer) > 1 and inner_numbered:
        return True
    shared = all(len(home) > 1 for home in homes.values())
    if shared and len(inner) > 1 and outer_numbered and not any(re.search("[0-9]", name) for name in inner):
        return False
    return None


def _refuse_two_levels(
    outer: Sequence[str], inner: Sequence[str], above: str, where: str, *, deep: bool
) -> None:
    more = " --set data.params.recursive=true" if deep else ""
    raise DataError(
        "images lie deeper than two levels of folders"
        if deep
        else "two levels of folders, and nothing says which is the class",
        where=where,
        hint=_choices(
            f"--set data.params.layout={above}class/patient{more}: "
            f"classes {first_names(outer)}; patients {first_names(inner)}",
            f"--set data.params.layout={above}patient/class{more}: "
            f"patients {first_names(outer)}; classes {first_names(inner)}",
            f"--set data.params.layout={above}class --set data.params.recursive=true: "
            f"classes {first_names(outer)}; patients are not known",
        ),
    )


def _refuse_some_parts(parts: dict[str, Part | None], where: str) -> None:
    named = [name for name, part in parts.items() if part]
    others = [name for name, part in parts.items() if not part]
    either = [
        f"--set data.params.layout=part/class: parts {first_names(named)}; {first_names(others)} not read"
    ]
    if len({parts[name] for name in named}) == 1:
        either.append(f"--set data.params.layout=class: classes {first_names(parts)}")
    raise DataError(
        "some folders are named after parts of a split, others are not",
        where=where,
        hint=_choices(*either, "move or rename the others"),
    )


_BY_NAME = (
    """--set "data.params.pattern='{label}_{n}.png'": file names tell the class, in a form such as this"""
)


def _choices(*ways: str) -> str:
    """List ways of going on, one in a line."""
    return "One of these:" + "".join(f"\n  {way}" for way in ways)


def _refuse_patients_of_one_class(outer: str, names: Sequence[str], where: str) -> None:
    """Refuse numbered folders inside the only folder, where that is named after a class."""
    if _CLASS_WORDS.fullmatch(outer) and len(names) > 1 and all(re.search("[0-9]", name) for name in names):
        raise DataError(
            f"one class, {outer}, with the folders {first_names(names)}: these may be patients",
            where=where,
            hint="Add the folders of the other classes beside it; if they are classes, name "
            f"{outer} as root and set data.params.layout=class",
        )


def refuse_parts_as_classes(names: Iterable[str], where: str) -> None:
    """Raise where the classes that were asked for are parts of a split, which trains test against train."""
    found = {name: part for name in sorted(names, key=natural_order) if (part := part_of(name))}
    if Part.TRAIN in found.values() and len(set(found.values())) > 1:
        raise DataError(
            f"{first_names(found)}: parts of a split, not classes",
            where=where,
            hint="Leave out layout, or set layout: part/class; if they are truly classes, rename the folders",
        )
