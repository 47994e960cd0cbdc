"""The plugin API: everything that a plugin imports.

Names are loaded on first use, so that a module that only defines :class:`ComponentSpec` objects does not
import numpy, and ``leukokit list`` is fast with many plugins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leukokit.api._markers import API_VERSION, hookimpl
from leukokit.api.spec import ComponentSpec, Kind
from leukokit.errors import DataError, ImageRejected, LeukokitError, PluginError

if TYPE_CHECKING:
    from leukokit.api.aggregates import Aggregate, aggregate_columns, aggregate_names
    from leukokit.api.boxes import Box, Region
    from leukokit.api.cells import CellColumn, CellFeatureExtractor, CellParams, Cells
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
    from leukokit.api.dataset import Dataset, GroupKind, Part, Sample
    from leukokit.api.explainer import Explainer, Explanation
    from leukokit.api.features import FeatureExtractor
    from leukokit.api.labels import CELL, NUCLEUS, PLATELET, RED_CELL, SCALE_BAR, Labels, Status
    from leukokit.api.notes import ImageNote, note
    from leukokit.api.params import Distinct, Field, Params
    from leukokit.api.planes import Planes
    from leukokit.api.preprocessor import Preprocessor, ScaledPreprocessor
    from leukokit.api.reading import Reading
    from leukokit.api.segmenter import ScaledSegmenter, Segmenter
    from leukokit.api.selector import Selector
    from leukokit.arrays import FloatArray, LabelImage, Mask, RGBImage
    from leukokit.imageio.images import (
        EXTENSIONS,
        MAX_PIXELS,
        ImageInfo,
        check_rgb,
        decode_image,
        image_info,
        read_image,
    )
    from leukokit.imageio.urls import Location, is_url, list_url, read_url, shown_url, url_inside, url_parent
    from leukokit.input_file import read_input
    from leukokit.matrices import matrix_logarithm
    from leukokit.near_names import did_you_mean, near_names
    from leukokit.smear.scale import PIXEL_SIZE_UM, RED_CELL_UM, UNKNOWN_SCALE, Scale, ScaleSource
    from leukokit.tabular.classifier import TabularClassifier, TabularModel

# Names from other packages are re-exported here, so that plugin authors need only this one.
_HOME = {
    "leukokit.api.aggregates": ("Aggregate", "aggregate_columns", "aggregate_names"),
    "leukokit.api.boxes": ("Box", "Region"),
    "leukokit.api.cells": ("CellColumn", "CellFeatureExtractor", "CellParams", "Cells"),
    "leukokit.api.classifier": (
        "Classifier",
        "Consumes",
        "Examples",
        "FittedModel",
        "Images",
        "Progress",
        "Workspace",
    ),
    "leukokit.api.component": ("Component",),
    "leukokit.api.dataset": ("Dataset", "GroupKind", "Part", "Sample"),
    "leukokit.api.explainer": ("Explainer", "Explanation"),
    "leukokit.api.features": ("FeatureExtractor",),
    "leukokit.api.labels": ("CELL", "NUCLEUS", "PLATELET", "RED_CELL", "SCALE_BAR", "Labels", "Status"),
    "leukokit.api.notes": ("ImageNote", "note"),
    "leukokit.api.params": ("Distinct", "Field", "Params"),
    "leukokit.api.planes": ("Planes",),
    "leukokit.api.preprocessor": ("Preprocessor", "ScaledPreprocessor"),
    "leukokit.api.reading": ("Reading",),
    "leukokit.api.segmenter": ("ScaledSegmenter", "Segmenter"),
    "leukokit.api.selector": ("Selector",),
    "leukokit.arrays": ("FloatArray", "LabelImage", "Mask", "RGBImage"),
    "leukokit.imageio.images": (
        "EXTENSIONS",
        "MAX_PIXELS",
        "ImageInfo",
        "check_rgb",
        "decode_image",
        "image_info",
        "read_image",
    ),
    "leukokit.imageio.urls": (
        "Location",
        "is_url",
        "list_url",
        "read_url",
        "shown_url",
        "url_inside",
        "url_parent",
    ),
    "leukokit.input_file": ("read_input",),
    "leukokit.matrices": ("matrix_logarithm",),
    "leukokit.near_names": ("did_you_mean", "near_names"),
    "leukokit.smear.scale": ("PIXEL_SIZE_UM", "RED_CELL_UM", "UNKNOWN_SCALE", "Scale", "ScaleSource"),
    "leukokit.tabular.classifier": ("TabularClassifier", "TabularModel"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}


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
    "EXTENSIONS",
    "MAX_PIXELS",
    "NUCLEUS",
    "PIXEL_SIZE_UM",
    "PLATELET",
    "RED_CELL",
    "RED_CELL_UM",
    "SCALE_BAR",
    "UNKNOWN_SCALE",
    "Aggregate",
    "Box",
    "CellColumn",
    "CellFeatureExtractor",
    "CellParams",
    "Cells",
    "Classifier",
    "Component",
    "ComponentSpec",
    "Consumes",
    "DataError",
    "Dataset",
    "Distinct",
    "Examples",
    "Explainer",
    "Explanation",
    "FeatureExtractor",
    "Field",
    "FittedModel",
    "FloatArray",
    "GroupKind",
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
    "Reading",
    "Region",
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
    "aggregate_columns",
    "aggregate_names",
    "check_rgb",
    "decode_image",
    "did_you_mean",
    "hookimpl",
    "image_info",
    "is_url",
    "list_url",
    "matrix_logarithm",
    "near_names",
    "note",
    "read_image",
    "read_input",
    "read_url",
    "shown_url",
    "url_inside",
    "url_parent",
]
