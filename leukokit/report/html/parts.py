"""Which part of the data the report speaks of."""

from __future__ import annotations

from collections.abc import Iterable

_LEARNED_FIRST = ("train", "validation", "test")


def in_order(names: Iterable[str]) -> list[str]:
    """Parts as they are spoken of: what is learned from first, what is held out last, others after them."""
    present = set(names)
    return [*(name for name in _LEARNED_FIRST if name in present), *sorted(present - set(_LEARNED_FIRST))]
