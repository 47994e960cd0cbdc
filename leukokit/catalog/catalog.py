"""The immutable list of what is installed, with errors that say what was available."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leukokit.api import Kind
from leukokit.catalog.entry import Entry
from leukokit.errors import CatalogError
from leukokit.near_names import did_you_mean


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """A plugin that could not be used; the others work without it.

    Attributes
    ----------
    name : str
        Name of its entry point.
    distribution : str
        The installed package that it comes from, with its version.
    reason : str
        One sentence.
    """

    name: str
    distribution: str
    reason: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A name that more than one distribution offers; unusable until one of them is uninstalled."""

    kind: Kind
    name: str
    origins: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} is offered by {' and by '.join(self.origins)}"


@dataclass(frozen=True, init=False)
class Catalog:
    """Components by kind and name; nothing can be added once it is built.

    Parameters
    ----------
    entries : iterable of Entry
        Every component that was offered, doubles included.
    broken : iterable of BrokenPlugin
        Plugins that could not be used.

    Attributes
    ----------
    broken : tuple of BrokenPlugin
    conflicts : tuple of Conflict
        Names that more than one distribution offers; none of these can be used.
    """

    broken: tuple[BrokenPlugin, ...]
    conflicts: tuple[Conflict, ...]
    _entries: dict[tuple[Kind, str], Entry]

    def __init__(self, entries: Iterable[Entry], broken: Iterable[BrokenPlugin] = ()) -> None:
        offered: dict[tuple[Kind, str], list[Entry]] = {}
        for entry in entries:
            offered.setdefault((entry.kind, entry.name), []).append(entry)
        conflicts = (
            Conflict(*key, tuple(entry.origin for entry in found))
            for key, found in offered.items()
            if len(found) > 1
        )
        single = {key: found[0] for key, found in offered.items() if len(found) == 1}
        object.__setattr__(self, "broken", tuple(broken))
        object.__setattr__(self, "conflicts", tuple(conflicts))
        object.__setattr__(self, "_entries", single)

    def of(self, kind: Kind) -> tuple[Entry, ...]:
        """Components of one kind: built-ins first, each group by name."""
        found = [entry for entry in self._entries.values() if entry.kind == kind]
        return tuple(sorted(found, key=lambda entry: ("/" in entry.name, entry.name)))

    def get(self, kind: Kind | str, name: str) -> Entry:
        """Find one component.

        Parameters
        ----------
        kind : Kind or str
            Such as ``"segmenter"``.
        name : str
            As written in recipes.

        Raises
        ------
        CatalogError
            Where there is none of that name, saying which names there are; or more than one, naming the
            distributions.
        """
        try:
            kind = Kind(kind)
        except ValueError:
            kinds = [str(one) for one in Kind]
            raise CatalogError(
                f"there is no kind of component named {kind!r}{did_you_mean(str(kind), kinds)}",
                hint=f"Kinds: {', '.join(kinds)}",
            ) from None
        entry = self._entries.get((kind, name))
        if entry is not None:
            return entry
        for conflict in self.conflicts:
            if (conflict.kind, conflict.name) == (kind, name):
                raise CatalogError(str(conflict), hint="Uninstall all but one of them")
        raise CatalogError(self._unknown(kind, name), hint=self._available(kind))

    def find(self, name: str) -> tuple[Entry, ...]:
        """Components of that name, of whatever kind."""
        return tuple(entry for entry in self._entries.values() if entry.name == name)

    def _unknown(self, kind: Kind, name: str) -> str:
        words = str(kind).replace("_", " ")
        text = f"there is no {words} named {name!r}"
        for plugin in self.broken:
            if name == plugin.name or name.startswith(f"{plugin.name}/"):
                return f"{text}: plugin {plugin.name!r} of {plugin.distribution} is broken: {plugin.reason}"
        others = [str(entry.kind).replace("_", " ") for entry in self.find(name)]
        if others:
            return f"{text}; {name!r} is a {others[0]}"
        return text + did_you_mean(name, [entry.name for entry in self.of(kind)])

    def _available(self, kind: Kind) -> str:
        names = ", ".join(entry.name for entry in self.of(kind))
        return f"Available: {names}" if names else f"No {str(kind).replace('_', ' ')} is installed"
