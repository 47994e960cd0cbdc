"""Built-in segmenters."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_segmenters() -> Iterable[ComponentSpec]:
    """Offer the built-in segmenters."""
    package = __name__
    return (
        ComponentSpec(
            "hsv_threshold",
            f"{package}.hsv_threshold:HsvThreshold",
            "Thresholds in HSV, as used by the collectors of the data set.",
        ),
        ComponentSpec(
            "kmeans_watershed",
            f"{package}.kmeans_watershed:KmeansWatershed",
            "k-means on (a, b), morphology and watershed: the paper's segmentation (section 5.1.2).",
        ),
        ComponentSpec(
            "multi_otsu",
            f"{package}.multi_otsu:MultiOtsu",
            "Two-level Otsu thresholds on green and saturation, after a white balance.",
        ),
        ComponentSpec(
            "smear_cells",
            f"{package}.smear_cells:SmearCells",
            "White cells on smears of any lab; the image's red cells give size and color.",
        ),
    )
