"""Built-in selectors."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_selectors() -> Iterable[ComponentSpec]:
    """Offer the built-in selectors."""
    here = __name__
    return (
        ComponentSpec(
            "information_gain",
            f"{here}.information_gain:InformationGain",
            "Keeps the features with the most mutual information with the class.",
        ),
        ComponentSpec("lda", f"{here}.lda:Lda", "Linear discriminant axes."),
        ComponentSpec("pca", f"{here}.pca:Pca", "Principal components."),
        ComponentSpec("variance", f"{here}.variance:Variance", "Drops features that hardly vary."),
    )
