"""A misspelled name leads to the one that was meant, or to none."""

from __future__ import annotations

import pytest

from leukokit.near_names import did_you_mean, near_names


@pytest.mark.parametrize("given", ["medain", "Median", "median/medain", "me-dian"])
def test_the_nearest_name_is_told(given: str) -> None:
    assert did_you_mean(given, ["clahe", "median"]) == " (did you mean 'median'?)"


def test_nothing_near_means_no_guess() -> None:
    """A wild guess is worse than none."""
    assert did_you_mean("qqq", ["median"]) == ""


def test_the_short_name_of_a_plugin_is_enough() -> None:
    assert near_names("multi-otsu", ["otsu/multi_otsu"]) == ["otsu/multi_otsu"]


def test_several_names_come_nearest_first_and_each_once() -> None:
    names = ["block5/conv1", "block5_conv1", "block5_conv2", "pool"]
    near = near_names("block5_conv1", names, most=4, likeness=0.4)
    assert near[0] == "block5_conv1"
    assert "pool" not in near
    assert len(set(near)) == len(near)


def test_a_name_of_a_million_letters_is_refused_at_once() -> None:
    assert near_names("a" * 1_000_000, ["median"]) == []
