"""What the plugin offers."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl

_HERE = "leukokit_scaled.components"


@hookimpl
def leukokit_preprocessors() -> Iterable[ComponentSpec]:
    """Offer preprocessors that resize by a factor, to a scale, cut, and note."""
    return [
        ComponentSpec("resize", f"{_HERE}:Resize", "Resizes by a factor."),
        ComponentSpec("to_scale", f"{_HERE}:ToScale", "Resizes so that red cells measure so many px."),
        ComponentSpec("cut", f"{_HERE}:Cut", "Leaves out the right half."),
        ComponentSpec("noting", f"{_HERE}:Noting", "Leaves a note on dark images."),
    ]


@hookimpl
def leukokit_segmenters() -> Iterable[ComponentSpec]:
    """Offer a segmenter whose smallest cell follows the scale."""
    return [ComponentSpec("dark", f"{_HERE}:Dark", "Takes what is dark and large enough for a cell.")]


@hookimpl
def leukokit_feature_extractors() -> Iterable[ComponentSpec]:
    """Offer an extractor that tells the scale it was handed."""
    return [ComponentSpec("scale", f"{_HERE}:TellScale", "Tells the scale.")]
