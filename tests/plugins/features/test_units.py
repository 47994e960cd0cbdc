"""Lengths and areas in um, in red cells and in px."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from leukokit.api import (
    RED_CELL_UM,
    UNKNOWN_SCALE,
    FeatureExtractor,
    ImageRejected,
    LabelImage,
    Labels,
    Planes,
    RGBImage,
    Scale,
    ScaleSource,
    read_image,
)
from leukokit.api.smear import estimate_scale
from leukokit.plugins.features.circles import Circles
from leukokit.plugins.features.contours import Contours
from leukokit.plugins.features.morphology import Morphology
from tests.smear.drawn_smear import drawn_smear

KINDS: tuple[type[FeatureExtractor], ...] = (Circles, Contours, Morphology)
GUESS = Scale(24.0, 0.15, ScaleSource.NUCLEUS)


def given(red_cell_px: float) -> Scale:
    return Scale(red_cell_px, 1.0, ScaleSource.GIVEN)


def enlarged(image: RGBImage, factor: float) -> RGBImage:
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def field() -> RGBImage:
    """Draw clear red cells, 24 px wide, and a nucleus."""
    return cv2.GaussianBlur(drawn_smear((260, 260), 24, color=(190, 130, 140)), (0, 0), 0.7)


def test_names_carry_the_unit() -> None:
    """Lengths and areas say their unit, the rest none; in px names are the paper's."""
    assert Circles.create(measures=["count", "radius_mean", "area_mean", "center_std"]).names() == (
        "circles_count",
        "circles_radius_um_mean",
        "circles_area_um2_mean",
        "circles_center_um_std",
    )
    assert Contours.create(unit="red_cell", measures=["area_std", "count"]).names() == (
        "contours_area_rc_std",
        "contours_count",
    )
    named = {
        unit: Morphology.create(
            unit=unit, measures=["area", "diameter", "solidity"], aggregates=["mean"]
        ).names()
        for unit in ("um", "red_cell", "px")
    }
    assert named["um"][2:5] == tuple(
        f"morphology_nucleus_{item}_mean" for item in ("area_um2", "diameter_um", "solidity")
    )
    assert named["red_cell"][2:4] == (
        "morphology_nucleus_area_rc_mean",
        "morphology_nucleus_diameter_rc_mean",
    )
    assert named["px"][2:4] == ("morphology_nucleus_area_px2_mean", "morphology_nucleus_diameter_px_mean")


@pytest.mark.parametrize("kind", KINDS)
def test_the_scale_matters_except_in_px(kind: type[FeatureExtractor]) -> None:
    """Cached results belong to a scale where the unit needs one, also in another process."""
    assert copy.copy(kind()).uses_scale
    assert kind.create(unit="red_cell").uses_scale
    assert not copy.copy(kind.create(unit="px")).uses_scale
    assert not Morphology.create(pixel_size_um=0.2).uses_scale


@pytest.mark.parametrize("scale", [UNKNOWN_SCALE, GUESS], ids=["unknown", "guess"])
@pytest.mark.parametrize("unit", ["um", "red_cell"])
def test_without_a_scale_lengths_are_missing(unit: str, scale: Scale, field: RGBImage, cells: Labels) -> None:
    """Nothing is told in a unit that nobody knows, and the names that may be missing are declared."""
    for extractor in (Circles.create(unit=unit), Contours.create(unit=unit)):
        features = extractor.extract(Planes(field, scale))
        assert all(math.isnan(value) for value in features.values())
        assert extractor.nullable() == set(features)
    features = Morphology.create(unit=unit).extract(Planes(field[:120, :120], scale), cells)
    missing = {name for name, value in features.items() if math.isnan(value)}
    assert missing == {name for name in features if "_um" in name or "_rc" in name}
    assert missing <= Morphology.create(unit=unit).nullable()


@pytest.mark.parametrize("kind", [Circles, Contours])
def test_px_take_no_notice_of_the_scale(kind: type[FeatureExtractor], field: RGBImage) -> None:
    """With `unit: px` the image is measured as it is, whatever is known of its scale."""
    extractor = kind.create(unit="px")
    results = [extractor.extract(Planes(field, scale)) for scale in (UNKNOWN_SCALE, given(7.0), given(60.0))]
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("factor", [1.5, 2.0, 3.0])
@pytest.mark.parametrize("unit", ["um", "red_cell"])
@pytest.mark.parametrize("kind", [Circles, Contours])
def test_another_camera_gives_the_same_lengths(
    kind: type[FeatureExtractor], unit: str, factor: float, field: RGBImage
) -> None:
    """The image enlarged, and its scale with it: the same circles and contours, in um and red cells."""
    extractor = kind.create(unit=unit)
    plain = extractor.extract(Planes(field, given(24.0)))
    larger = extractor.extract(Planes(enlarged(field, factor), given(24.0 * factor)))
    assert plain[f"{kind.__name__.lower()}_count"] >= 5
    np.testing.assert_allclose(list(larger.values()), list(plain.values()), rtol=0.15)


