"""What this plugin offers; light, because ``leukokit list`` imports it."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl

LEUKOKIT_API = 1


@hookimpl
def leukokit_preprocessors() -> Iterable[ComponentSpec]:
    """Offer Macenko's method."""
    summary = "Replaces the two stain colors of an image by a template's (Macenko 2009)."
    return [ComponentSpec("macenko", "leukokit_stain.macenko:Macenko", summary)]
