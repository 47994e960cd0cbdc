"""Progress, messages and warnings of a run; the command line shows them, Python callers may receive them."""

from __future__ import annotations


class Observer:
    """Receives the progress and messages of a run and ignores them; subclasses override what they use."""

    def stage(self, name: str, total: int) -> None:
        """Report that a stage begins, with ``total`` units of work."""

    def advance(self, count: int = 1) -> None:
        """Report that ``count`` units of the stage are done."""

    def say(self, text: str) -> None:
        """Report a message of one line."""

    def warn(self, text: str) -> None:
        """Report something that the user should know before trusting the result."""

    def image(self, id_: str, text: str) -> None:
        """Report what became of one image: rejected, or read with a note."""


class Forwarding(Observer):
    """Passes everything on to another observer; subclasses override what they change or write down.

    Parameters
    ----------
    observer : Observer
    """

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def stage(self, name: str, total: int) -> None:
        """Pass on."""
        self._observer.stage(name, total)

    def advance(self, count: int = 1) -> None:
        """Pass on."""
        self._observer.advance(count)

    def say(self, text: str) -> None:
        """Pass on."""
        self._observer.say(text)

    def warn(self, text: str) -> None:
        """Pass on."""
        self._observer.warn(text)

    def image(self, id_: str, text: str) -> None:
        """Pass on."""
        self._observer.image(id_, text)
