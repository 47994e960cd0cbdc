"""Notes on one image: what a component did to it, or left undone, that a reader of the results must know."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class ImageNote(UserWarning):
    """A note on the image at hand; in a run the engine keeps it beside the image's id."""


# Not warnings.catch_warnings: that forgets which warnings of other libraries were shown already, so that each
# would be shown again for every image, and it holds for all threads at once.
_kept: ContextVar[list[str] | None] = ContextVar("leukokit_image_notes", default=None)


def note(message: str) -> None:
    """Leave a note on the image at hand, such as "no stain contrast: passed unchanged".

    Called by a component while it works on an image. A run keeps the note for the image; called from Python,
    it is a warning of the category :class:`ImageNote`.
    """
    kept = _kept.get()
    if kept is None:
        warnings.warn(message, ImageNote, stacklevel=3)
    else:
        kept.append(message)


@contextmanager
def kept_notes() -> Iterator[list[str]]:
    """Keep the notes of what is done inside, instead of warning of them."""
    notes: list[str] = []
    token = _kept.set(notes)
    try:
        yield notes
    finally:
        _kept.reset(token)
