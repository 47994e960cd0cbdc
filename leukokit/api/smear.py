"""Measurements on smears for segmenters and preprocessors: thresholds, white balance, stain, scale."""

from __future__ import annotations

from leukokit.smear.contrast import StainContrast, stain_contrast
from leukokit.smear.estimate import ScaleEstimate, estimate_scale, measure_scale
from leukokit.smear.label_grid import labels_on_grid
from leukokit.smear.otsu import histogram, median_level, two_level_otsu, two_shades
from leukokit.smear.plausibility import plausible_nuclei
from leukokit.smear.rescale import rescaled
from leukokit.smear.void import GLASS, void_mask, without_void
from leukokit.smear.white_balance import white_balance
from leukokit.smear.white_point import white_point

__all__ = [
    "GLASS",
    "ScaleEstimate",
    "StainContrast",
    "estimate_scale",
    "histogram",
    "labels_on_grid",
    "measure_scale",
    "median_level",
    "plausible_nuclei",
    "rescaled",
    "stain_contrast",
    "two_level_otsu",
    "two_shades",
    "void_mask",
    "white_balance",
    "white_point",
    "without_void",
]
