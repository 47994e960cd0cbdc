"""Components: built-in ones are loaded in this process, those of plugins in child processes."""

from __future__ import annotations

from collections.abc import Iterator

from leukokit._version import __version__
from leukokit.catalog import Catalog
from leukokit.catalog.choice import PluginChoice
from leukokit.catalog.examination import examine
from leukokit.catalog.installed import InstalledPlugins, environment, installed_plugins
from leukokit.catalog.report import LoadedComponent, PluginReport
from leukokit.engine.doctor.finding import Finding, Level
from leukokit.errors import CatalogError, MissingPackageError

_SLOW = 1.0  # seconds; a module that only describes components takes a tenth of that


def examine_plugins(catalog: Catalog) -> Iterator[Finding]:
    """Load every component."""
    yield from _built_ins(catalog)
    used, _ = PluginChoice.from_environment().divide(installed_plugins(environment()))
    for plugins, report in zip(used, examine(used, catalog.kinds, load=True), strict=True):
        for plugin in report.plugins:
            yield from _of_plugin(plugins, plugin)
    for conflict in catalog.conflicts:
        yield Finding("plugins", Level.FAIL, str(conflict), "Uninstall all but one of them")
    for off in catalog.switched_off:
        text = f"{off.name} of {off.distribution} {off.state}"
        yield Finding("plugins", Level.NOTE, text, off.hint)


def _built_ins(catalog: Catalog) -> Iterator[Finding]:
    usable = 0
    failed: dict[str, list[CatalogError]] = {}
    for entry in (entry for kind in catalog.kinds for entry in catalog.of(kind)):
        if entry.distribution != "leukokit":
            continue
        try:
            entry.load()
            usable += 1
        except MissingPackageError as error:
            yield Finding("plugins", Level.NOTE, f"{error.where}: {error.what}", error.hint or "")
        except CatalogError as error:
            cause = error.__cause__ or error
            failed.setdefault(f"{type(cause).__name__}: {cause}", []).append(error)
    for reason, errors in failed.items():  # a library that cannot be imported fails many, by one reason
        names = ", ".join(str(error.where).removesuffix(f" of leukokit {__version__}") for error in errors)
        text = f"{len(errors)} components cannot be imported: {reason} ({names})"
        yield Finding("plugins", Level.FAIL, text, "Put the library right that is named, or reinstall it")
    yield Finding("plugins", Level.OK, f"{usable} built-in components can be used")
    for broken in catalog.broken:
        if broken.distribution.startswith("leukokit "):
            text = f"{broken.name} {broken.state}"
            yield Finding("plugins", Level.FAIL, text, "Install leukokit again")


def _of_plugin(plugins: InstalledPlugins, plugin: PluginReport) -> Iterator[Finding]:
    name = f"{plugin.name} of {plugins.origin}"
    for component in plugin.components:
        yield from _of_component(plugins, component)
    if plugin.reason:
        reason = plugin.reason.removesuffix("; 'leukokit doctor' tries again")
        hint = f"Update or uninstall {plugins.distribution}, or switch it off with LEUKOKIT_PLUGINS"
        yield Finding("plugins", Level.FAIL, f"{name} is broken: {reason}", hint)
        return
    usable = sum(not component.problem for component in plugin.components)
    seconds = plugin.seconds + sum(component.seconds for component in plugin.components)
    text = f"{name}: {usable} component{'s' if usable != 1 else ''} can be used, loaded in {seconds:.1f} s"
    if usable or not plugin.components:
        yield Finding("plugins", Level.OK, text)
    if plugin.seconds > _SLOW:
        hint = "Tell its authors: import libraries where the components are, not in the module with the hooks"
        yield Finding(
            "plugins", Level.NOTE, f"{name} takes {plugin.seconds:.1f} s to say what it offers", hint
        )


def _of_component(plugins: InstalledPlugins, component: LoadedComponent) -> Iterator[Finding]:
    if component.problem:
        level = Level.NOTE if component.missing_package else Level.FAIL
        text = f"{component.kind} {component.name} of {plugins.origin}: {component.problem}"
        hint = component.hint or f"Report this to the authors of {plugins.distribution}"
        yield Finding("plugins", level, text, hint)
