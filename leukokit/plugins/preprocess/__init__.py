"""Built-in preprocessors."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_preprocessors() -> Iterable[ComponentSpec]:
    """Offer the built-in preprocessors."""
    package = __name__
    return (
        ComponentSpec(
            "clahe",
            f"{package}.clahe:Clahe",
            "Contrast-limited adaptive histogram equalization of lightness.",
        ),
        ComponentSpec(
            "hide_scale_bar",
            f"{package}.hide_scale_bar:HideScaleBar",
            "Finds burned-in scale bars with their labels and paints over them.",
        ),
        ComponentSpec(
            "histogram_match",
            f"{package}.histogram_match:HistogramMatch",
            "Matches each channel's histogram to a template.",
        ),
        ComponentSpec("median", f"{package}.median:Median", "Median filter (paper: 3 x 3)."),
        ComponentSpec(
            "reinhard",
            f"{package}.reinhard:Reinhard",
            "Transfers mean and spread of Lab from a template (the paper's color adjustment).",
        ),
        ComponentSpec(
            "rescale", f"{package}.rescale:Rescale", "Resamples every image to one scale, by its red cells."
        ),
    )
