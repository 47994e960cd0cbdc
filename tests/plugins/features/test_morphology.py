"""Size and shape against scikit-image and against figures with known answers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from skimage.measure import perimeter_crofton, regionprops

from leukokit.api import LabelImage, Labels, Planes
from leukokit.plugins.features.morphology import Morphology
from leukokit.smear.objects.shapes import shapes

BLANK = Planes(np.zeros((120, 120, 3), dtype=np.uint8))


def _assert_regionprops(labels: LabelImage) -> None:
    for shape, region in zip(shapes(labels), regionprops(labels), strict=True):
        assert shape.area == region.area
        assert shape.diameter == pytest.approx(region.equivalent_diameter_area)
        crofton = perimeter_crofton(region.image, directions=4)
        assert shape.perimeter == pytest.approx(crofton)
        # The square root of round-off: a perfect square is 0 here and may be 3e-8 there.
        assert shape.eccentricity == pytest.approx(region.eccentricity, abs=1e-6)
        assert shape.solidity == pytest.approx(region.solidity)


@pytest.mark.real_data
def test_shapes_of_real_masks_are_regionprops_s(real_masks: list[LabelImage]) -> None:
    """On hand-outlined nuclei and cell bodies, every measure is scikit-image's."""
    for mask in real_masks:
        _assert_regionprops(mask)


@settings(max_examples=60, deadline=None)
@given(
    labels=arrays.arrays(
        np.int32, st.tuples(st.integers(5, 12), st.integers(5, 12)), elements=st.integers(0, 3)
    ).filter(
        lambda labels: all(np.ptp(np.argwhere(labels == i), axis=0).min() > 1 for i in np.unique(labels) if i)
    )
)
def test_any_objects_are_measured_as_by_regionprops(labels: NDArray[np.int32]) -> None:
    """Ragged, broken, touching and border-cut objects give scikit-image's numbers too."""
    _assert_regionprops(labels)


@given(
    labels=arrays.arrays(np.int32, (9, 11), elements=st.integers(0, 2)).filter(lambda labels: labels.any())
)
@settings(max_examples=25, deadline=None)
def test_shape_does_not_depend_on_position(labels: NDArray[np.int32]) -> None:
    """Turned and mirrored objects have the same area, perimeter, eccentricity and solidity."""
    for moved in (np.rot90(labels), np.fliplr(labels)):
        for one, other in zip(shapes(labels), shapes(np.ascontiguousarray(moved)), strict=True):
            assert one.area == other.area
            assert one.perimeter == pytest.approx(other.perimeter)
            assert one.eccentricity == pytest.approx(other.eccentricity)
            assert one.solidity == pytest.approx(other.solidity)


def test_a_disk_is_round_solid_and_not_eccentric(draw_disks: Callable[..., LabelImage]) -> None:
    """A disk of radius 30 has the area, diameter and perimeter of geometry, and a roundness of 1."""
    (shape,) = shapes(draw_disks([(60, 60, 30)]))
    assert shape.area == pytest.approx(math.pi * 30**2, rel=0.01)
    assert shape.diameter == pytest.approx(60, rel=0.01)
    assert shape.perimeter == pytest.approx(2 * math.pi * 30, rel=0.02)
    assert shape.eccentricity == 0
    assert shape.solidity > 0.97
    assert shape.roundness == pytest.approx(1, abs=0.025)


def _ellipse(long: float, short: float, turn: float, x: float, y: float) -> LabelImage:
    """Draw an ellipse whose center is off the center of a pixel by x and y."""
    reach = int(long) + 3
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    u = (columns - x) * math.cos(turn) + (rows - y) * math.sin(turn)
    v = (rows - y) * math.cos(turn) - (columns - x) * math.sin(turn)
    return ((u / long) ** 2 + (v / short) ** 2 <= 1).astype(np.int32)


@pytest.mark.parametrize("radius", [5, 8, 12, 20, 35, 60])
def test_disks_read_one_wherever_they_lie(radius: int) -> None:
    """On the grid a small disk varies with its place: the mean is right, and each is near."""
    rng = np.random.default_rng(radius)
    read = [shapes(_ellipse(radius, radius, 0, *rng.uniform(-0.5, 0.5, 2)))[0].roundness for _ in range(40)]
    assert 0.98 <= np.mean(read) <= 1.02
    assert max(abs(np.array(read) - 1)) < 0.1 * (8 / max(radius, 8))


@pytest.mark.parametrize("axes", [(20, 10), (30, 20), (45, 15)])
def test_ellipses_have_the_perimeter_of_geometry(axes: tuple[int, int]) -> None:
    """Within 2 % on average over directions (Ramanujan 1914), and 6 % in any."""
    a, b = axes
    h = ((a - b) / (a + b)) ** 2
    true = math.pi * (a + b) * (1 + 3 * h / (10 + math.sqrt(4 - 3 * h)))
    found = [shapes(_ellipse(a, b, turn, 0.2, 0.3))[0].perimeter / true for turn in np.linspace(0, 3.1, 16)]
    assert np.mean(found) == pytest.approx(1, abs=0.02)
    assert max(abs(np.array(found) - 1)) < 0.06


