"""Built-in preprocessors."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_preprocessors() -> Iterable[ComponentSpec]:
    """Offer the built-in preprocessors."""
    here = __name__
    return (
        ComponentSpec(
            "clahe", f"{here}.clahe:Clahe", "Contrast-limited adaptive histogram equalization of lightness."
        ),
        ComponentSpec(
            "hide_scale_bar",
            f"{here}.hide_scale_bar:HideScaleBar",
            "Finds burned-in scale bars with their labels and paints over them.",
        ),
        ComponentSpec(
            "histogram_match",
            f"{here}.histogram_match:HistogramMatch",
            "Matches each channel's histogram to a template.",
        ),
        ComponentSpec("median", f"{here}.median:Median", "Median filter (paper: 3 x 3)."),
        ComponentSpec(
            "reinhard",
            f"{here}.reinhard:Reinhard",
            "Transfers mean and spread of Lab from a template (the paper's color adjustment).",
        ),
        ComponentSpec(
            "rescale", f"{here}.rescale:Rescale", "Resamples every image to one scale, by its red cells."
        ),
    )
