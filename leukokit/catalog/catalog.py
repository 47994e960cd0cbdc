"""The immutable list of what is installed, with errors that say what was available."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from leukokit.catalog.entry import CatalogEntry
from leukokit.catalog.kinds import KINDS, ComponentKind, KindTable
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

    hint: ClassVar[None] = None  # the reason says what to do, where leukokit knows

    @property
    def state(self) -> str:
        """Its state, as a phrase that follows its name."""
        return f"is broken: {self.reason}"


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """A plugin that is installed and not used, because of the user's settings.

    Attributes
    ----------
    name : str
        Name of its entry point.
    distribution : str
        The installed package that it comes from, without its version.
    """

    name: str
    distribution: str

    state: ClassVar[str] = "is switched off"

    @property
    def hint(self) -> str:
        """How to use it."""
        return f"Leave out --no-plugins, or add {self.distribution} to LEUKOKIT_PLUGINS"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A name that more than one distribution offers; unusable until one of them is uninstalled."""

    kind: ComponentKind
    name: str
    origins: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} is offered by {' and by '.join(self.origins)}"


@dataclass(frozen=True, init=False)
class Catalog:
    """Components by kind and name; nothing can be added once it is built.

    Parameters
    ----------
    entries : iterable of CatalogEntry
        Every component that was offered, including several of one name.
    broken : iterable of BrokenPlugin
        Plugins that could not be used.
    kinds : KindTable
        Every kind that there is; recipes for this catalog have a key for each.
    switched_off : iterable of SwitchedOff
        Plugins that are installed and not used.
    notes : iterable of str
        What the user should know about the search for plugins, one sentence each.

    Attributes
    ----------
    broken : tuple of BrokenPlugin
    switched_off : tuple of SwitchedOff
    notes : tuple of str
    conflicts : tuple of Conflict
        Names that more than one distribution offers; none of these can be used.
    kinds : KindTable
    """

    broken: tuple[BrokenPlugin, ...]
    conflicts: tuple[Conflict, ...]
    kinds: KindTable
    switched_off: tuple[SwitchedOff, ...]
    notes: tuple[str, ...]
    _entries: dict[tuple[str, str], CatalogEntry]

    def __init__(
        self,
        entries: Iterable[CatalogEntry],
        broken: Iterable[BrokenPlugin] = (),
        kinds: KindTable = KINDS,
        *,
        switched_off: Iterable[SwitchedOff] = (),
        notes: Iterable[str] = (),
    ) -> None:
        offered: dict[tuple[str, str], list[CatalogEntry]] = {}
        for entry in entries:
            offered.setdefault((entry.kind.name, entry.name), []).append(entry)
        conflicts = (
            Conflict(same[0].kind, same[0].name, tuple(entry.origin for entry in same))
            for same in offered.values()
            if len(same) > 1
        )
        single = {key: same[0] for key, same in offered.items() if len(same) == 1}
        object.__setattr__(self, "broken", tuple(broken))
        object.__setattr__(self, "conflicts", tuple(conflicts))
        object.__setattr__(self, "kinds", kinds)
        object.__setattr__(self, "switched_off", tuple(switched_off))
        object.__setattr__(self, "notes", tuple(notes))
        object.__setattr__(self, "_entries", single)

    def of(self, kind: ComponentKind | str) -> tuple[CatalogEntry, ...]:
        """Components of one kind, given as such or by its name: built-ins first, each group by name."""
        name = str(kind)
        entries = [entry for entry in self._entries.values() if entry.kind.name == name]
        return tuple(sorted(entries, key=lambda entry: ("/" in entry.name, entry.name)))

    def get(self, kind: ComponentKind | str, name: str) -> CatalogEntry:
        """Find one component.

        Parameters
        ----------
        kind : ComponentKind or str
            Such as ``"segmenter"``.
        name : str
            As written in recipes.

        Raises
        ------
        CatalogError
            Where there is none of that name, saying which names there are; or more than one, naming the
            distributions.
        """
        known = self.kinds.named(str(kind))
        if known is None:
            kinds = [one.name for one in self.kinds]
            raise CatalogError(
                f"there is no kind of component named {str(kind)!r}{did_you_mean(str(kind), kinds)}",
                hint=f"Kinds: {', '.join(kinds)}",
            )
        entry = self._entries.get((known.name, name))
        if entry is not None:
            return entry
        for conflict in self.conflicts:
            if (conflict.kind, conflict.name) == (known, name):
                raise CatalogError(str(conflict), hint="Uninstall all but one of them")
        text = f"there is no {known.words} named {name!r}"
        unused = self.unused_plugin(name)
        if unused is not None:
            raise CatalogError(
                f"{text}: plugin {unused.name!r} of {unused.distribution} {unused.state}", hint=unused.hint
            )
        point, slash, _ = name.partition("/")
        offered = {other.partition("/")[0] for _, other in self._entries if "/" in other}
        if slash and point not in offered:
            raise CatalogError(
                f"{text}{self._nearest(known, name)}: no plugin {point!r} is installed",
                hint="Install the package that brings it (those in plugins_contrib/: pip install "
                "./plugins_contrib/leukokit-NAME); 'leukokit list' shows what is installed",
            )
        raise CatalogError(text + self._nearest(known, name), hint=self._available(known))

    def find(self, name: str) -> tuple[CatalogEntry, ...]:
        """Components of that name, of whatever kind."""
        return tuple(entry for entry in self._entries.values() if entry.name == name)

    def unused_plugin(self, name: str) -> BrokenPlugin | SwitchedOff | None:
        """Plugin that a component of that name would come from, if it is broken or switched off."""
        point = name.partition("/")[0]
        plugins: tuple[BrokenPlugin | SwitchedOff, ...] = (*self.broken, *self.switched_off)
        return next((plugin for plugin in plugins if plugin.name == point), None)

    def _nearest(self, kind: ComponentKind, name: str) -> str:
        others = [entry.kind.words for entry in self.find(name)]
        if others:
            return f"; {name!r} is a {others[0]}"
        return did_you_mean(name, [entry.name for entry in self.of(kind)])

    def _available(self, kind: ComponentKind) -> str:
        names = ", ".join(entry.name for entry in self.of(kind))
        return f"Available: {names}" if names else f"No {kind.words} is installed"
