"""Names of features in words: every built-in feature has words and a drawing that exists."""

from __future__ import annotations

import pytest

from leukokit.api import Kind
from leukokit.catalog import discover
from leukokit.report.feature_words import feature_words
from leukokit.report.html.feature_drawings import feature_drawing


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("morphology_cell_solidity_mean", "cell solidity, mean"),
        ("morphology_nucleus_area_um2_max", "nucleus area (µm²), largest"),
        ("morphology_nc_area_ratio_mean", "N/C ratio by area, mean"),
        ("color_cell_lab_b_mean", "cell blue-yellow, mean"),
        ("contours_area_mean", "area of contours, mean"),
        ("contours_area_um2_std", "area of contours, spread"),
        ("circles_count", "number of circles"),
        ("morphology_cell_area_um2_q05", "cell area (µm²), 5 % quantile"),
        ("red_cells_touching_mean", "share of red cells that touch"),
        ("red_cells_diameter_rc_std", "red cell diameter (red cells), spread"),
        ("red_cells_pallor_median", "red cell pallor, median"),
        ("hog_contour_max_std", "edge strength (max), spread"),
        ("regioncov_cell_lab_l_edge2__lab_l_edge2", "cell: variation of edges of lightness (2 px)"),
        (
            "regioncov_image_lab_a__gray_band0.5",
            "image: green-red together with structures of gray value (0.5 px)",
        ),
        ("regioncov_nucleus_lab_l_log_kurtosis", "nucleus: lightness, log kurtosis"),
        ("a_plugins_own", "a_plugins_own"),
    ],
)
def test_a_name_becomes_words(name: str, text: str) -> None:
    assert feature_words(name).text == text


def test_every_built_in_feature_has_words_and_a_drawing() -> None:
    """With default parameters; features of networks have no meaning that words could give."""
    unknown = {}
    for entry in discover().of(Kind.FEATURE_EXTRACTOR):
        if entry.name == "deep_features" or "/" in entry.name:
            continue
        for name in entry.load().create().names():
            found = feature_words(name)
            if found.drawing is None:
                unknown[entry.name] = name
            else:
                assert feature_drawing(found.drawing).startswith("<svg ")
                assert found.meaning
    assert unknown == {}
