"""Built-in explainers."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_explainers() -> Iterable[ComponentSpec]:
    """Offer the built-in explainers."""
    here = __name__
    return (
        ComponentSpec(
            "permutation_importance",
            f"{here}.permutation_importance:PermutationImportance",
            "How much worse the model gets when one feature is shuffled.",
        ),
    )
