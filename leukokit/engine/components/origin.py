"""Which distribution a component comes from, and where to report its failures.

Looked up only after something has failed: reading the metadata of all that is installed takes long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata

_GROUP = "leukokit"
_TRACKER = ("issue", "bug", "tracker", "support", "report")


@dataclass(frozen=True, slots=True)
class Origin:
    """An installed distribution.

    Attributes
    ----------
    name : str
        Distribution and version, as shown to users.
    contact : str
        Its issue tracker, its author, or its home page; empty where the metadata name none.
    """

    name: str
    contact: str = ""


def is_foreign(component: object) -> bool:
    """Whether a component is not one of leukokit's own.

    Its module says so: the distribution ``leukokit`` has all modules below ``leukokit``, and no other has
    any.
    """
    return is_foreign_module(type(component).__module__)


def is_foreign_module(module: str) -> bool:
    """Whether a module, or the ``"module:Class"`` of a spec, is not one of leukokit's own."""
    return not module.startswith("leukokit.")


def origin_of(module: str) -> Origin:
    """Find the distribution that a module of a component belongs to.

    Parameters
    ----------
    module : str
        Such as ``leukokit_otsu.segmenter``.

    Returns
    -------
    Origin
        Named after the module where no distribution is known.
    """
    try:
        distribution = _by_entry_point(module) or _by_package(module)
    except Exception:  # damaged metadata of any distribution; the failure itself must still be reported
        distribution = None
    if distribution is None:
        return Origin(f"module {module}")
    return Origin(f"{distribution.name} {distribution.version}".strip(), _contact(distribution))


def _by_entry_point(module: str) -> metadata.Distribution | None:
    """Distribution with a plugin in the same package."""
    for point in metadata.entry_points(group=_GROUP):
        package = point.module.rpartition(".")[0] or point.module
        if point.dist is not None and (module == package or module.startswith(f"{package}.")):
            return point.dist
    return None


def _by_package(module: str) -> metadata.Distribution | None:
    names: Sequence[str] = metadata.packages_distributions().get(module.partition(".")[0], ())
    return metadata.distribution(names[0]) if names else None


def _contact(distribution: metadata.Distribution) -> str:
    about = distribution.metadata
    urls = dict(_labeled(about.get_all("Project-URL") or ()))
    trackers = [url for label, url in urls.items() if any(word in label.lower() for word in _TRACKER)]
    people = (
        _first(about.get_all(field)) for field in ("Author-email", "Maintainer-email", "Author", "Maintainer")
    )
    homes = (_first(about.get_all("Home-page")), *urls.values())
    return next((contact for contact in (*trackers, *people, *homes) if contact), "")


def _first(values: Sequence[str] | None) -> str:
    return values[0] if values else ""


def _labeled(urls: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Label and address of each ``Project-URL``, written as ``label, address``."""
    for entry in urls:
        label, _, address = entry.partition(",")
        yield label.strip(), address.strip()
