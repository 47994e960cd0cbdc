"""Which components are installed: discovered once, immutable, passed down.

:func:`discover` is the only code that knows where components come from; everything else asks the
:class:`Catalog` that it returns. Nothing here imports numpy or a component.
"""

from __future__ import annotations

from leukokit.catalog.catalog import BrokenPlugin, Catalog, Conflict, SwitchedOff
from leukokit.catalog.discovery import discover
from leukokit.catalog.entry import CatalogEntry
from leukokit.catalog.kinds import KINDS, ComponentKind, KindTable

__all__ = [
    "KINDS",
    "BrokenPlugin",
    "Catalog",
    "CatalogEntry",
    "ComponentKind",
    "Conflict",
    "KindTable",
    "SwitchedOff",
    "discover",
]
