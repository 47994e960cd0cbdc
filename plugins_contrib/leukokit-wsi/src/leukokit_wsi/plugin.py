"""What this plugin offers; light, because ``leukokit list`` imports it."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl

LEUKOKIT_API = 1


@hookimpl
def leukokit_datasets() -> Iterable[ComponentSpec]:
    """Offer the data set of slides."""
    summary = "Tiles of whole slides: TIFF pyramids, OME-TIFF, DICOM, and scanner formats with OpenSlide."
    return [ComponentSpec("slides", "leukokit_wsi.slides:Slides", summary)]
