"""What every built-in feature extractor promises."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from leukokit.api import FeatureExtractor, Labels, Planes, PluginError, RGBImage, Scale, ScaleSource
from leukokit.plugins.features import leukokit_feature_extractors

SCALE = Scale(24.0, 1.0, ScaleSource.GIVEN)
EVERYWHERE = ("image", "nucleus", "cell")
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "deep_features": [
        {"backbone": "MobileNetV2", "alpha": 0.35, "weights": "none", "side": 48, "tta": "flips"},
        {
            "backbone": "MobileNetV2",
            "alpha": 0.35,
            "weights": "none",
            "side": 48,
            "layers": ["block_3_expand"],
        },
    ],
    "circles": [
        {},
        {"unit": "px"},
        {"within": "cell", "unit": "px", "sigma": 0, "votes": 8},
        {"unit": "red_cell", "measures": ["count", "area_mean", "center_std"], "max_radius_rc": 0.9},
    ],
    "color_statistics": [
        {},
        {"regions": ["image"]},
        {"regions": ["cell", "nucleus"], "spaces": ["ycbcr", "lab"], "statistics": ["skewness", "mean"]},
    ],
    "contours": [
        {},
        {"unit": "px"},
        {"within": "nucleus", "unit": "red_cell"},
        {"within": "cell", "retrieval": "list", "measures": ["area_std", "count"]},
    ],
    "haralick": [
        {},
        {"regions": EVERYWHERE, "channels": ["lab_a", "ycbcr_cb"], "distances": [3, 1], "levels": 8},
        {"properties": ["entropy"], "statistics": ["range"]},
    ],
    "hog": [
        {},
        {"global_descriptor": True, "within": "nucleus"},
        {"global_descriptor": True, "grid": 4, "block": 1, "orientations": 5, "aggregates": ["max"]},
    ],
    "intensity": [{}],
    "lbp": [{}, {"regions": EVERYWHERE, "channels": ["gray"], "scales": [{"points": 12, "radius": 4}]}],
    "morphology": [
        {},
        {"unit": "px"},
        {"unit": "red_cell"},
        {"pixel_size_um": 0.25, "measures": ["solidity", "area"], "aggregates": ["std"]},
    ],
    "red_cells": [{}, {"aggregates": ["median", "quantiles"]}],
    "region_covariance": [
        {},
        {"regions": EVERYWHERE, "channels": ["gray"], "sigmas": [1.5], "moments": False},
    ],
}


def _classes() -> dict[str, type[FeatureExtractor]]:
    classes = {}
    for spec in leukokit_feature_extractors():
        module, name = spec.target.split(":")
        classes[spec.name] = getattr(import_module(module), name)
    return classes


CLASSES = _classes()
CASES = [
    pytest.param(CLASSES[name].create(**params), id=f"{name}-{i}")
    for name, settings in SETTINGS.items()
    for i, params in enumerate(settings)
]
WITH_ROLES = [case for case in CASES if case.values[0].roles()]  # type: ignore[attr-defined]


def test_every_offered_extractor_is_checked_here() -> None:
    """A new extractor must add its settings to this module."""
    assert set(SETTINGS) == set(CLASSES)


@pytest.mark.parametrize("extractor", CASES)
def test_keys_are_the_names_announced_and_values_are_finite(
    extractor: FeatureExtractor, smear: RGBImage, cells: Labels
) -> None:
    """Names follow from parameters alone, in order, without repeats; only nullable values may be NaN."""
    names = extractor.names()
    features = extractor.extract(Planes(smear, SCALE), cells)
    assert tuple(features) == names
    assert len(set(names)) == len(names)
    assert all(type(value) is float for value in features.values())
    assert {name for name, value in features.items() if not math.isfinite(value)} <= extractor.nullable()
    assert extractor.nullable() <= set(names)


@pytest.mark.parametrize("extractor", CASES)
def test_flat_and_empty_images_give_no_undeclared_nan(extractor: FeatureExtractor, cells: Labels) -> None:
    """Black, white and constant images are measured without warnings, infinities or undeclared NaN."""
    for level in (0, 97, 255):
        features = extractor.extract(
            Planes(np.full((*cells.cell.shape, 3), level, dtype=np.uint8), SCALE), cells
        )
        assert not any(math.isinf(value) for value in features.values())
        assert {name for name, value in features.items() if math.isnan(value)} <= extractor.nullable()


@pytest.mark.parametrize("extractor", WITH_ROLES)
def test_a_failed_segmentation_gives_nan_and_zero_counts(
    extractor: FeatureExtractor, smear: RGBImage, no_cells: Labels
) -> None:
    """Features of nuclei and cells are missing, counts and sums are 0, those of the image stay."""
    features = extractor.extract(Planes(smear, SCALE), no_cells)
    assert tuple(features) == extractor.names()
    for name, value in features.items():
        if "_image_" in name:
            assert math.isfinite(value)
        elif name.endswith(("_count", "_sum")):
            assert value == 0
        else:
            assert math.isnan(value), name


@pytest.mark.parametrize("extractor", WITH_ROLES)
def test_missing_labels_are_an_error_that_says_what_to_do(
    extractor: FeatureExtractor, smear: RGBImage, cells: Labels
) -> None:
    """An extractor that reads labels refuses to go on without them."""
    with pytest.raises(PluginError, match=r"labels.*Add a segment step"):
        extractor.extract(Planes(smear, SCALE), None)


def test_the_paper_s_six_columns_can_be_asked_for(smear: RGBImage) -> None:
    """Circles and contours give the columns of the paper's published tables and no others."""
    circles = CLASSES["circles"].create(unit="px", measures=["count", "area_mean", "center_std"])
    contours = CLASSES["contours"].create(unit="px", measures=["area_mean", "count", "area_std"])
    columns = [*circles.extract(Planes(smear, SCALE)), *contours.extract(Planes(smear, SCALE))]
    assert columns == [
        "circles_count",
        "circles_area_mean",
        "circles_center_std",
        "contours_area_mean",
        "contours_count",
        "contours_area_std",
    ]


