"""Notes on one image: what a component did to it, or left undone, that a reader of the results must know."""

from __future__ import annotations

import warnings


class ImageNote(UserWarning):
    """A note on the image at hand; in a run the engine keeps it beside the image's id."""


def note(message: str) -> None:
    """Leave a note on the image at hand, such as "no stain contrast: passed unchanged".

    Called by a component while it works on an image. A run keeps the note for the image; called from Python,
    it is a warning of the category :class:`ImageNote`.
    """
    warnings.warn(message, ImageNote, stacklevel=3)
