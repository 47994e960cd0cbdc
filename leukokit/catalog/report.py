"""Results of the examination of the plugins of one distribution; kept as JSON between commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from leukokit.api import ComponentSpec
from leukokit.catalog.offers import Offer


@dataclass(frozen=True, slots=True)
class LoadedComponent:
    """How the import of one component went; only where loading was requested.

    Attributes
    ----------
    kind, name : str
    seconds : float
        Time of the import.
    problem, hint : str
        Why it cannot be used, and what to do; empty where it can.
    missing_package : bool
        True where it only needs a package that is not installed.
    """

    kind: str
    name: str
    seconds: float
    problem: str = ""
    hint: str = ""
    missing_package: bool = False


@dataclass(frozen=True, slots=True)
class PluginReport:
    """What one entry point offers.

    Attributes
    ----------
    name : str
        Name of the entry point.
    offers : tuple of Offer
        In the order of the hooks.
    reason : str
        Why the plugin is broken; empty where it works.
    seconds : float
        Time to import it and call its hooks.
    lasting : bool
        False where another try may end differently although nothing is installed or changed, such as after a
        signal from outside: the report is not kept.
    components : tuple of LoadedComponent
        Empty unless loading was requested.
    """

    name: str
    offers: tuple[Offer, ...] = ()
    reason: str = ""
    seconds: float = 0.0
    lasting: bool = True
    components: tuple[LoadedComponent, ...] = ()


@dataclass(frozen=True, slots=True)
class DistributionReport:
    """What the plugins of one distribution offer.

    Attributes
    ----------
    plugins : tuple of PluginReport
        One for each entry point.
    printed : str
        What they wrote to stdout and stderr meanwhile; its end, where it is long.
    """

    plugins: tuple[PluginReport, ...]
    printed: str = ""

    @property
    def lasting(self) -> bool:
        """Whether the report may be kept."""
        return all(plugin.lasting for plugin in self.plugins)

    def plain(self) -> dict[str, Any]:
        """As JSON; without the components, which are examined again each time."""
        return {"plugins": [_plain(plugin) for plugin in self.plugins]}

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Self:
        """Read what :meth:`plain` gives.

        Raises
        ------
        KeyError, TypeError, ValueError
            Where the data has another form.
        """
        return cls(tuple(_plugin(plain) for plain in data["plugins"]))


def plain_offers(offers: list[Offer] | tuple[Offer, ...]) -> list[list[str]]:
    """Rows of hook, name, target and summary."""
    return [[offer.hook, offer.spec.name, offer.spec.target, offer.spec.summary] for offer in offers]


def offers_from(rows: list[list[str]]) -> tuple[Offer, ...]:
    """Read what :func:`plain_offers` gives."""
    return tuple(Offer(hook, ComponentSpec(name, target, summary)) for hook, name, target, summary in rows)


def _plain(plugin: PluginReport) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "reason": plugin.reason,
        "seconds": plugin.seconds,
        "offers": plain_offers(plugin.offers),
    }


def _plugin(data: dict[str, Any]) -> PluginReport:
    return PluginReport(data["name"], offers_from(data["offers"]), data["reason"], data["seconds"])
