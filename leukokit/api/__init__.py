"""All that a plugin author imports.

Names are loaded when first used, so that a module that only offers :class:`ComponentSpec` objects costs no
numpy: ``leukokit list`` stays fast however many plugins are installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leukokit.api._markers import API_VERSION, hookimpl
from leukokit.api.spec import ComponentSpec, Kind
from leukokit.errors import DataError, ImageRejected, LeukokitError, PluginError

if TYPE_CHECKING:
    from leukokit.api.classifier import (
        Classifier,
        Consumes,
        Examples,
        FittedModel,
        Images,
        Progress,
        Workspace,
    )
    from leukokit.api.component import Component
    from leukokit.api.dataset import Dataset, Fallback, Part, Sample
    from leukokit.api.explainer import Explainer, Explanation
    from leukokit.api.features import FeatureExtractor
    from leukokit.api.images import ImageInfo, check_rgb, decode_image, read_image
    from leukokit.api.labels import CELL, NUCLEUS, PLATELET, RED_CELL, SCALE_BAR, Labels, Status
    from leukokit.api.notes import ImageNote, note
    from leukokit.api.params import Field, Params
    from leukokit.api.planes import Planes
    from leukokit.api.preprocessor import Preprocessor, ScaledPreprocessor
    from leukokit.api.segmenter import ScaledSegmenter, Segmenter
    from leukokit.api.selector import Selector
    from leukokit.api.tabular import TabularClassifier, TabularModel
    from leukokit.api.types import FloatArray, LabelImage, Mask, RGBImage
    from leukokit.api.urls import Location, is_url, read_url, shown_url
    from leukokit.smear.scale import PIXEL_SIZE_UM, RED_CELL_UM, UNKNOWN_SCALE, Scale, ScaleSource

_HOME = {
    "classifier": ("Classifier", "Consumes", "Examples", "FittedModel", "Images", "Progress", "Workspace"),
    "component": ("Component",),
    "dataset": ("Dataset", "Fallback", "Part", "Sample"),
    "explainer": ("Explainer", "Explanation"),
    "features": ("FeatureExtractor",),
    "images": ("ImageInfo", "check_rgb", "decode_image", "read_image"),
    "labels": ("CELL", "NUCLEUS", "PLATELET", "RED_CELL", "SCALE_BAR", "Labels", "Status"),
    "notes": ("ImageNote", "note"),
    "params": ("Field", "Params"),
    "planes": ("Planes",),
    "preprocessor": ("Preprocessor", "ScaledPreprocessor"),
    "segmenter": ("ScaledSegmenter", "Segmenter"),
    "selector": ("Selector",),
    "tabular": ("TabularClassifier", "TabularModel"),
    "types": ("FloatArray", "LabelImage", "Mask", "RGBImage"),
    "urls": ("Location", "is_url", "read_url", "shown_url"),
}
# What engine and plugins both measure on smears stands below this package and is handed out here.
_SMEAR = {"scale": ("PIXEL_SIZE_UM", "RED_CELL_UM", "UNKNOWN_SCALE", "Scale", "ScaleSource")}
_MODULE_OF = {
    **{name: f"{__name__}.{module}" for module, names in _HOME.items() for name in names},
    **{name: f"leukokit.smear.{module}" for module, names in _SMEAR.items() for name in names},
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
    "API_VERSION",
    "CELL",
    "NUCLEUS",
    "PIXEL_SIZE_UM",
    "PLATELET",
    "RED_CELL",
    "RED_CELL_UM",
    "SCALE_BAR",
    "UNKNOWN_SCALE",
    "Classifier",
    "Component",
    "ComponentSpec",
    "Consumes",
    "DataError",
    "Dataset",
    "Examples",
    "Explainer",
    "Explanation",
    "Fallback",
    "FeatureExtractor",
    "Field",
    "FittedModel",
    "FloatArray",
    "ImageInfo",
    "ImageNote",
    "ImageRejected",
    "Images",
    "Kind",
    "LabelImage",
    "Labels",
    "LeukokitError",
    "Location",
    "Mask",
    "Params",
    "Part",
    "Planes",
    "PluginError",
    "Preprocessor",
    "Progress",
    "RGBImage",
    "Sample",
    "Scale",
    "ScaleSource",
    "ScaledPreprocessor",
    "ScaledSegmenter",
    "Segmenter",
    "Selector",
    "Status",
    "TabularClassifier",
    "TabularModel",
    "Workspace",
    "check_rgb",
    "decode_image",
    "hookimpl",
    "is_url",
    "note",
    "read_image",
    "read_url",
    "shown_url",
]