def test_squares_lines_and_points() -> None:
    """A square along the rows reads 5 to 8 % short: its outline has two directions. A line is no circle."""
    labels = np.zeros((20, 40), dtype=np.int32)
    labels[2:12, 2:12] = 1
    labels[15, 5:35] = 2
    labels[18, 38] = 3
    square, line, point = shapes(labels)
    assert (square.area, square.eccentricity, square.solidity) == (100, 0, 1)
    assert square.perimeter == pytest.approx(36.8, abs=0.1)
    assert square.roundness < shapes(_ellipse(10, 10, 0, 0, 0))[0].roundness
    assert line.eccentricity == 1
    assert line.solidity == 1
    assert (point.area, point.eccentricity, point.solidity) == (1, 0, 1)
    assert point.perimeter == pytest.approx(math.pi / 4 * (2 + math.sqrt(2)))


def test_an_l_is_not_solid() -> None:
    """An L of three quarters of a square leaves its hull's cut corner empty."""
    labels = np.ones((10, 10), dtype=np.int32)
    labels[:5, 5:] = 0
    (shape,) = shapes(labels)
    assert shape.area == 75
    assert shape.solidity == pytest.approx(regionprops(labels)[0].solidity)
    assert 0.8 < shape.solidity < 0.9


def test_ratios_go_by_id(draw_disks: Callable[..., LabelImage]) -> None:
    """Each nucleus counts for the cell of its own id; a cell without nucleus has ratio 0."""
    cell = draw_disks([(30, 30, 20), (80, 30, 20), (60, 90, 10)])
    nucleus = draw_disks([(30, 30, 10), (80, 30, 20)])
    features = Morphology.create(unit="px").extract(BLANK, Labels({"nucleus": nucleus, "cell": cell}))
    ratios = [(nucleus == 1).sum() / (cell == 1).sum(), 1.0, 0.0]
    assert features["morphology_nucleus_count"] == 2
    assert features["morphology_cell_count"] == 3
    assert features["morphology_nc_area_ratio_mean"] == pytest.approx(np.mean(ratios))
    assert features["morphology_nc_area_ratio_std"] == pytest.approx(np.std(ratios))
    assert features["morphology_nc_area_ratio_max"] == 1
    assert features["morphology_nc_diameter_ratio_mean"] == pytest.approx(np.mean(np.sqrt(ratios)))


def test_gaps_in_ids_are_no_cells(cells: Labels) -> None:
    """Ids need not follow one another."""
    spread = {role: labels * 7 for role, labels in cells.roles.items()}
    assert Morphology.create(unit="px").extract(BLANK, Labels(spread)) == Morphology.create(
        unit="px"
    ).extract(BLANK, cells)


def test_aggregates_are_over_cells(cells: Labels) -> None:
    """Mean, std and max of the cells' areas are those of the label counts."""
    features = Morphology.create(unit="px").extract(BLANK, cells)
    areas = np.bincount(cells.cell.ravel())[1:]
    assert features["morphology_cell_area_px2_mean"] == pytest.approx(areas.mean())
    assert features["morphology_cell_area_px2_std"] == pytest.approx(areas.std())
    assert features["morphology_cell_area_px2_max"] == areas.max()


def test_pixel_size_scales_lengths_and_areas_and_says_so_in_names(cells: Labels) -> None:
    """In um, lengths scale with the pixel's width, areas with its square, the rest stay."""
    in_px = Morphology.create(unit="px").extract(BLANK, cells)
    in_um = Morphology.create(pixel_size_um=0.5).extract(BLANK, cells)
    assert len(in_px) == len(in_um)
    for name, value in in_um.items():
        scale = 0.25 if "_um2_" in name else 0.5 if "_um_" in name else 1
        assert value == pytest.approx(scale * in_px[name.replace("_um2_", "_px2_").replace("_um_", "_px_")])


def test_cells_without_nuclei_leave_nuclei_missing(cells: Labels) -> None:
    """Cells without any nucleus: nucleus count and ratios 0, nucleus shape missing as declared."""
    features = Morphology.create(unit="px").extract(
        BLANK, Labels({"nucleus": np.zeros_like(cells.nucleus), "cell": cells.cell})
    )
    assert features["morphology_nucleus_count"] == 0
    assert features["morphology_nc_area_ratio_max"] == 0
    assert math.isnan(features["morphology_nucleus_area_px2_mean"])
    assert math.isfinite(features["morphology_cell_area_px2_mean"])
