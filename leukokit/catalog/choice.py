"""The user's settings for plugins: which are used, and how long they may take."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from leukokit.catalog.installed import InstalledPlugins, normalized
from leukokit.errors import UsageError
from leukokit.near_names import did_you_mean

VARIABLE = "LEUKOKIT_PLUGINS"
"""``none``, or names of distributions with commas between them; all plugins where it is empty or not set."""

NONE = "none"

SILENCE_SECONDS = 20.0
"""Time limit of one step, such as the import of a plugin. The slowest library that a plugin should not import
there, but may, is TensorFlow: 6 s, and a few times that from a slow disk."""

SILENCE_VARIABLE = "LEUKOKIT_PLUGIN_SECONDS"
"""Another time limit, in seconds."""


@dataclass(frozen=True, slots=True)
class PluginChoice:
    """Which distributions' plugins are used.

    Attributes
    ----------
    distributions : tuple of str, or None
        Names; all where None.
    """

    distributions: tuple[str, ...] | None = None

    @classmethod
    def from_environment(cls) -> Self:
        """Read ``LEUKOKIT_PLUGINS``."""
        text = os.environ.get(VARIABLE, "").strip()
        if not text:
            return cls()
        if text.lower() == NONE:
            return cls(())
        names = tuple(name.strip() for name in text.split(",") if name.strip())
        return cls(names or None)

    def divide(
        self, installed: Sequence[InstalledPlugins]
    ) -> tuple[list[InstalledPlugins], list[InstalledPlugins]]:
        """Return the plugins that are used and those that are switched off.

        Raises
        ------
        UsageError
            Where a chosen distribution is not installed, with those that are.
        """
        if self.distributions is None:
            return list(installed), []
        names = [plugins.distribution for plugins in installed]
        chosen = {normalized(name) for name in self.distributions}
        for name in self.distributions:
            if normalized(name) not in {normalized(known) for known in names}:
                raise UsageError(
                    f"there is no installed distribution {name!r} with plugins{did_you_mean(name, names)}",
                    where=VARIABLE,
                    hint=f"Distributions with plugins: {', '.join(names) or 'none'}; "
                    f"'{NONE}' switches all of them off",
                )
        used = [plugins for plugins in installed if normalized(plugins.distribution) in chosen]
        off = [plugins for plugins in installed if normalized(plugins.distribution) not in chosen]
        return used, off


def silence_limit() -> float:
    """Seconds that a plugin may take for a step.

    Raises
    ------
    UsageError
        Where the environment variable holds no positive number.
    """
    text = os.environ.get(SILENCE_VARIABLE, "")
    try:
        seconds = float(text) if text else SILENCE_SECONDS
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise UsageError(
            f"{text!r} is no time limit",
            where=SILENCE_VARIABLE,
            hint=f"Give a number of seconds; {SILENCE_SECONDS:g} where it is not set",
        )
    return seconds


@contextlib.contextmanager
def no_plugins() -> Iterator[None]:
    """Switch all plugins off, in this process and in those that it starts, until the block ends."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = NONE
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
