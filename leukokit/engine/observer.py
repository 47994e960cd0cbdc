"""What a run says of itself while it goes on; the command line shows it, Python callers may listen."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Listens to a run."""

    def stage(self, name: str, total: int) -> None:
        """Tell that a stage begins, with ``total`` units of work."""

    def advance(self, count: int = 1) -> None:
        """Tell that ``count`` units of the stage are done."""

    def say(self, text: str) -> None:
        """Give a fact worth a line."""

    def warn(self, text: str) -> None:
        """Give something the user should know before trusting the result."""


class Silent:
    """Listens to nothing."""

    def stage(self, name: str, total: int) -> None:
        """Ignore."""

    def advance(self, count: int = 1) -> None:
        """Ignore."""

    def say(self, text: str) -> None:
        """Ignore."""

    def warn(self, text: str) -> None:
        """Ignore."""