@pytest.mark.parametrize("unit", ["um", "red_cell"])
def test_another_camera_gives_the_same_cells(unit: str, draw_disks: Callable[..., LabelImage]) -> None:
    """Cells drawn twice as large, and the scale with them: lengths and areas stay within a px."""

    def measured(factor: int) -> Mapping[str, float]:
        disks = [(35 * factor, 40 * factor, 12 * factor), (80 * factor, 75 * factor, 20 * factor)]
        labels = draw_disks(disks, shape=(120 * factor, 120 * factor))
        blank = Planes(np.zeros((*labels.shape, 3), np.uint8), given(20.0 * factor))
        extractor = Morphology.create(unit=unit, measures=["area", "diameter", "perimeter"])
        return extractor.extract(blank, Labels({"nucleus": labels, "cell": labels}))

    plain, twice = measured(1), measured(2)
    np.testing.assert_allclose(list(twice.values()), list(plain.values()), rtol=0.06)


def test_a_red_cell_measures_one_red_cell(field: RGBImage) -> None:
    """A disk as wide as a red cell is 1 in diameter and area, 7.5 um wide and of a disk's area in um2."""
    rows, columns = np.indices((120, 120))
    disk = ((rows - 60) ** 2 + (columns - 60) ** 2 <= 40**2).astype(np.int32)
    labels, planes = Labels({"nucleus": disk, "cell": disk}), Planes(field[:120, :120], given(80.0))
    in_rc = Morphology.create(unit="red_cell").extract(planes, labels)
    in_um = Morphology().extract(planes, labels)
    assert in_rc["morphology_cell_area_rc_mean"] == pytest.approx(1, rel=0.01)
    assert in_rc["morphology_cell_diameter_rc_mean"] == pytest.approx(1, rel=0.01)
    assert in_um["morphology_cell_diameter_um_mean"] == pytest.approx(RED_CELL_UM, rel=0.01)
    assert in_um["morphology_cell_area_um2_mean"] == pytest.approx(math.pi * (RED_CELL_UM / 2) ** 2, rel=0.01)
    circles = Circles.create(unit="red_cell").extract(Planes(field, given(24.0)))
    assert circles["circles_radius_rc_mean"] == pytest.approx(0.5, rel=0.15)
    assert circles["circles_area_rc_mean"] == pytest.approx(1, rel=0.3)


def test_a_given_pixel_size_wins_over_the_scale_of_the_image(cells: Labels) -> None:
    """One camera for all images: what is known of each plays no part."""
    blank, extractor = np.zeros((120, 120, 3), np.uint8), Morphology.create(pixel_size_um=0.25)
    results = [extractor.extract(Planes(blank, scale), cells) for scale in (UNKNOWN_SCALE, given(9.0))]
    assert results[0] == results[1]


@pytest.mark.parametrize("kind", [Circles, Contours])
def test_a_scale_that_cannot_be_is_refused(kind: type[FeatureExtractor], field: RGBImage) -> None:
    """Red cells of two px cannot be brought to 24: the image is rejected, with both sizes."""
    with pytest.raises(ImageRejected, match=r"too_large: red cells measure 2 px; for 24 px .* 12\.0 times"):
        kind().extract(Planes(field, given(2.0)))


@pytest.mark.real_data
def test_real_smears_keep_their_circles_at_other_scales(data_root: Path) -> None:
    """Of the paper's images enlarged twice, each scale measured on its own: median radius within 6 %."""
    ratios = []
    for path in sorted((data_root / "all-pbs").rglob("*.jpg"))[::400]:
        image = read_image(path)
        twice = enlarged(image, 2)
        radii = [
            Circles().extract(Planes(item, estimate_scale(item)))["circles_radius_um_mean"]
            for item in (image, twice)
        ]
        ratios.append(radii[1] / radii[0])
    assert np.median(ratios) == pytest.approx(1, abs=0.06)
