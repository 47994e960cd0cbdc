"""Find all components: a plugin that is not used changes nothing, and one that fails does not affect others.

A plugin is a module, named in the entry-point group ``leukokit``, with one or more hooks: functions without
arguments that return the components of one kind. The table of kinds says which hooks there are. A hook only
describes components; the class behind ``target`` is imported when a recipe uses it. A complete plugin::

    # leukokit_otsu/plugin.py            entry point:  [project.entry-points.leukokit]
    from leukokit.api import ComponentSpec, hookimpl           # otsu = "leukokit_otsu.plugin"

    LEUKOKIT_API = 1

    @hookimpl
    def leukokit_segmenters():
        return [ComponentSpec("otsu", "leukokit_otsu.segmenter:Otsu", "One Otsu threshold on saturation.")]

Built-in modules are imported in this process. Those of other distributions are imported in a child process
(:mod:`leukokit.catalog.examination`), once for each state of what is installed
(:mod:`leukokit.catalog.fingerprint`); what they offer is kept in the cache folder.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from leukokit._version import __version__
from leukokit.cache_folder import AUTO_CACHE, default_cache
from leukokit.catalog.catalog import BrokenPlugin, Catalog, SwitchedOff
from leukokit.catalog.choice import PluginChoice
from leukokit.catalog.entry import CatalogEntry
from leukokit.catalog.fingerprint import fingerprint
from leukokit.catalog.installed import InstalledPlugins, environment, installed_plugins
from leukokit.catalog.kinds import KINDS, KindTable
from leukokit.catalog.offers import Offer, offers_of, reason_of
from leukokit.catalog.report import DistributionReport
from leukokit.catalog.report_cache import ReportCache
from leukokit.process import stop


def discover(
    kinds: KindTable = KINDS, *, cache: str | Path | None = AUTO_CACHE, again: bool = False
) -> Catalog:
    """Find every installed component, built in or not.

    The environment variable ``LEUKOKIT_PLUGINS`` says which distributions' plugins are used: all where it is
    not set, ``none``, or names with commas between them.

    Parameters
    ----------
    kinds : KindTable
        Kinds to look for.
    cache : str, Path or None
        Folder that keeps what plugins offer; ``"auto"`` for ``$LEUKOKIT_CACHE`` or the user's cache
        folder, None to keep nothing.
    again : bool
        Ask plugins again, also where an answer is kept.

    Returns
    -------
    Catalog
        Components of the plugins that work; the others are in ``broken``, each with its reason.

    Raises
    ------
    UsageError
        Where ``LEUKOKIT_PLUGINS`` names a distribution that is not installed.
    """
    folder = default_cache() if cache == AUTO_CACHE else cache
    installed = environment()
    used, off = PluginChoice.from_environment().divide(installed_plugins(installed))
    notes: list[str] = []
    kept = ReportCache(Path(folder) if folder is not None else None)
    reports = _reports(used, installed, kinds, kept, notes, again=again)
    entries, broken = _built_ins(kinds)
    for plugins, report in zip(used, reports, strict=True):
        for plugin in report.plugins:
            if plugin.reason:
                broken.append(BrokenPlugin(plugin.name, plugins.origin, plugin.reason))
            entries += _entries(
                kinds, plugin.offers, f"{plugin.name}/", plugins.distribution, plugins.version
            )
    switched_off = [SwitchedOff(name, plugins.distribution) for plugins in off for name, _ in plugins.points]
    return Catalog(entries, broken, kinds, switched_off=switched_off, notes=notes)


def _built_ins(kinds: KindTable) -> tuple[list[CatalogEntry], list[BrokenPlugin]]:
    entries: list[CatalogEntry] = []
    broken: list[BrokenPlugin] = []
    hooks = [kind.hook for kind in kinds]
    for module in filter(None, (kind.built_ins for kind in kinds)):
        try:
            offers = offers_of(importlib.import_module(module), module, "leukokit", hooks)
        except Exception as error:
            stop.check(error)
            broken.append(BrokenPlugin(module, f"leukokit {__version__}", reason_of(error, "importing it")))
        else:
            entries += _entries(kinds, offers, "", "leukokit", __version__)
    return entries, broken


def _entries(
    kinds: KindTable, offers: Sequence[Offer], prefix: str, distribution: str, version: str
) -> Iterator[CatalogEntry]:
    of_hook = {kind.hook: kind for kind in kinds}
    for offer in offers:
        name = prefix + offer.spec.name
        yield CatalogEntry(of_hook[offer.hook], name, offer.spec, distribution, version)


def _reports(
    used: Sequence[InstalledPlugins],
    installed: tuple[str, ...],
    kinds: KindTable,
    kept: ReportCache,
    notes: list[str],
    *,
    again: bool,
) -> list[DistributionReport]:
    """Return what each distribution's plugins offer, from the cache folder or from a new examination."""
    if not used:
        return []
    digests = [fingerprint(plugins, kinds, installed) for plugins in used]
    known = [
        None if again else kept.get(one.distribution, digest)
        for one, digest in zip(used, digests, strict=True)
    ]
    unknown = [i for i, report in enumerate(known) if report is None]
    if unknown:
        from leukokit.catalog.examination import examine  # not needed at most starts

        for i, report in zip(unknown, examine([used[i] for i in unknown], kinds), strict=True):
            known[i] = report
            if report.lasting:
                kept.put(used[i].distribution, digests[i], report)
            if report.printed:
                notes.append(f"{used[i].origin} printed while it was loaded: {report.printed}")
    notes += kept.notes
    return [report for report in known if report is not None]
