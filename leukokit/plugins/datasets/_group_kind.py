"""What a group of images is, by the name of a column, a field or a folder: a patient, a slide, or unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from leukokit.api import GroupKind

_PERSON = ("patient", "case", "subject", "donor", "person", "proband")
_PERSON_SHORT = ("p", "pat", "pid", "subj")
_SLIDE = ("slide",)


def kind_of_name(name: str) -> GroupKind | None:
    """Say what a name speaks of: ``Patient ID`` of a patient, ``slide_7`` of a slide, ``x`` of neither."""
    words = re.findall(r"[a-z]+", name.lower())
    if any(word.startswith(_PERSON) or word in _PERSON_SHORT for word in words):
        return GroupKind.PATIENT
    return GroupKind.SLIDE if any(word.startswith(_SLIDE) for word in words) else None


def kind_of_names(names: Iterable[str]) -> GroupKind | None:
    """Say what all names speak of; None where they do not agree, or there are none."""
    kinds = {kind_of_name(name) for name in names}
    return kinds.pop() if len(kinds) == 1 else None
