"""Built-in selectors."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_selectors() -> Iterable[ComponentSpec]:
    """Offer the built-in selectors."""
    package = __name__
    return (
        ComponentSpec(
            "information_gain",
            f"{package}.information_gain:InformationGain",
            "Keeps the features with the most mutual information with the class.",
        ),
        ComponentSpec("lda", f"{package}.lda:Lda", "Linear discriminant axes."),
        ComponentSpec("pca", f"{package}.pca:Pca", "Principal components."),
        ComponentSpec("variance", f"{package}.variance:Variance", "Drops features that hardly vary."),
    )
