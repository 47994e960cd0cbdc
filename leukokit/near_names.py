"""Names near a misspelled one, for error messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 200  # characters compared: nobody misspells more, and the time grows with the square


def near_names(given: str, names: Iterable[str], *, most: int = 1, likeness: float = 0.6) -> list[str]:
    """Those ``names`` that resemble ``given``, the nearest first.

    Letters' case and ``-`` or a space for ``_`` are looked past, and ``otsu`` finds ``otsu/otsu``.

    Parameters
    ----------
    given : str
    names : iterable of str
    most : int
        How many, at most.
    likeness : float in 0..1
        How near a name must be, as :class:`difflib.SequenceMatcher` counts.
    """
    by_key: dict[str, str] = {}
    for name in names:
        by_key.setdefault(_folded(name), name)
        by_key.setdefault(_folded(name.rpartition("/")[2]), name)
    keys = difflib.get_close_matches(_folded(given[:_LONGEST]), list(by_key), n=most, cutoff=likeness)
    return list(dict.fromkeys(by_key[key] for key in keys))


def did_you_mean(given: str, names: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the nearest of ``names``, or an empty string."""
    near = near_names(given, names)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _folded(name: str) -> str:
    return name.casefold().replace("-", "_").replace(" ", "_")
