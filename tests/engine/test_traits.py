"""Traits of samples: what a data set may return, and what a name that is not there is told."""

from __future__ import annotations

from typing import Any

import pytest

from leukokit.api import DataError, PluginError, Sample
from leukokit.engine.dataset_answers import checked_samples
from leukokit.engine.traits import trait_values

SAMPLES = [
    Sample("a", label="x", group="P1", traits={"site": "A", "device": "old"}),
    Sample("b", label="x", traits={"site": "B"}),
]


def test_a_trait_is_told_by_sample_where_it_is_known() -> None:
    assert trait_values(SAMPLES, "device", where="subgroups.0") == {"a": "old"}
    assert trait_values(SAMPLES, "group", where="subgroups.0") == {"a": "P1"}


def test_a_name_that_is_not_there_is_told_what_there_is() -> None:
    with pytest.raises(DataError) as raised:
        trait_values(SAMPLES, "sites", where="split.by")
    assert "split.by: no image has a 'sites'; they have device, site, group" in str(raised.value)
    assert "Did you mean 'site'?" in str(raised.value)


@pytest.mark.parametrize("traits", [{"age": 7}, {"site": ""}, ["site"], {1: "A"}])
def test_traits_are_names_and_values_in_words(traits: Any) -> None:
    with pytest.raises(PluginError, match=r"sample 0 \(id 'a'\): traits is .*; expected a dict of names"):
        checked_samples([Sample("a", traits=traits)])


def test_traits_hold_what_every_table_can_hold() -> None:
    """As ids do; a sample can still be a key."""
    sample = Sample("a", traits={"site\x1b": "\udcff"})
    assert sample.traits == {"site\\x1b": "\\udcff"}
    assert sample in {sample}
