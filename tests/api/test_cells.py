"""Extractors of cells: what they measure becomes features of the image."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
from pydantic import ValidationError

from leukokit.api import (
    Aggregate,
    CellColumn,
    CellFeatureExtractor,
    CellParams,
    Cells,
    FloatArray,
    Labels,
    Planes,
    PluginError,
    Status,
    aggregate_columns,
    aggregate_names,
)

ROWS = np.repeat(np.arange(1, 5, dtype=np.int32), 10).reshape(4, 10)
PLANES = Planes(np.zeros((4, 10, 3), np.uint8))


class Sizes(CellFeatureExtractor):
    """Area of each cell, and of all but the last a second value."""

    Params = CellParams

    def columns(self) -> tuple[CellColumn, ...]:
        return (
            CellColumn("area", "px2", "Area."),
            CellColumn("order", "", "Place.", (Aggregate.MAX, Aggregate.COUNT)),
        )

    def measure(self, cells: Cells) -> Mapping[str, FloatArray]:
        order = np.arange(float(len(cells.places("cell"))))
        order[-1:] = np.nan
        return {"area": cells.values("cell", "area"), "order": order}


def test_columns_become_features_by_their_aggregates() -> None:
    """NaN is left out of what is aggregated; a column may have aggregates of its own."""
    extractor = Sizes.create(aggregates=["mean", "quantiles"])
    quantiles = tuple(f"area_q{q}" for q in ("05", "25", "50", "75", "95"))
    assert extractor.names() == ("area_mean", *quantiles, "order_max", "order_count")
    assert extractor.nullable() == {"area_mean", *quantiles, "order_max"}
    features = extractor.extract(PLANES, Labels({"cell": ROWS}))
    assert [features[name] for name in extractor.names()] == [10, 10, 10, 10, 10, 10, 2, 3]


def test_no_cells_is_a_count_of_none() -> None:
    """Where the segmentation failed nothing is measured, whatever the label image holds."""
    features = Sizes().extract(PLANES, Labels({"cell": ROWS}, Status.IMPLAUSIBLE))
    assert features["order_count"] == 0
    assert math.isnan(features["area_mean"])


def test_every_aggregate() -> None:
    """Each gives what it says."""
    values = np.array([1.0, 2.0, 3.0, 10.0])
    found = dict(
        zip(
            aggregate_names(["x"], tuple(Aggregate)),
            aggregate_columns([values], tuple(Aggregate)),
            strict=True,
        )
    )
    assert (found["x_mean"], found["x_max"], found["x_min"], found["x_median"]) == (4, 10, 1, 2.5)
    assert found["x_std"] == pytest.approx(values.std())
    assert found["x_count"] == 4
    assert found["x_q25"] == np.quantile(values, 0.25)
    assert found["x_entropy"] == pytest.approx(2), "four values in four bins"
    assert aggregate_columns([np.ones(5)], [Aggregate.ENTROPY]) == [0.0]


@pytest.mark.parametrize(
    ("aggregates", "words"),
    [([], "give at least one"), (["mean", "mean"], "mean is repeated"), (["sum"], "Input should be 'mean'")],
)
def test_wrong_aggregates_are_refused(aggregates: list[str], words: str) -> None:
    """Each once, at least one, and one of those that there are."""
    with pytest.raises(ValidationError, match=words):
        Sizes.create(aggregates=aggregates)


def test_label_images_must_fit() -> None:
    """A label image of another size than the image is told."""
    with pytest.raises(PluginError, match="has shape"):
        Sizes().extract(PLANES, Labels({"cell": ROWS[:2]}))


def test_shapes_are_measured_once() -> None:
    """All who share the cells of an image get the very same shapes."""
    cells = Cells(PLANES, Labels({"cell": ROWS}))
    assert cells.shapes("cell") is cells.shapes("cell")
