"""Overrides from the command line and from Python, checked like the file."""

from __future__ import annotations

import enum
from pathlib import Path

import numpy as np
import pytest

from leukokit.catalog import KINDS
from leukokit.recipe.overrides import PathError, resolve_path


class Color(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    "key",
    ["classify.params.C", "classify.C"],
)
def test_a_parameter_is_set_by_its_long_or_short_path(load, good, key):
    """``params`` may be left out; what was changed is kept under the long path."""
    recipe = load(good, overrides=[f"{key}=1e-3"])
    assert recipe.classify.params["C"] == 1e-3
    assert recipe.overrides == {"classify.params.C": 1e-3}


@pytest.mark.parametrize(
    ("override", "read"),
    [
        ("preprocess.1.size=7", lambda r: r.preprocess[1].params["size"] == 7),
        ("features.tint.channels=[green]", lambda r: r.features[1].params["channels"] == ["green"]),
        (
            "features.tint.params.channels.0=blue",
            lambda r: r.features[1].params["channels"] == ["blue", "blue"],
        ),
        ("select.k=9", lambda r: r.select[0].params["k"] == 9),
        ("select.best.k=9", lambda r: r.select[0].params["k"] == 9),
        ("select.params.k=9", lambda r: r.select[0].params["k"] == 9),
        ("segment=nuclei_only", lambda r: r.segment is not None),
        ("segment.use=otsu", lambda r: r.segment.use == "otsu"),
        ("segment.red_cells=true", lambda r: r.segment.params["red_cells"]),
        (
            "classify=extra/forest",
            lambda r: r.classify.use == "extra/forest" and r.classify.params["C"] == 10,
        ),
        ("tune=null", lambda r: r.model.tune is None),
        ("tune.cv=7", lambda r: r.model.tune.cv == 7),
        ("tune.grid.classify.C=[2]", lambda r: r.model.tune.grid["classify.C"] == [2]),
        ("explain=", lambda r: r.explain == ()),
        ("data.read.bit_depth=12", lambda r: r.model.data.read.bit_depth == 12),
        ("split=paper", lambda r: r.model.split.name == "paper"),
        ("split={method: blocks, test: 0.1}", lambda r: r.model.split.test == 0.1),
        ("split.method=holdout", lambda r: r.model.split.stratify),
        ("seed=5", lambda r: r.seed == 5),
        ("preprocess=[]", lambda r: r.preprocess == ()),
        ("data.params.root=a b", lambda r: r.data.params["root"] == "a b"),
        ("name = spaced", lambda r: r.name == "spaced"),
        ("description=a=b", lambda r: r.model.description == "a=b"),
    ],
)
def test_overrides_reach_every_part_of_a_recipe(load, good, override, read):
    """By index, by name, with or without ``params``; values are YAML."""
    extra = ["features=[tint]"] if override == "segment=nuclei_only" else []
    if override.startswith("features.tint"):
        extra = []
    assert read(load(good, overrides=[*extra, override]))


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("clasify.C=1", "did you mean 'classify'?"),
        ("preprocess.median.size=5", "preprocess.0 or preprocess.1"),
        ("preprocess.9.size=5", "counted from 0"),
        ("features.tnt.channels=[red]", "did you mean 'tint'?"),
        ("classify.C", "expected PATH=VALUE"),
        ("classify..C=1", "keys joined by dots"),
        ("classify.C=[1", "bracket"),
        ("classify.C=!x 1", "tag"),
        ("name.x=1", "is one value"),
        ("features.tint.channels.9=red", "is a list of 2"),
    ],
)
def test_a_path_that_leads_nowhere_is_located_at_the_option(problems, good, override, words):
    """Such a problem has no line; it names the option."""
    found = problems(good, overrides=[override])
    assert len(found) == 1
    assert found[0].source == f"--set {override.partition('=')[0]}"
    assert found[0].line is None
    assert words in found[0].message


def test_a_mapping_that_an_override_began_is_located_at_the_option(problems, good):
    """What it stands in was not in the file either."""
    assert [str(problem) for problem in problems(good, overrides=["seed.x=1"])] == [
        "--set seed.x: seed: expected a whole number, got a mapping (keys and values)"
    ]


def test_a_bad_value_is_located_at_the_option(problems, good):
    """It is checked the same way as in the file, in the same pass as the rest."""
    found = problems(good.replace("size: 5", "size: 4"), overrides=["classify.params.C=-1"])
    assert [str(problem) for problem in found] == [
        "r.yaml:7:20: preprocess.1.params.size: the window must be odd",
        "--set classify.params.C: classify.params.C: expected a number > 0.0, got -1",
    ]


def test_an_override_can_mend_a_recipe(load, good):
    """The file's own mistake at that place no longer counts."""
    recipe = load(good.replace("C: 96", "C: -5"), overrides=["classify.C=1"])
    assert recipe.classify.params["C"] == 1


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("classify.C", np.float64(2.5), lambda r: r.classify.params["C"] == 2.5),
        ("preprocess.1.size", np.int64(9), lambda r: r.preprocess[1].params["size"] == 9),
        ("features.tint.channels", (Color.RED,), lambda r: r.features[1].params["channels"] == ["red"]),
        ("data.root", Path("a") / "b", lambda r: r.data.params["root"] == str(Path("a") / "b")),
        ("classify", {"use": "machine", "params": {"C": 3}}, lambda r: r.classify.params["C"] == 3),
    ],
)
def test_python_values_are_taken_too(load, good, key, value, read):
    """Numpy scalars, enums, paths and tuples come down to plain values."""
    assert read(load(good, overrides={key: value}))


def test_a_python_value_that_no_recipe_can_hold_is_refused(problems, good):
    """An object is named by its type."""
    found = problems(good, overrides={"classify.C": object()})
    assert found[0].source == "override classify.C"
    assert "a value of type object" in found[0].message


def test_text_in_python_is_not_parsed_as_yaml(problems, good):
    """``"10"`` stays text there, and text is no number."""
    assert 'expected a number, got "10"' in problems(good, overrides={"classify.C": "10"})[0].message


def test_a_recipe_with_overrides_is_a_new_recipe(load, good):
    """The first one stays as it was, and overrides add up."""
    first = load(good, overrides=["seed=1"])
    second = first.with_overrides({"classify.C": 2}).with_overrides({"classify.kernel": "linear"})
    assert first.classify.params["C"] == 96
    assert (second.classify.params["C"], second.classify.params["kernel"], second.seed) == (2, "linear", 1)
    assert second.overrides == {"seed": 1, "classify.params.C": 2, "classify.params.kernel": "linear"}


def test_every_grid_point_can_be_applied(load, good):
    """Tuning walks the grid in the order in which it is written."""
    recipe = load(good)
    points = recipe.grid_points()
    assert points[:2] == (
        {"classify.C": 1, "classify.kernel": "rbf"},
        {"classify.C": 1, "classify.kernel": "linear"},
    )
    assert [recipe.with_overrides(point).classify.params["kernel"] for point in points] == [
        "rbf",
        "linear",
    ] * 2


def test_a_path_through_nothing_is_an_error():
    """Names are looked up in what is written."""
    with pytest.raises(PathError, match="it has no components"):
        resolve_path({}, "features.tint.channels", ["features"], KINDS)
