"""Measurements on smears for segmenters and preprocessors: thresholds, white balance, red cells, scale."""

from __future__ import annotations

from leukokit.smear.otsu import histogram, median_level, two_level_otsu, two_shades
from leukokit.smear.white_balance import white_balance

__all__ = ["histogram", "median_level", "two_level_otsu", "two_shades", "white_balance"]
