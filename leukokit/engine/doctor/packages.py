"""Installed packages: versions, and whether each has what it requires."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement

from leukokit.catalog.installed import environment, installed_plugins
from leukokit.engine.cache.keys import library_versions
from leukokit.engine.doctor.finding import Finding, Level
from leukokit.engine.doctor.version import installed_version


def examine_packages() -> Iterator[Finding]:
    """Examine the libraries that compute, and the requirements of leukokit and of each plugin."""
    versions = ", ".join(f"{name} {version}" for name, version in library_versions())
    yield Finding("packages", Level.OK, versions)
    names = ["leukokit", *(plugins.distribution for plugins in installed_plugins(environment()))]
    count = 0
    for name in dict.fromkeys(names):
        for requirement in _requirements(name):
            problem = _problem(requirement)
            if problem:
                hint = f"Run: pip install '{_without_marker(requirement)}'"
                yield Finding(
                    "packages", Level.FAIL, f"{name} requires {_without_marker(requirement)}; {problem}", hint
                )
            else:
                count += 1
    yield Finding("packages", Level.OK, f"{count} requirements of leukokit and its plugins are met")


def _requirements(name: str) -> Iterator[Requirement]:
    """Yield what this machine must meet; requirements of an extra only where the package is installed."""
    try:
        written = metadata.requires(name) or []
        extras = metadata.metadata(name).get_all("Provides-Extra") or []
    except (
        Exception
    ):  # not installed, such as leukokit on PYTHONPATH, or damaged, which another finding reports
        return
    for text in written:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # pip refuses it; nothing can be said about it
        marker = requirement.marker
        possible = extras if installed_version(requirement.name) else []
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ["", *possible]):
            yield requirement


def _problem(requirement: Requirement) -> str:
    version = installed_version(requirement.name)
    if version is None:
        return "it is not installed"
    if requirement.specifier.contains(version, prereleases=True):
        return ""
    return f"installed is {version}"


def _without_marker(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"
