"""Keras networks for plugin authors: a backbone becomes a classifier or a feature extractor.

Names are loaded when first used; nothing here imports Keras before a network is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leukokit.api.deep.backbone import Backbone
    from leukokit.api.deep.classifier import NetworkClassifier
    from leukokit.api.deep.features import BackboneFeatures, BackboneFeaturesParams
    from leukokit.api.deep.model import NetworkModel
    from leukokit.api.deep.params import NetworkParams

_HOME = {
    "Backbone": "backbone",
    "BackboneFeatures": "features",
    "BackboneFeaturesParams": "features",
    "NetworkClassifier": "classifier",
    "NetworkModel": "model",
    "NetworkParams": "params",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "Backbone",
    "BackboneFeatures",
    "BackboneFeaturesParams",
    "NetworkClassifier",
    "NetworkModel",
    "NetworkParams",
]
