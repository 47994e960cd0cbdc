"""The difference of two recipes: paths, sorted, and nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leukokit.compare.recipe_diff import ABSENT, ValueDifference, recipe_diff


def use(name: str, **params: Any) -> dict[str, Any]:
    return {"use": name, "params": params}


def test_one_changed_parameter_is_one_path() -> None:
    """All that is the same is left out."""
    a = {"name": "x", "seed": 1, "classify": use("svm", C=1.0, kernel="rbf")}
    b = {"name": "x", "seed": 1, "classify": use("svm", C=10.0, kernel="rbf")}
    assert recipe_diff(a, b) == [ValueDifference("classify.params.C", 1.0, 10.0)]


def test_another_component_is_one_difference() -> None:
    """Parameters of different components have nothing to do with each other."""
    a, b = use("svm", C=1.0), use("knn", k=3)
    assert recipe_diff({"classify": a}, {"classify": b}) == [ValueDifference("classify", a, b)]


def test_components_of_a_list_go_by_name() -> None:
    """One more in front does not change those behind it."""
    a = {"features": [use("lbp", radius=1), use("hog")]}
    b = {"features": [use("intensity"), use("lbp", radius=2), use("hog")]}
    assert recipe_diff(a, b) == [
        ValueDifference("features.intensity", ABSENT, use("intensity")),
        ValueDifference("features.lbp.params.radius", 1, 2),
    ]


def test_the_same_component_twice_goes_by_its_place_among_its_name() -> None:
    """The second is ``lbp#2``."""
    a = {"features": [use("lbp", radius=1), use("lbp", radius=2)]}
    b = {"features": [use("lbp", radius=1), use("lbp", radius=3)]}
    assert recipe_diff(a, b) == [ValueDifference("features.lbp#2.params.radius", 2, 3)]


def test_another_order_is_a_difference_of_the_list() -> None:
    """For preprocessing it matters."""
    a = {"preprocess": [use("median"), use("clahe")]}
    b = {"preprocess": [use("clahe"), use("median")]}
    assert recipe_diff(a, b) == [
        ValueDifference("preprocess", ["median", "clahe"], ["clahe", "median"]),
    ]


def test_what_only_one_has_is_absent_in_the_other() -> None:
    """Null is a value, absence is none."""
    differences = recipe_diff({"tune": None, "old": 1}, {"tune": use("x"), "new": False})
    assert differences == [
        ValueDifference("new", ABSENT, False),
        ValueDifference("old", 1, ABSENT),
        ValueDifference("tune", None, use("x")),
    ]


def test_plain_lists_are_compared_whole() -> None:
    """And true is not 1."""
    differences = recipe_diff({"a": [1, 2], "b": 1, "c": []}, {"a": [1, 3], "b": True, "c": []})
    assert differences == [ValueDifference("a", [1, 2], [1, 3]), ValueDifference("b", 1, True)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
RECIPES = st.dictionaries(st.sampled_from("pqr"), JSON, max_size=3)


@given(RECIPES, RECIPES)
def test_swapping_the_recipes_swaps_the_values(a: dict[str, Any], b: dict[str, Any]) -> None:
    """Same paths, sorted; none for a recipe and itself."""
    there, back = recipe_diff(a, b), recipe_diff(b, a)
    assert [(difference.path, difference.first, difference.second) for difference in there] == [
        (difference.path, difference.second, difference.first) for difference in back
    ]
    assert [difference.path for difference in there] == sorted(difference.path for difference in there)
    assert recipe_diff(a, a) == []
