"""Built-in feature extractors."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_feature_extractors() -> Iterable[ComponentSpec]:
    """Offer the built-in feature extractors."""
    package = __name__
    return (
        ComponentSpec(
            "circles", f"{package}.circles:Circles", "Hough circles: count, radii and spread of the centers."
        ),
        ComponentSpec(
            "color_statistics",
            f"{package}.color_statistics:ColorStatistics",
            "Mean, spread and skewness of color channels over image, nucleus and cell.",
        ),
        ComponentSpec(
            "contours",
            f"{package}.contours:Contours",
            "Canny edges and their contours: count, sum, mean and spread of areas.",
        ),
        ComponentSpec(
            "deep_features",
            f"{package}.deep_features:DeepFeatures",
            "Pooled feature map of a frozen network of keras.applications.",
        ),
        ComponentSpec("haralick", f"{package}.haralick:Haralick", "Gray-level co-occurrence texture."),
        ComponentSpec(
            "hog",
            f"{package}.hog:Hog",
            "Gradients within contours, and the global histogram of oriented gradients.",
        ),
        ComponentSpec(
            "intensity",
            f"{package}.intensity:Intensity",
            "Brightness, contrast and channel means and spreads of the whole image.",
        ),
        ComponentSpec("lbp", f"{package}.lbp:Lbp", "Uniform local binary patterns at several radii."),
        ComponentSpec(
            "morphology",
            f"{package}.morphology:Morphology",
            "Size, shape and N/C ratio of cells, aggregated over an image.",
        ),
        ComponentSpec(
            "red_cells",
            f"{package}.red_cells:RedCells",
            "Count, diameter, shape, central pallor and clumping of red cells.",
        ),
        ComponentSpec(
            "region_covariance",
            f"{package}.region_covariance:RegionCovariance",
            "How color and edges of several sizes vary together.",
        ),
    )
