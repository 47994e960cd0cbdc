"""Built-in explainers."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_explainers() -> Iterable[ComponentSpec]:
    """Offer the built-in explainers."""
    package = __name__
    return (
        ComponentSpec(
            "grad_cam",
            f"{package}.grad_cam:GradCam",
            "Heat maps: feature maps of the last convolution, weighted by gradients.",
        ),
        ComponentSpec(
            "grad_cam_plus_plus",
            f"{package}.grad_cam_plus_plus:GradCamPlusPlus",
            "Heat maps: Grad-CAM with a weight for each pixel.",
        ),
        ComponentSpec(
            "integrated_gradients",
            f"{package}.integrated_gradients:IntegratedGradients",
            "Heat maps: attribution of the class score to pixels.",
        ),
        ComponentSpec(
            "occlusion",
            f"{package}.occlusion:Occlusion",
            "Heat maps: drop of the class probability when a patch is covered.",
        ),
        ComponentSpec(
            "permutation_importance",
            f"{package}.permutation_importance:PermutationImportance",
            "Loss of score when one feature is shuffled.",
        ),
    )
