"""The catalog for a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leukokit.cache_folder import AUTO_CACHE

if TYPE_CHECKING:
    from leukokit.catalog import Catalog


def installed_catalog(cache: str | Path | None = AUTO_CACHE) -> Catalog:
    """Discover what is installed, and show the notes of the discovery."""
    from leukokit.catalog import discover

    catalog = discover(cache=cache)
    for note in catalog.notes:
        from leukokit.cli._terminal import print_warning

        print_warning(note)
    return catalog
