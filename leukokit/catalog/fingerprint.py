"""A digest of all that the answers of a distribution's plugins depend on.

If the digest has not changed, no plugin is asked again. Modification times are not part of it: clocks jump,
and installers set any time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from leukokit._version import __version__
from leukokit.api import API_VERSION
from leukokit.catalog.choice import SILENCE_VARIABLE
from leukokit.catalog.installed import InstalledPlugins
from leukokit.catalog.kinds import KindTable

LAYOUT = 1
"""Raised when the meaning of kept reports or the rules of discovery change."""


def fingerprint(plugins: InstalledPlugins, kinds: KindTable, installed: tuple[str, ...]) -> str | None:
    """Digest of a distribution, and of what may change its answers.

    Parameters
    ----------
    plugins : InstalledPlugins
    kinds : KindTable
        The hooks that are called.
    installed : tuple of str
        What :func:`leukokit.catalog.installed.environment` gives.

    Returns
    -------
    str or None
        32 hexadecimal digits; None where the plugin's files cannot be read, so that nothing may be kept.
    """
    state = hashlib.blake2b(digest_size=16)
    about = (
        (LAYOUT, __version__, API_VERSION, sys.version, [kind.hook for kind in kinds]),
        (plugins.distribution, plugins.version, plugins.points, plugins.problem, plugins.record),
        (installed, os.environ.get(SILENCE_VARIABLE, "")),
    )
    state.update(json.dumps(about).encode())
    try:
        for path in _unlisted_sources(plugins):
            state.update(b"\0" + path.name.encode("utf-8", "surrogateescape") + b"\0" + path.read_bytes())
    except OSError:
        return None
    return state.hexdigest()


def _unlisted_sources(plugins: InstalledPlugins) -> Iterator[Path]:
    """Source files of the plugins' modules whose digest is not in the list of installed files.

    They are those of a distribution that is installed in place (``pip install -e``), where the list does not
    change with the code.
    """
    for module in sorted({value.partition(":")[0].strip() for _, value in plugins.points}):
        spec = _spec(module)
        origin = spec.origin if spec is not None else None
        if spec is None or origin is None or _is_listed(origin, plugins):
            continue
        if spec.submodule_search_locations is None:
            yield Path(origin)
        else:
            for folder in spec.submodule_search_locations:
                yield from sorted(Path(folder).rglob("*.py"))


def _is_listed(origin: str, plugins: InstalledPlugins) -> bool:
    """Whether the list of installed files has a digest of that file."""
    root = str(plugins.metadata.locate_file(""))
    try:
        name = Path(origin).relative_to(root).as_posix()
    except ValueError:
        return False
    return f"\n{name},sha256=" in f"\n{plugins.record}"


def _spec(module: str) -> ModuleSpec | None:
    """Find the module, or the package it is in, without importing anything.

    ``importlib.util.find_spec`` of a dotted name imports the packages above it.
    """
    parts = module.split(".")
    try:
        spec = importlib.util.find_spec(parts[0])
        for count in range(2, len(parts) + 1):
            if spec is None or spec.submodule_search_locations is None or spec.origin is not None:
                break  # a package with code of its own: all of it counts
            spec = PathFinder.find_spec(".".join(parts[:count]), spec.submodule_search_locations)
    except (ImportError, ValueError, AttributeError):
        return None
    return spec
