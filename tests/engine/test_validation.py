"""What plugins return is checked before anyone builds on it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from leukokit.api import (
    CellColumn,
    CellFeatureExtractor,
    Cells,
    FeatureExtractor,
    ImageRejected,
    Labels,
    LeukokitError,
    Planes,
    PluginError,
    Segmenter,
    Status,
)
from leukokit.engine.validation import (
    FeatureSchema,
    checked_cells,
    checked_image,
    checked_labels,
    checked_vector,
)
from leukokit.testing.images import disks

IMAGE = np.zeros((4, 5, 3), np.uint8)
EMPTY = np.zeros((4, 5), np.int32)


class Area(FeatureExtractor):
    """Two names, one of which may be missing."""

    def names(self) -> tuple[str, ...]:
        return ("area", "ratio")

    def nullable(self) -> frozenset[str]:
        return frozenset({"ratio"})


def vector(values: Mapping[str, float], status: Status = Status.OK) -> np.ndarray:
    return checked_vector(values, FeatureSchema.of(Area()), Labels({"cell": EMPTY}, status))


@pytest.mark.parametrize("bad", [IMAGE.astype(float), IMAGE[..., 0], IMAGE[..., :2], None])
def test_images_of_another_type_are_refused(bad: np.ndarray) -> None:
    """Floats, gray planes and nothing at all are not uint8 H x W x 3."""
    with pytest.raises((LeukokitError, ImageRejected), match="uint8"):
        checked_image(bad, IMAGE, keeps_shape=True)


def test_a_promised_shape_is_held() -> None:
    """A preprocessor that keeps the shape may not change it; another may."""
    with pytest.raises(PluginError, match=r"returned shape \(2, 5, 3\) for an image of shape \(4, 5, 3\)"):
        checked_image(IMAGE[:2], IMAGE, keeps_shape=True)
    assert checked_image(IMAGE[:2], IMAGE, keeps_shape=False).shape == (2, 5, 3)


class Sizes(CellFeatureExtractor):
    """Measures one number of each cell."""

    def columns(self) -> tuple[CellColumn, ...]:
        return (CellColumn("size", "px2", "Size."),)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"size": np.ones(3)}, r"column size is float64 \(3,\), expected a number for each of 2 cells"),
        ({"size": np.array(["a", "b"])}, "expected a number for each of 2 cells"),
        (
            {"sizes": np.ones(2)},
            r"returned \['sizes'\], expected an array for each of \['size'\]",
        ),
        ([1, 2], r"measure\(\) returned list"),
        ({"size": np.array([1.0, np.inf])}, "values that are not finite"),
    ],
)
def test_what_is_measured_of_cells_is_checked(values: object, words: str) -> None:
    """Each column, a number for each cell, and nothing else; a missing one is NaN."""
    labels = EMPTY.copy()
    labels[0, :2], labels[3, 3:] = 1, 2
    cells = Cells(Planes(IMAGE), Labels({"cell": labels}))
    with pytest.raises(PluginError, match=words):
        checked_cells(values, Sizes(), cells)
    kept = checked_cells({"size": [1, float("nan")]}, Sizes(), cells)
    assert np.array_equal(kept["size"], [1, np.nan], equal_nan=True)


def test_checked_images_are_read_only() -> None:
    """The next step cannot change what this one returned."""
    assert not checked_image(IMAGE.copy(), IMAGE, keeps_shape=True).flags.writeable


def nucleus_outside() -> Labels:
    nucleus = EMPTY.copy()
    nucleus[0, 0] = 1
    return Labels({"nucleus": nucleus, "cell": EMPTY})


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("labels", "returned str, expected leukokit.api.Labels"),
        (Labels({"cell": EMPTY}), r"left out \['nucleus'\]"),
        (Labels({"nucleus": EMPTY.astype(np.int64), "cell": EMPTY}), "role nucleus is int64"),
        (Labels({"nucleus": EMPTY[:2], "cell": EMPTY}), r"expected int32 \(4, 5\)"),
        (Labels({"nucleus": EMPTY, "cell": EMPTY - 1}), "role cell has negative ids"),
        (nucleus_outside(), "a nucleus lies outside the cell of its id"),
    ],
)
def test_labels_that_break_the_contract_are_named(labels: Labels, message: str) -> None:
    """Type, roles, dtype, size and ids are each checked."""
    with pytest.raises(PluginError, match=message):
        checked_labels(labels, Segmenter(), IMAGE)


class Checked(Segmenter):
    """Has asked already."""

    checks_nuclei = True


def test_red_cells_called_nuclei_are_implausible() -> None:
    """Whatever the plugin says; unless it checks nuclei itself. The labels are kept."""
    image, truth = disks(size=160, cells=4)
    half = np.where(truth.red_cell > 3, truth.red_cell, 0)
    wrong = Labels({"nucleus": half, "cell": half})
    found = checked_labels(wrong, Segmenter(), image)
    assert found.status is Status.IMPLAUSIBLE
    assert np.shares_memory(found.nucleus, half)
    assert checked_labels(wrong, Checked(), image).status is Status.OK
    right = Labels({"nucleus": truth.nucleus, "cell": truth.cell})
    assert checked_labels(right, Segmenter(), image).status is Status.OK


def test_names_must_match() -> None:
    """Missing and unexpected features are both named."""
    with pytest.raises(PluginError, match=r"missing \['ratio'\], unexpected \['ration'\]"):
        vector({"area": 1.0, "ration": 1.0})


@pytest.mark.parametrize(("value", "shown"), [(np.inf, "inf"), (-np.inf, "-inf"), (1e308, r"1e\+308")])
def test_infinite_and_overflowing_values_name_the_feature(value: float, shown: str) -> None:
    """Infinity and numbers about to overflow are refused, whatever the status."""
    with pytest.raises(PluginError, match=f"feature area is {shown}"):
        vector({"area": value, "ratio": 1.0}, Status.NO_CELL)


def test_nan_is_missing_only_where_declared() -> None:
    """NaN stands where the name is nullable or no cell was found, and nowhere else."""
    assert np.isnan(vector({"area": 1.0, "ratio": np.nan})[1])
    assert np.isnan(vector({"area": np.nan, "ratio": 1.0}, Status.NO_CELL)[0])
    with pytest.raises(PluginError, match="feature area is NaN"):
        vector({"area": np.nan, "ratio": 1.0})
