"""Keras networks for plugin authors: classifiers and feature extractors from a backbone.

The code is in ``leukokit.deep``. Names are loaded on first use, and Keras is imported when a network is
built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leukokit.deep.backbone import Backbone
    from leukokit.deep.classifier import NetworkClassifier
    from leukokit.deep.features import BackboneFeatures, BackboneFeaturesParams
    from leukokit.deep.model import NetworkModel
    from leukokit.deep.params import NetworkParams
    from leukokit.deep.runtime import load_keras
    from leukokit.deep.weights_file import file_digest, read_known_weights, read_weights

_MODULE_OF = {
    "Backbone": "leukokit.deep.backbone",
    "BackboneFeatures": "leukokit.deep.features",
    "BackboneFeaturesParams": "leukokit.deep.features",
    "NetworkClassifier": "leukokit.deep.classifier",
    "NetworkModel": "leukokit.deep.model",
    "NetworkParams": "leukokit.deep.params",
    "file_digest": "leukokit.deep.weights_file",
    "load_keras": "leukokit.deep.runtime",
    "read_known_weights": "leukokit.deep.weights_file",
    "read_weights": "leukokit.deep.weights_file",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_MODULE_OF[name]), name)
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
    "file_digest",
    "load_keras",
    "read_known_weights",
    "read_weights",
]
