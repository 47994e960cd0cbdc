"""Find plugins one at a time, so that one that fails takes nothing else with it.

A plugin is a module, named in the entry-point group ``leukokit``, with one or more hooks: functions without
arguments that return the components of one kind. The table of kinds says which hooks there are. A hook only
describes components; the class behind ``target`` is imported when a recipe uses it. A complete plugin::

    # leukokit_otsu/plugin.py            entry point:  [project.entry-points.leukokit]
    from leukokit.api import ComponentSpec, hookimpl           # otsu = "leukokit_otsu.plugin"

    LEUKOKIT_API = 1

    @hookimpl
    def leukokit_segmenters():
        return [ComponentSpec("otsu", "leukokit_otsu.segmenter:Otsu", "One Otsu threshold on saturation.")]
"""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from typing import Any

import pluggy

from leukokit._version import __version__
from leukokit.api import API_VERSION, ComponentSpec
from leukokit.catalog.catalog import BrokenPlugin, Catalog
from leukokit.catalog.entry import CatalogEntry
from leukokit.catalog.kinds import KINDS, ComponentKind, KindTable
from leukokit.near_names import did_you_mean
from leukokit.process import stop

GROUP = "leukokit"

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ENTRY_POINT = re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE)
_TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


class _Refused(Exception):
    """A plugin broke the rules of discovery; the text is the reason shown to users."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a plugin comes from, before anything of it is imported."""

    name: str
    prefix: str
    distribution: str
    version: str
    load: Callable[[], Any]


def discover(kinds: KindTable = KINDS) -> Catalog:
    """Find every installed component, built in or not.

    Parameters
    ----------
    kinds : KindTable
        Kinds to look for.

    Returns
    -------
    Catalog
        Components of the plugins that work; the others are in ``broken``, each with its reason.
    """
    entries: list[CatalogEntry] = []
    broken: list[BrokenPlugin] = []
    hooks = _specifications(kinds)
    for source in (*_built_ins(kinds), *_installed()):
        try:
            # Data goes to stdout: a plugin that prints while it is imported must not spoil `list --json`.
            with contextlib.redirect_stdout(sys.stderr):
                entries += _entries_of(source, kinds, hooks)
        except (Exception, SystemExit) as error:
            stop.check(error)
            reason = str(error) if isinstance(error, _Refused) else _reason(error)
            origin = f"{source.distribution} {source.version}".strip()
            broken.append(BrokenPlugin(source.name, origin, reason))
    return Catalog(entries, broken, kinds)


def _built_ins(kinds: KindTable) -> Iterator[_Source]:
    for module in filter(None, (kind.built_ins for kind in kinds)):
        yield _Source(module, "", "leukokit", __version__, partial(importlib.import_module, module))


def _installed() -> Iterator[_Source]:
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        distribution, version = "unknown distribution", ""
        with contextlib.suppress(Exception):  # damaged metadata must not hide the plugin
            if point.dist is not None:
                distribution, version = point.dist.name or distribution, point.dist.version or ""
        yield _Source(point.name, f"{point.name}/", distribution, version, point.load)


def _specifications(kinds: KindTable) -> type:
    """Make the hooks that pluggy holds plugins against: one a kind, without arguments."""
    marker = pluggy.HookspecMarker(GROUP)
    return type("Hooks", (), {kind.hook: marker(_specification(kind)) for kind in kinds})


def _specification(kind: ComponentKind) -> Callable[[], Iterable[ComponentSpec]]:
    def hook() -> Iterable[ComponentSpec]:
        raise NotImplementedError

    hook.__name__ = hook.__qualname__ = kind.hook
    hook.__doc__ = f"Offer {kind.title.lower()}: {kind.takes} -> {kind.gives}."
    return hook


def _entries_of(source: _Source, kinds: KindTable, hooks: type) -> list[CatalogEntry]:
    if source.prefix and not _ENTRY_POINT.fullmatch(source.name):
        raise _Refused(f"the entry point's name {source.name!r} may hold letters, digits, '_' and '-' only")
    plugin = source.load()
    wanted = getattr(plugin, "LEUKOKIT_API", API_VERSION)
    if wanted != API_VERSION:
        raise _Refused(
            f"it is written for plugin API {wanted!r}; this leukokit offers {API_VERSION}: "
            f"install another version of {source.distribution}, or of leukokit"
        )
    entries: list[CatalogEntry] = []
    for hook in _hooks_of(plugin, source.name, kinds, hooks):
        kind = kinds.of_hook(hook.name)
        for results in hook():
            for spec in _specs(hook.name, results):
                name = source.prefix + spec.name
                if any((entry.kind, entry.name) == (kind, name) for entry in entries):
                    raise _Refused(f"{hook.name} offers {spec.name!r} twice")
                entries.append(CatalogEntry(kind, name, spec, source.distribution, source.version))
    return entries


def _hooks_of(plugin: Any, name: str, kinds: KindTable, hooks: type) -> list[pluggy.HookCaller]:
    """Hooks that the plugin implements, each checked against its specification."""
    manager = pluggy.PluginManager(GROUP)  # one a plugin: a mistake in one is never reported for another
    manager.add_hookspecs(hooks)
    manager.register(plugin, name)
    known = [kind.hook for kind in kinds]
    implemented = manager.get_hookcallers(plugin) or []
    for hook in implemented:
        if hook.name not in known:
            raise _Refused(f"there is no hook named {hook.name!r}{did_you_mean(hook.name, known)}")
    manager.check_pending()
    if not implemented:
        bare = sorted(attribute for attribute in dir(plugin) if attribute in known)
        help_ = f"put @hookimpl above {bare[0]}" if bare else f"hooks: {', '.join(known)}"
        raise _Refused(f"it implements no hook; {help_}")
    return implemented


def _specs(hook: str, results: object) -> list[ComponentSpec]:
    if isinstance(results, (str, bytes)) or not isinstance(results, Iterable):
        raise _Refused(f"{hook} returned {type(results).__name__}; expected a list of ComponentSpec")
    specs: list[ComponentSpec] = []
    for spec in results:
        if not isinstance(spec, ComponentSpec):
            raise _Refused(f"{hook} returned a list with {type(spec).__name__} in it; expected ComponentSpec")
        if not (isinstance(spec.name, str) and _NAME.fullmatch(spec.name)):
            raise _Refused(
                f"{hook} offers a component named {spec.name!r}; "
                "names are lower-case letters, digits and '_', and start with a letter"
            )
        if not (isinstance(spec.target, str) and _TARGET.fullmatch(spec.target)):
            raise _Refused(
                f"{hook} says {spec.name!r} is at {spec.target!r}; expected 'package.module:Class'"
            )
        if not (isinstance(spec.summary, str) and spec.summary.strip() and "\n" not in spec.summary):
            raise _Refused(f"{hook} gives {spec.name!r} no one-line summary")
        specs.append(spec)
    return specs


def _reason(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r}) while it was being imported"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
