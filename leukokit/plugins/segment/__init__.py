"""Built-in segmenters."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_segmenters() -> Iterable[ComponentSpec]:
    """Offer the built-in segmenters."""
    here = __name__
    return (
        ComponentSpec(
            "hsv_threshold",
            f"{here}.hsv_threshold:HsvThreshold",
            "Thresholds in HSV, the way the data set's collectors segmented.",
        ),
        ComponentSpec(
            "kmeans_watershed",
            f"{here}.kmeans_watershed:KmeansWatershed",
            "k-means on (a, b), morphology and watershed: nucleus and cytoplasm as in the paper, section 5.1.2.",
        ),
        ComponentSpec(
            "multi_otsu",
            f"{here}.multi_otsu:MultiOtsu",
            "White-balanced two-level Otsu thresholds on green and saturation.",
        ),
        ComponentSpec(
            "smear_cells",
            f"{here}.smear_cells:SmearCells",
            "White cells of any lab's smear, by the size and color of its own red cells.",
        ),
    )
