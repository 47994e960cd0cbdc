"""Measurements on smears for segmenters and preprocessors: thresholds, white balance, red cells, scale."""

from __future__ import annotations

from leukokit.smear.estimate import ScaleEstimate, estimate_scale, measure_scale
from leukokit.smear.otsu import histogram, median_level, two_level_otsu, two_shades
from leukokit.smear.plausibility import plausible_nuclei
from leukokit.smear.void import GLASS, void_mask, without_void
from leukokit.smear.white_balance import white_balance

__all__ = [
    "GLASS",
    "ScaleEstimate",
    "estimate_scale",
    "histogram",
    "measure_scale",
    "median_level",
    "plausible_nuclei",
    "two_level_otsu",
    "two_shades",
    "void_mask",
    "white_balance",
    "without_void",
]
