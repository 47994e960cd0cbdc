"""Class, patient, slide and part read from file names by a pattern, such as ``{patient}_{n}_{label}.bmp``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from leukokit.api import near_names
from leukokit.api.files import counted
from leukokit.plugins.datasets._layout import Role

LABEL_FIELDS = ("label", "class", "diagnosis")
PERSON_FIELDS = ("patient", "group", "case", "subject", "donor")
SLIDE_FIELD = "slide"
PART_FIELDS = ("part", "split")
NUMBER_FIELDS = ("n", "number")
OTHER_FIELDS = ("image", "field", "cell", "crop", "date", "any")
KNOWN_FIELDS = (*LABEL_FIELDS, *PERSON_FIELDS, SLIDE_FIELD, *PART_FIELDS, *NUMBER_FIELDS, *OTHER_FIELDS)
"""Fields that a pattern may have. A number is digits; ``any`` may occur more than once."""

_MEANING = (
    (Role.CLASS, LABEL_FIELDS),
    (Role.PATIENT, (*PERSON_FIELDS, SLIDE_FIELD)),
    (Role.PART, PART_FIELDS),
)
_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A pattern for the names of image files.

    Attributes
    ----------
    text : str
        As written.
    fields : tuple of str
        In order.
    """

    text: str
    fields: tuple[str, ...] = ()
    _expression: re.Pattern[str] = field(default=re.compile(""), repr=False)
    _levels: int = 1
    _whole: bool = True
    _told: tuple[tuple[Role, str], ...] = ()

    @classmethod
    def parsed(cls, text: str, extensions: Sequence[str]) -> NamePattern:
        """Check a pattern.

        Raises
        ------
        ValueError
            Where a field is unknown or given twice, two fields have nothing between them, or no field is
            of use.
        """
        text = text.replace("\\", "/").strip("/")
        fields = _checked_fields(text)
        whole = text.lower().endswith(tuple(extension.lower() for extension in extensions))
        expression = "/".join(_segment(segment) for segment in text.split("/"))
        told = {role: name for role, names in _MEANING for name in reversed(names) if name in fields}
        return cls(
            text,
            fields,
            re.compile(expression, re.IGNORECASE),
            text.count("/") + 1,
            whole,
            tuple(told.items()),
        )

    @property
    def roles(self) -> frozenset[Role]:
        """What the names tell."""
        return frozenset(role for role, _ in self._told)

    @property
    def patient_field(self) -> str | None:
        """The field that becomes the group: the patient, or else the slide."""
        return dict(self._told).get(Role.PATIENT)

    def read(self, path: str) -> Mapping[Role, str] | None:
        """Read the name of a file; None where the pattern does not fit.

        Parameters
        ----------
        path : str
            From the root, with ``/``. As many of its last pieces are read as the pattern has.
        """
        name = "/".join(path.split("/")[-self._levels :])
        if not self._whole:
            name = name.rpartition(".")[0]
        match = self._expression.fullmatch(name)
        if match is None:
            return None
        return {role: match[name] for role, name in self._told}

    def advice(self, path: str) -> str | None:
        """Say what may be wrong, by one file that the pattern does not fit: its number of pieces differs."""
        name, pattern = path.rpartition("/")[2], self.text.rpartition("/")[2]
        marks = _separators(pattern) - {"."}
        if not marks or path.count("/") + 1 < self._levels:
            return None
        split = re.compile("[" + re.escape("".join(sorted(marks))) + "]")
        has, expected = len(split.split(name)), len(split.split(_FIELD.sub("x", pattern)))
        if has == expected:
            return None
        listed = " ".join(sorted(marks))
        return (
            f"{name} has {counted(has, 'piece')} between {listed}, the pattern {expected}: one field for each"
        )


def _checked_fields(text: str) -> tuple[str, ...]:
    if _FIELD.sub("", text).count("{") or _FIELD.sub("", text).count("}"):
        raise ValueError(f"{text!r} has a brace without its partner; a field is written {{label}}")
    fields = tuple(_FIELD.findall(text))
    unknown = [name for name in fields if name not in KNOWN_FIELDS]
    if unknown:
        near = near_names(unknown[0], KNOWN_FIELDS)
        meant = f" (did you mean {{{near[0]}}}?)" if near else ""
        raise ValueError(f"unknown field {{{unknown[0]}}}{meant}; fields are {', '.join(KNOWN_FIELDS)}")
    if twice := [name for name in fields if name != "any" and fields.count(name) > 1]:
        raise ValueError(f"{{{twice[0]}}} stands in it twice; use {{any}} for a piece that is of no use")
    if re.search(r"\}\{", text):
        raise ValueError(
            "two fields follow each other with nothing between them; nobody knows where one ends"
        )
    for names, meaning in ((LABEL_FIELDS, "class"), (PERSON_FIELDS, "patient"), (PART_FIELDS, "part")):
        if len(given := [name for name in fields if name in names]) > 1:
            raise ValueError(f"{{{given[0]}}} and {{{given[1]}}} both name the {meaning}; give one of them")
    useful = {*LABEL_FIELDS, *PERSON_FIELDS, SLIDE_FIELD, *PART_FIELDS}
    if not useful & set(fields):
        raise ValueError(
            "it reads neither class, patient, slide nor part; write {label} or {patient} into it"
        )
    return fields


def _separators(segment: str) -> set[str]:
    """Characters that cut names apart: all but letters and digits, and what alone is between two fields."""
    marks = {mark for mark in _FIELD.sub("", segment) if not mark.isalnum()}
    between = _FIELD.split(segment)[2:-2:2]
    return marks | {text[0].lower() for text in between if text.isalnum()}


def _segment(segment: str) -> str:
    """Regular expression of one folder or file name.

    A field holds none of the separators of its segment, so that there is one way to read a name: with
    ``{patient}_{n}_{label}``, ``UID_11_10_1_all`` does not fit, instead of fitting in three ways.
    """
    banned = re.escape("".join(sorted(_separators(segment) | {"/"})))
    return "".join(_pieces(segment, banned))


def _pieces(segment: str, banned: str) -> Iterator[str]:
    for i, piece in enumerate(_FIELD.split(segment)):
        if not i % 2:
            yield re.escape(piece)
        elif piece in NUMBER_FIELDS:
            yield f"(?P<{piece}>[0-9]+)"
        elif piece == "any":
            yield f"[^{banned}]+"
        else:
            yield f"(?P<{piece}>[^{banned}]+?)"
