"""What the tiny plugin offers."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl


@hookimpl
def leukokit_classifiers() -> Iterable[ComponentSpec]:
    """Offer a classifier of images and one of images and features."""
    return [
        ComponentSpec("mean_color", "leukokit_tiny.components:MeanColor", "Nearest mean color."),
        ComponentSpec("hybrid", "leukokit_tiny.components:Hybrid", "Nearest mean color and features."),
    ]


@hookimpl
def leukokit_feature_extractors() -> Iterable[ComponentSpec]:
    """Offer an extractor that is slow to start."""
    return [ComponentSpec("slow_start", "leukokit_tiny.components:SlowStart", "Loads a large library.")]


@hookimpl
def leukokit_explainers() -> Iterable[ComponentSpec]:
    """Offer an explainer of images."""
    return [ComponentSpec("darkness", "leukokit_tiny.components:Darkness", "Heat where it is dark.")]
