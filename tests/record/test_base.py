"""A record is frozen and closed, and keeps whole numbers whole."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from leukokit.record.metrics import Metrics, RegionHeat, ScaleSummary
from leukokit.record.provenance import DataManifest
from leukokit.record.scores import ClassIntervals, Interval


def test_what_was_never_given_is_not_written() -> None:
    assert json.loads(ScaleSummary(how="red cells", spread=None).to_bytes()) == {
        "how": "red cells",
        "spread": None,
    }
    assert Metrics().plain() == {}


def test_numbers_keep_their_form() -> None:
    assert b'"ratio": 2,' in RegionHeat(ratio=2, ratio_low=2.0).to_bytes()
    assert b'"ratio_low": 2.0\n' in RegionHeat(ratio=2, ratio_low=2.0).to_bytes()


def test_names_that_are_no_utf8_come_back_as_they_were() -> None:
    found = DataManifest(files={"a\udcff.png": "00"})
    assert b'"a\xff.png": "00"' in found.to_bytes()


@pytest.mark.parametrize("value", [True, "0.5", float("nan"), float("inf"), [0.5]])
def test_a_number_is_a_finite_number(value: object) -> None:
    with pytest.raises(ValidationError, match="finite number"):
        RegionHeat(ratio=value)


def test_records_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        RegionHeat(ratio=1.0).ratio = 2.0


def test_what_a_file_lacks_is_never_null() -> None:
    """A field that is absent where there is nothing may be given as None; others are written as null."""
    assert ClassIntervals(precision=None, recall=Interval(low=0.5)).plain() == {"recall": {"low": 0.5}}
    assert Interval(low=None).plain() == {"low": None}
    assert Metrics(test=None, leaks=()).plain() == {"leaks": []}
