"""The names of :mod:`leukokit.api.files`, for the built-in data sets."""

from leukokit.api.files import (
    CLUTTER,
    SHOWN,
    EntryKind,
    Listing,
    counted,
    counts,
    entry_path,
    first_names,
    folder_entries,
    natural_order,
    printable_name,
    require_unique_ids,
    walk,
)

__all__ = [
    "CLUTTER",
    "SHOWN",
    "EntryKind",
    "Listing",
    "counted",
    "counts",
    "entry_path",
    "first_names",
    "folder_entries",
    "natural_order",
    "printable_name",
    "require_unique_ids",
    "walk",
]
