"""What a run says of itself while it goes on; the command line shows it, Python callers may listen."""

from __future__ import annotations


class Observer:
    """Listens to a run; by itself to nothing: a subclass overrides what it wants to hear."""

    def stage(self, name: str, total: int) -> None:
        """Tell that a stage begins, with ``total`` units of work."""

    def advance(self, count: int = 1) -> None:
        """Tell that ``count`` units of the stage are done."""

    def say(self, text: str) -> None:
        """Give a fact worth a line."""

    def warn(self, text: str) -> None:
        """Give something the user should know before trusting the result."""


class Forwarding(Observer):
    """Passes on what it hears to another; a subclass overrides what it changes or notes.

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
