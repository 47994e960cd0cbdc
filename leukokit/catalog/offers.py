"""What a plugin's module offers: its hooks are called, and what they return is checked against the rules.

Hooks of built-in modules are called in this process, those of others in a child process
(:mod:`leukokit.catalog.child`); both by :func:`offers_of`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pluggy

from leukokit.api import API_VERSION, ComponentSpec
from leukokit.near_names import did_you_mean

GROUP = "leukokit"

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ENTRY_POINT = re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE)
_TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_MOST_SPECS = 100_000  # a generator without end must not fill the memory


class Refused(Exception):
    """A plugin broke the rules of discovery; the text is the reason shown to users."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One component as a hook returned it."""

    hook: str
    spec: ComponentSpec


def offers_of(
    plugin: Any,
    name: str,
    distribution: str,
    hooks: Sequence[str],
    on_hook: Callable[[str], None] = lambda _: None,
) -> list[Offer]:
    """Call the hooks of a plugin's module.

    Parameters
    ----------
    plugin : module or object
        What the entry point names, imported.
    name : str
        Name of the entry point, or of the built-in module.
    distribution : str
        The package that it comes from.
    hooks : sequence of str
        Every hook that there is.
    on_hook : callable
        Called with each hook's name before the hook is called.

    Raises
    ------
    Refused
        Where the plugin breaks a rule, saying which.
    """
    wanted = getattr(plugin, "LEUKOKIT_API", API_VERSION)
    if wanted != API_VERSION:
        raise Refused(
            f"it is written for plugin API {wanted!r}; this leukokit offers {API_VERSION}: "
            f"install another version of {distribution}, or of leukokit"
        )
    offers: list[Offer] = []
    taken: set[tuple[str, str]] = set()
    for hook in _implemented(plugin, name, hooks):
        on_hook(hook.name)
        for results in hook():
            for spec in _checked_specs(hook.name, results):
                if (hook.name, spec.name) in taken:
                    raise Refused(f"{hook.name} offers {spec.name!r} twice")
                taken.add((hook.name, spec.name))
                offers.append(Offer(hook.name, spec))
    return offers


def check_entry_point(name: str) -> None:
    """Refuse the name of an entry point that could not stand in a recipe."""
    if not _ENTRY_POINT.fullmatch(name):
        raise Refused(f"the entry point's name {name!r} may hold letters, digits, '_' and '-' only")


def reason_of(error: BaseException, doing: str) -> str:
    """Say in one line why a plugin failed; ``doing`` is the step, such as ``importing x.plugin``."""
    if isinstance(error, SystemExit):
        while_ = "while it was being imported" if doing.startswith("importing ") else f"while {doing}"
        return f"it called sys.exit({error.code!r}) {while_}"
    try:
        text = " ".join(str(error).split())
    except BaseException:  # an exception class of the plugin, whose ``__str__`` fails
        text = ""
    if isinstance(error, Refused):
        return text
    kind = type(error).__name__
    return f"{kind}: {text}" if text else f"{kind} while {doing}"


def _implemented(plugin: Any, name: str, hooks: Sequence[str]) -> list[pluggy.HookCaller]:
    """Hooks that the plugin implements, each checked against its specification."""
    manager = pluggy.PluginManager(GROUP)  # one a plugin: a mistake in one is never reported for another
    manager.add_hookspecs(_specifications(tuple(hooks)))
    manager.register(plugin, name)
    implemented = manager.get_hookcallers(plugin) or []
    for hook in implemented:
        if hook.name not in hooks:
            raise Refused(f"there is no hook named {hook.name!r}{did_you_mean(hook.name, hooks)}")
    manager.check_pending()
    if not implemented:
        bare = sorted(attribute for attribute in dir(plugin) if attribute in hooks)
        help_ = f"put @hookimpl above {bare[0]}" if bare else f"hooks: {', '.join(hooks)}"
        raise Refused(f"it implements no hook; {help_}")
    return implemented


@cache
def _specifications(hooks: tuple[str, ...]) -> type:
    """Make the specifications that pluggy checks plugins against: functions without arguments."""
    marker = pluggy.HookspecMarker(GROUP)
    return type("Hooks", (), {name: marker(_specification(name)) for name in hooks})


def _specification(name: str) -> Callable[[], Iterable[ComponentSpec]]:
    def hook() -> Iterable[ComponentSpec]:
        raise NotImplementedError

    hook.__name__ = hook.__qualname__ = name
    return hook


def _checked_specs(hook: str, results: object) -> list[ComponentSpec]:
    if isinstance(results, (str, bytes)) or not isinstance(results, Iterable):
        raise Refused(f"{hook} returned {type(results).__name__}; expected a list of ComponentSpec")
    specs: list[ComponentSpec] = []
    for spec in results:
        _check_spec(hook, spec)
        specs.append(spec)
        if len(specs) > _MOST_SPECS:
            raise Refused(f"{hook} offers more than {_MOST_SPECS:,} components; its list may have no end")
    return specs


def _check_spec(hook: str, spec: object) -> None:
    if not isinstance(spec, ComponentSpec):
        raise Refused(f"{hook} returned a list with {type(spec).__name__} in it; expected ComponentSpec")
    if not (isinstance(spec.name, str) and _NAME.fullmatch(spec.name)):
        raise Refused(
            f"{hook} offers a component named {spec.name!r}; "
            "names are lower-case letters, digits and '_', and start with a letter"
        )
    if not (isinstance(spec.target, str) and _TARGET.fullmatch(spec.target)):
        raise Refused(f"{hook} says {spec.name!r} is at {spec.target!r}; expected 'package.module:Class'")
    if not (isinstance(spec.summary, str) and spec.summary.strip() and "\n" not in spec.summary):
        raise Refused(f"{hook} gives {spec.name!r} no one-line summary")
