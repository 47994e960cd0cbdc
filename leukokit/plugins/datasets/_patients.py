"""What is said of patients whose images are in several parts of a split that comes with the images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from leukokit.api import Part
from leukokit.api.files import counted, first_names, natural_order


def patients_in_two_parts(images: Iterable[tuple[str | None, Part | None]]) -> str | None:
    """Message on patients in two parts; None where there are none.

    Parameters
    ----------
    images : iterable of (str or None, Part or None)
        Patient and part of each image.
    """
    parts: dict[str, set[Part]] = defaultdict(set)
    for patient, part in images:
        if patient is not None and part is not None:
            parts[patient].add(part)
    divided = sorted((name for name, seen in parts.items() if len(seen) > 1), key=natural_order)
    if not divided:
        return None
    verb = "is" if len(divided) == 1 else "are"
    return (
        f"{counted(len(divided), 'patient')} {verb} in two parts of the split, so scores may be too good: "
        f"{first_names(divided)}"
    )
