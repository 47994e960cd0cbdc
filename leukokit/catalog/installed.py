"""Installed distributions that have plugins, read from their metadata; nothing of theirs is imported.

One distribution is read at a time: if its metadata is damaged, its plugin counts as broken, and the others
still work. ``importlib.metadata.entry_points`` raises for all of them instead.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata

from leukokit.catalog.offers import GROUP

_UNKNOWN = "unknown distribution"


@dataclass(frozen=True, slots=True)
class InstalledPlugins:
    """The plugins of one distribution.

    Attributes
    ----------
    distribution, version : str
    points : tuple of (str, str)
        Name and value of each entry point, such as ``("otsu", "leukokit_otsu.plugin")``.
    problem : str
        Why its entry points cannot be read; empty where they can.
    record : str
        The list of installed files with their digests (``RECORD``); empty where there is none.
    metadata : importlib.metadata.Distribution
    """

    distribution: str
    version: str
    points: tuple[tuple[str, str], ...]
    problem: str
    record: str
    metadata: metadata.Distribution = field(repr=False, compare=False)

    @property
    def origin(self) -> str:
        """Distribution and version, as shown to users."""
        return f"{self.distribution} {self.version}".strip()


def environment() -> tuple[str, ...]:
    """Name and version of everything that is installed, by the names of metadata folders.

    Part of the digest of every plugin, since a hook may offer a component only where another package is
    installed, and a plugin that lacked one works once it is there. Reading all metadata would take 50 times
    as long.
    """
    names: list[str] = []
    for folder in sys.path:
        try:
            entries = os.listdir(folder or ".")  # noqa: PTH208 - twice as fast, and at every start
        except OSError:
            continue
        names += [name for name in entries if name.endswith((".dist-info", ".egg-info"))]
    return tuple(sorted(names))


def absolute_path() -> list[str]:
    """Folders in which this process looks for modules, for a child process with another current folder."""
    folders: list[str] = []
    for folder in sys.path:
        with contextlib.suppress(OSError):  # a relative one, while the current folder has been removed
            folders.append(os.path.abspath(folder))  # noqa: PTH100 - '' is the current folder
    return folders


def installed_plugins(installed: tuple[str, ...]) -> list[InstalledPlugins]:
    """Every distribution with entry points of the group ``leukokit``, ordered by their names.

    Of two distributions of one name the first on the path counts, as it does for ``import``.

    Parameters
    ----------
    installed : tuple of str
        What :func:`environment` gives.
    """
    counts = Counter(normalized(name.partition("-")[0]) for name in installed)
    seen: set[str] = set()
    plugins: list[InstalledPlugins] = []
    for distribution in metadata.distributions():
        read = _plugins_of(distribution)
        if read is None:
            continue
        name = normalized(read.distribution)
        twice = counts[name] > 1  # searching for others of its name takes longer than all else together
        if name in seen or (twice and _is_shadowed(distribution, read.distribution)):
            continue
        if read.distribution != _UNKNOWN:
            seen.add(name)
        plugins.append(read)
    return sorted(plugins, key=lambda plugin: (plugin.points, plugin.distribution))


def normalized(name: str) -> str:
    """Name of a distribution as installers compare it: ``Leukokit_Otsu`` is ``leukokit-otsu``."""
    return re.sub(r"[-_.]+", "-", name).strip().lower()


def _plugins_of(distribution: metadata.Distribution) -> InstalledPlugins | None:
    points: list[tuple[str, str]] = []
    problem = ""
    try:
        text = distribution.read_text("entry_points.txt")
        if not text or GROUP not in text:
            return None
        points = sorted({(point.name, point.value) for point in _points_of(distribution)})
        if not points:
            return None
    except UnicodeDecodeError as error:
        if GROUP.encode() not in bytes(error.object).replace(b"\0", b""):
            return None  # a damaged file of a package that has nothing to do with leukokit
        problem = (
            f"its entry_points.txt is not UTF-8 (byte 0x{error.object[error.start]:02x} at {error.start})"
        )
    except Exception as error:
        problem = f"its entry_points.txt cannot be read ({type(error).__name__}: {error})"
    name, version = _name_and_version(distribution)
    record = "" if problem else _record(distribution)
    return InstalledPlugins(name, version, tuple(points), problem, record, distribution)


def _points_of(distribution: metadata.Distribution) -> Iterator[metadata.EntryPoint]:
    return (point for point in distribution.entry_points if point.group == GROUP)


def _name_and_version(distribution: metadata.Distribution) -> tuple[str, str]:
    with contextlib.suppress(Exception):  # damaged metadata must not hide the plugin
        about = distribution.metadata  # read once; parsing it takes longer than finding it
        return about["Name"] or _UNKNOWN, about["Version"] or ""
    return _UNKNOWN, ""


def _record(distribution: metadata.Distribution) -> str:
    with contextlib.suppress(UnicodeDecodeError):
        return distribution.read_text("RECORD") or ""
    return ""


def _is_shadowed(distribution: metadata.Distribution, name: str) -> bool:
    """Whether another distribution of that name comes first on the path."""
    try:
        first = metadata.distribution(name)
        return str(first.locate_file("")) != str(distribution.locate_file(""))
    except Exception:
        return False
