"""Images of an overlay sheet: the worst and typical ones of each class, by rule, the same every time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from leukokit.api import Labels, Status
from leukokit.report.overlay_choice import STATISTICS, choose, label_statistics


def table(rows: dict[str, tuple[float, float, float]]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index", columns=STATISTICS)


def alike(ids: Sequence[str]) -> pd.DataFrame:
    return table({name: (4.0, 0.1 + i / 1e6, 0.8) for i, name in enumerate(ids)})


def test_lowest_and_median_dice_are_shown_with_their_numbers() -> None:
    """Where experts scored, the worst stand first and the caption says how bad they are."""
    ids = [f"a{i}" for i in range(9)]
    scores = np.linspace(0.9, 0.5, 9)
    masks = pd.DataFrame({"nucleus_dice": scores, "cell_dice": scores + 0.05}, index=ids)
    found = choose(dict.fromkeys(ids, "A"), {}, masks, alike)
    assert [each.id for each in found] == ["a8", "a7", "a6", "a4"]
    assert [each.reason for each in found] == [
        "lowest Dice",
        "second lowest Dice",
        "lower quartile of Dice",
        "median Dice",
    ]
    assert found[0].detail == "Dice .50 nucleus, .55 cell"


def test_failures_come_first_then_the_unusual_then_typical_ones() -> None:
    """Without masks; a failure says how many end like it, an unusual image what is unusual."""
    ids = [f"a{i:02d}" for i in range(20)]
    numbers = table({name: (4.0, 0.1 + i / 1e5, 0.8) for i, name in enumerate(ids)})
    numbers.loc["a13", "cells"] = 23
    status = dict.fromkeys(ids, Status.OK) | {"a05": Status.NO_CELL, "a06": Status.NO_CELL}
    found = choose(dict.fromkeys(ids, "A"), status, None, lambda _: numbers)
    assert [(each.id, each.reason) for each in found[:2]] == [
        ("a06", "2 of 20 end like this"),
        ("a13", "unusual"),
    ]
    assert found[1].detail == "class median 4"
    assert [each.reason for each in found[2:]] == ["typical", "typical"]
    assert {each.id for each in found[2:]} <= {f"a{i:02d}" for i in range(8, 13)}


def test_where_many_fail_two_failures_are_shown_and_the_gravest_first() -> None:
    """What is not stained like nuclei is worse than nothing."""
    ids = [f"a{i}" for i in range(10)]
    status = {name: Status.IMPLAUSIBLE if i in (1, 2) else Status.NO_CELL for i, name in enumerate(ids)}
    status |= dict.fromkeys(ids[6:], Status.OK)
    found = choose(dict.fromkeys(ids, ""), status, None, alike)
    assert [each.id for each in found[:2]] == ["a2", "a4"]
    assert found[0].reason == "2 of 10 end like this"
    assert [each.reason for each in found[2:]] == ["typical", "typical"]


def test_failures_that_fill_the_row_stand_before_the_only_typical_image() -> None:
    """The worst come first, also where there are too few good images to fill the row."""
    ids = [f"a{i}" for i in range(6)]
    status = dict.fromkeys(ids, Status.IMPLAUSIBLE) | {"a5": Status.OK}
    found = choose(dict.fromkeys(ids, "A"), status, None, alike)
    assert [each.reason for each in found] == ["5 of 6 end like this"] * 3 + ["typical"]
    assert found[3].id == "a5"


def test_a_class_of_failures_alone_is_shown_as_such() -> None:
    """Nothing typical is invented."""
    ids = ["a", "b", "c"]
    found = choose(dict.fromkeys(ids, "A"), dict.fromkeys(ids, Status.NO_CELL), None, lambda _: table({}))
    assert [each.id for each in found] == ["b", "a", "c"]


def test_classes_share_the_sheet_evenly() -> None:
    """Sixteen panels in all: one class gets four, eight get two each, thirty one each."""
    for count, share in ((1, 4), (8, 2), (30, 1)):
        classes = {f"{c:02d}-{i}": f"{c:02d}" for c in range(count) for i in range(6)}
        found = choose(classes, {}, None, alike)
        assert len(found) == min(16, count * share)
        assert len({each.label for each in found}) == min(16, count)
        assert found == choose(classes, {}, None, alike)


def test_one_panel_a_class_goes_to_its_failure_or_else_to_a_typical_image() -> None:
    """An unusual image alone would mislead."""
    classes = {f"{c:02d}-{i}": f"{c:02d}" for c in range(16) for i in range(5)}
    found = choose(classes, {"03-4": Status.NO_CELL}, None, alike)
    assert found[3].id == "03-4"
    assert {each.reason for each in found if each.label != "03"} == {"typical"}


def test_only_classes_without_masks_are_measured() -> None:
    """The label images of the others need not be read."""
    masks = pd.DataFrame({"nucleus_dice": [0.5, 0.6]}, index=["a1", "a2"])
    asked: list[str] = []

    def statistics(ids: Sequence[str]) -> pd.DataFrame:
        asked.extend(ids)
        return alike(ids)

    found = choose({"a1": "A", "a2": "A", "b1": "B", "b2": "B"}, {}, masks, statistics)
    assert asked == ["b1", "b2"]
    assert [each.id for each in found if each.label == "A"] == ["a1", "a2"]
    assert found[0].detail == "Dice .50 nucleus"


def test_statistics_of_labels() -> None:
    """Number of cells, share of the image, nucleus over cell; no ratio where there is no cell."""
    cell, nucleus = np.zeros((10, 10), np.int32), np.zeros((10, 10), np.int32)
    cell[:4, :5], cell[6:, 5:] = 1, 2
    nucleus[:2, :5], nucleus[6:8, 5:] = 1, 2
    assert label_statistics(Labels({"nucleus": nucleus, "cell": cell})) == {
        "cells": 2.0,
        "area": 0.4,
        "nc": 0.5,
    }
    assert np.isnan(label_statistics(Labels({"nucleus": cell * 0, "cell": cell * 0}))["nc"])
    assert label_statistics(Labels({"red_cell": cell}))["cells"] == 0