def test_labels_of_another_size_are_an_error(smear: RGBImage, cells: Labels) -> None:
    """A label image that does not fit the image is named with both shapes."""
    small = Labels({role: labels[:50] for role, labels in cells.roles.items()})
    with pytest.raises(PluginError, match=r"\(50, 120\), the image \(120, 120\)"):
        CLASSES["color_statistics"]().extract(Planes(smear, SCALE), small)


@pytest.mark.parametrize("extractor", CASES)
def test_the_same_numbers_from_any_thread_and_any_number_of_threads(
    extractor: FeatureExtractor, smear: RGBImage, cells: Labels
) -> None:
    """Sixteen calls on four threads, with OpenCV on one thread or two, give one result."""
    expected = np.array(list(extractor.extract(Planes(smear, SCALE), cells).values()))
    before = cv2.getNumThreads()
    try:
        for threads in (1, 2):
            cv2.setNumThreads(threads)
            with ThreadPoolExecutor(4) as pool:
                rows = list(pool.map(lambda _: extractor.extract(Planes(smear, SCALE), cells), range(8)))
            for row in rows:
                np.testing.assert_array_equal(list(row.values()), expected)
    finally:
        cv2.setNumThreads(before)


@pytest.mark.parametrize("extractor", CASES)
def test_a_view_of_a_larger_image_gives_what_a_copy_gives(
    extractor: FeatureExtractor, smear: RGBImage, cells: Labels
) -> None:
    """Strides of the caller's array do not matter."""
    wide = np.zeros((150, 160, 3), dtype=np.uint8)
    wide[10:130, 20:140] = smear
    view = wide[10:130, 20:140]
    view.setflags(write=False)
    expected = list(extractor.extract(Planes(smear, SCALE), cells).values())
    np.testing.assert_array_equal(list(extractor.extract(Planes(view, SCALE), cells).values()), expected)


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        (
            "contours",
            {"low_threshold": 300},
            r"low_threshold \(300\) must not be above high_threshold \(200\)",
        ),
        ("hog", {"high_threshold": 5}, r"low_threshold \(100\) must not be above high_threshold \(5\)"),
        ("hog", {"grid": 2, "block": 3}, r"block \(3 cells\) must not be wider than the grid \(2 cells\)"),
        (
            "circles",
            {"unit": "px", "min_radius": 30},
            r"min_radius \(30\) must not be above max_radius \(25\)",
        ),
        (
            "circles",
            {"min_radius_rc": 2},
            r"min_radius_rc \(2\) must not be above max_radius_rc \(1.3\)",
        ),
        ("circles", {"max_radius": 0}, "greater than or equal to 1"),
        (
            "circles",
            {"min_radius": 6},
            "min_radius is in px of one camera; with `unit: um` give min_radius_rc, in red-cell diameters",
        ),
        (
            "circles",
            {"unit": "px", "sigma_rc": 0.1},
            "sigma_rc is in red-cell diameters; with `unit: px` give sigma, in px",
        ),
        ("contours", {"unit": "mm"}, "'um', 'red_cell' or 'px'"),
        (
            "morphology",
            {"unit": "px", "pixel_size_um": 0.2},
            r"pixel_size_um \(0.2\) has no effect with `unit: px`",
        ),
        ("color_statistics", {"spaces": []}, "give at least one"),
        ("color_statistics", {"regions": ["cell", "cell"]}, "each may be given once, cell is repeated"),
        ("color_statistics", {"spaces": ["luv"]}, "'rgb', 'hsv', 'lab' or 'ycbcr'"),
        ("haralick", {"distances": [0]}, "greater than or equal to 1"),
        ("haralick", {"levels": 1}, "greater than or equal to 2"),
        ("lbp", {"scales": [{"points": 33, "radius": 1}]}, "less than or equal to 32"),
        ("lbp", {"scales": [{"points": 8}]}, "Field required"),
        ("lbp", {"channels": ["blue"]}, "'rgb_b'"),
        ("morphology", {"pixel_size_um": 0}, "greater than 0"),
        ("intensity", {"channels": ["gray"]}, "Extra inputs are not permitted"),
    ],
)
def test_bad_parameters_are_refused(name: str, params: dict[str, Any], message: str) -> None:
    """A wrong parameter says what was expected."""
    with pytest.raises(ValidationError, match=message):
        CLASSES[name].create(**params)


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_parameter_is_described_in_the_schema(name: str) -> None:
    """The JSON Schema, which editors show, describes each field."""
    for field, described in CLASSES[name].Params.model_json_schema().get("properties", {}).items():
        assert described.get("description"), field


@pytest.mark.real_data
@pytest.mark.parametrize("extractor", [case for case in CASES if case not in WITH_ROLES])
def test_real_smears_give_finite_features(extractor: FeatureExtractor, real_images: list[RGBImage]) -> None:
    """No smear of the paper's data set leaves an undeclared NaN."""
    for image in real_images:
        features = extractor.extract(Planes(image, SCALE))
        assert {name for name, value in features.items() if not math.isfinite(value)} <= extractor.nullable()
