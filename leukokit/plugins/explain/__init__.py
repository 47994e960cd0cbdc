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
            "grad_cam",
            f"{here}.grad_cam:GradCam",
            "Heat over images: maps of the last convolution, weighed by gradients.",
        ),
        ComponentSpec(
            "grad_cam_plus_plus",
            f"{here}.grad_cam_plus_plus:GradCamPlusPlus",
            "Heat over images: Grad-CAM with a weight for each pixel.",
        ),
        ComponentSpec(
            "integrated_gradients",
            f"{here}.integrated_gradients:IntegratedGradients",
            "Heat over images: the class score shared out among pixels.",
        ),
        ComponentSpec(
            "occlusion",
            f"{here}.occlusion:Occlusion",
            "Heat over images: what a class loses when a patch is covered.",
        ),
        ComponentSpec(
            "permutation_importance",
            f"{here}.permutation_importance:PermutationImportance",
            "How much worse the model gets when one feature is shuffled.",
        ),
    )
