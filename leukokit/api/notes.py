"""Notes of a component on one image, for readers of the results."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from leukokit.ids import written_id


class ImageNote(UserWarning):
    """A note on the current image; in a run the engine stores it with the image's id."""


# Not warnings.catch_warnings: that resets which warnings of other libraries were shown already, so that each
# would be shown again for every image, and it affects all threads.
_kept: ContextVar[list[str] | None] = ContextVar("leukokit_image_notes", default=None)


def note(message: str) -> None:
    """Add a note to the current image, such as "no stain contrast: passed unchanged".

    Called by a component while it processes an image. A run stores the note with the image; outside a run it
    becomes a warning of the category :class:`ImageNote`.
    """
    message = written_id(message)
    kept = _kept.get()
    if kept is None:
        warnings.warn(message, ImageNote, stacklevel=3)
    else:
        kept.append(message)


@contextmanager
def kept_notes() -> Iterator[list[str]]:
    """Collect the notes made inside the context, instead of issuing warnings."""
    notes: list[str] = []
    token = _kept.set(notes)
    try:
        yield notes
    finally:
        _kept.reset(token)
