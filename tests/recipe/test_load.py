"""``load_recipe``: every mistake in one pass, each with its place."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leukokit.errors import RecipeError
from leukokit.recipe import load_recipe, load_recipe_text


def test_a_good_recipe_is_bound_stage_by_stage(load, good):
    """Short forms are written out, and components carry their parameters."""
    recipe = load(good)
    assert recipe.name == "good"
    assert recipe.seed == 281
    assert recipe.data.use == "folder"
    assert [bound.params["size"] for bound in recipe.preprocess] == [3, 5]
    assert recipe.segment.component.roles() == ("nucleus", "cell")
    assert [bound.path for bound in recipe.features] == ["features.0", "features.1"]
    assert recipe.select[0].params == {"k": 2}
    assert recipe.classify.component.params.C == 96.0
    assert [bound.use for bound in recipe.explain] == ["importance"]
    assert recipe.text == good.encode()
    assert len(recipe.components) == 9


def test_a_recipe_may_stop_at_any_stage(load):
    """Data alone is a recipe."""
    recipe = load("leukokit: 1\nname: x\ndata: folder\npreprocess:\n")
    assert recipe.components == (recipe.data,)
    assert recipe.segment is None
    assert recipe.grid_points() == ()


TEN_MISTAKES = """\
leukokit: 1
name: ../../x
sed: 3
data: {use: foldr}
preprocess:
  - {use: median, params: {size: 4}}
  - {use: median, params: {siz: 3}}
segment: {use: otsu, params: {red_cells: maybe}}
features:
  - tint
  - {use: tint, params: {channels: [red, gren]}}
classify: {use: machine, params: {kernel: rbg, C: -1}}
tune: {cv: 1, grid: {classify.C: [1, x]}}
"""


def test_ten_mistakes_give_ten_located_messages(problems):
    """Mistakes of structure, of names and of values are found in one pass; none hides another."""
    found = problems(TEN_MISTAKES)
    assert [(problem.line, problem.column, problem.path) for problem in found] == [
        (2, 7, "name"),
        (3, 1, "sed"),
        (4, 13, "data.use"),
        (6, 34, "preprocess.0.params.size"),
        (7, 28, "preprocess.1.params.siz"),
        (8, 42, "segment.params.red_cells"),
        (11, 42, "features.1.params.channels.1"),
        (12, 43, "classify.params.kernel"),
        (12, 51, "classify.params.C"),
        (13, 12, "tune.cv"),
        (13, 38, "tune.grid.classify.C.1"),
    ]
    for problem, words in zip(
        found,
        [
            "it names a folder",
            "did you mean 'seed'?",
            "did you mean 'folder'?",
            "the window must be odd",
            "did you mean 'size'?",
            'expected true or false, got "maybe"',
            "did you mean 'green'?",
            "expected one of rbf, linear, got \"rbg\" (did you mean 'rbf'?)",
            "expected a number > 0.0, got -1",
            "expected a number >= 2, got 1",
            'expected a number, got "x"',
        ],
        strict=True,
    ):
        assert words in problem.message
        assert str(problem).startswith(f"r.yaml:{problem.line}:{problem.column}: {problem.path}: ")


@pytest.mark.parametrize(
    ("line", "path", "words"),
    [
        ("leukokit: 2", "leukokit", "expected 1, got 2; recipes for this version begin with 'leukokit: 1'"),
        ("seed: -1", "seed", "expected a number >= 0, got -1"),
        ("seed: true", "seed", "expected a whole number, got true"),
        ('seed: "5"', "seed", 'expected a whole number, got "5"'),
        ("seed: 5.5", "seed", "expected a whole number, got 5.5"),
        ("seed: .nan", "seed", "expected a whole number"),
        ("seed: 99999999999999999999999999", "seed", "<= 4294967295"),
        ("max_rejected: lots", "max_rejected", "expected a whole number"),
        ("description: [a]", "description", "expected text, got a list of 1"),
        ("segment: 5", "segment", "expected a component: its name, or {use: NAME"),
        ("segment: [otsu]", "segment", "expected a component"),
        ("segment: {params: {}}", "segment.use", "is missing and must be given"),
        ("segment: {use: otsu, parms: {}}", "segment.parms", "unknown key"),
        ("segment: {use: otsu, red_cells: true}", "segment.red_cells", "parameters stand below 'params'"),
        ("segment: {use: otsu, params: [1]}", "segment.params", "expected a mapping"),
        ("segment: median", "segment.use", "'median' is a preprocessor"),
        ("segment: torn/x", "segment.use", "plugin 'torn' of leukokit-torn 0.1 is broken"),
        ("segment: needy", "segment.use", "needs no_such_package_281"),
        ("segment: needy", "segment.use", "pip install no-such-package"),
        ("preprocess: 7", "preprocess", "expected a list"),
        ("preprocess: [7]", "preprocess.0", "expected a component"),
        ("preprocess: [{use: median, params: {size: 3.5}}]", "preprocess.0.params.size", "a whole number"),
        ("features: {use: tint, params: {bins: x}}", "features.0.params.bins", "a whole number or auto, got"),
        ("split: {method: blocs}", "split.method", "did you mean 'blocks'?"),
        ("split: {method: blocks, tst: 0.1}", "split.tst", "did you mean 'test'?"),
        ("split: {method: blocks, test: 2}", "split.test", "expected a number < 1"),
        ("split: {method: holdout, test: 0.6, validation: 0.5}", "split", "leave nothing to train on"),
        ("split: {test: 0.1}", "split.method", "is missing and must be given"),
        ("split: [1]", "split", "expected a mapping"),
        ("data: {use: folder, read: {bit_dept: 12}}", "data.read.bit_dept", "did you mean 'bit_depth'?"),
        ("tune: {grid: {}}", "tune.grid", "at least 1 item"),
        ("data: {use: folder, params: {root: ~/x}}", "data.params.root", "not expanded"),
        ("data: {use: folder, params: {root: $HOME/x}}", "data.params.root", "not expanded"),
        ("name: $HOME", "name", "it names a folder"),
        ("name: -x", "name", "it names a folder"),
        ("name: a/b", "name", "it names a folder"),
        ("name: a..b", "name", "it names a folder"),
    ],
)
def test_a_mistake_is_told_in_plain_words(problems, line, path, words):
    """No word of pydantic's reaches the reader."""
    base = {"leukokit": "1", "name": "x", "data": "folder"}
    key, _, value = line.partition(": ")
    text = "".join(f"{name}: {content}\n" for name, content in (base | {key: value}).items())
    found = [problem for problem in problems(text) if problem.path == path]
    assert found, problems(text)
    assert words in found[0].message
    assert found[0].line == list(base | {key: value}).index(key) + 1


def test_a_cross_field_rule_of_a_plugin_is_told_at_its_parameters(problems):
    """A validator's own sentence comes through, without "Value error"."""
    found = problems(
        "leukokit: 1\nname: x\ndata: folder\nfeatures: tint\nclassify: {use: machine, params: {low: 2}}\n"
    )
    assert [(p.path, p.message) for p in found] == [("classify.params", "low must be below high")]


def test_required_keys_are_all_named(problems):
    """An empty mapping lacks three keys."""
    assert [problem.path for problem in problems("{}")] == ["leukokit", "name", "data"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_recipe_says_what_it_should_hold(problems, text):
    """Not a list of missing keys, but a sentence."""
    assert "the recipe is empty" in problems(text)[0].message


@pytest.mark.parametrize("text", ["5", "- a", "word"])
def test_a_recipe_that_is_no_mapping_is_refused(problems, text):
    """Lists and bare words are no recipes."""
    assert "expected keys and values" in problems(text)[0].message


def test_an_alias_is_told_once(problems):
    """What stands behind it is not guessed at."""
    found = problems("leukokit: 1\nname: x\ndata: folder\nsegment: {use: otsu, params: *p}\n")
    assert [problem.path for problem in found] == ["segment.params"]


def test_doubled_keys_do_not_hide_other_mistakes(problems):
    """The first value is checked, the second reported."""
    found = problems("leukokit: 1\nname: x\ndata: foldr\ndata: folder\n")
    assert [problem.path for problem in found] == ["data.use", "data"]


def test_a_plugin_that_fails_to_import_is_named(catalog, problems):
    """The other mistakes are still found."""
    found = problems("leukokit: 1\nname: x\nsed: 1\ndata: folder\nsegment: needy\n")
    assert [problem.path for problem in found] == ["sed", "segment.use"]


def test_resolved_is_a_recipe_with_every_default(load, good):
    """Loading it gives the same recipe again; it can be written as JSON."""
    resolved = load(good).resolved()
    assert resolved["classify"]["params"] == {"kernel": "rbf", "C": 96.0, "low": 0.0, "high": 1.0}
    assert resolved["max_rejected"] is None
    again = load(json.dumps(resolved)).resolved()
    assert again == resolved


def test_resolved_can_have_absolute_paths(load, tmp_path, monkeypatch):
    """Of data set, stand-in, groups and split, so that it means the same in any folder."""
    monkeypatch.chdir(tmp_path)
    text = (
        "leukokit: 1\nname: x\nsplit: {method: file, path: split.csv}\n"
        "data: {use: folder, params: {root: mine}, groups: g.csv, "
        "fallback: {use: folder, params: {root: /there}}}\n"
    )
    recipe = load(text)
    whole = recipe.resolved(absolute=True)
    assert whole["data"]["params"]["root"] == str(tmp_path / "mine")
    assert whole["data"]["groups"] == str(tmp_path / "g.csv")
    assert whole["data"]["fallback"]["params"]["root"] == "/there"
    assert whole["split"]["path"] == str(tmp_path / "split.csv")
    assert recipe.resolved()["data"]["params"]["root"] == "mine"
    assert load(json.dumps(whole)).resolved() == whole


def test_a_recipe_is_frozen(load, good):
    """Nobody changes a recipe that has been checked."""
    recipe = load(good)
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.model = None


def test_a_file_that_is_not_there_is_a_recipe_error(catalog, tmp_path):
    """A missing file, a folder and a huge file end like any other mistake."""
    with pytest.raises(RecipeError, match="there is no such file"):
        load_recipe(tmp_path / "no.yaml", catalog)
    with pytest.raises(RecipeError, match="is a folder, expected a recipe"):
        load_recipe(tmp_path, catalog)
    (tmp_path / "big.yaml").write_bytes(b"#" * 10_000_000)
    with pytest.raises(RecipeError, match="10,000,000 bytes"):
        load_recipe(tmp_path / "big.yaml", catalog)


def test_a_file_is_kept_verbatim(catalog, tmp_path, good):
    """The run directory can write the very bytes."""
    path = tmp_path / "r.yaml"
    path.write_bytes(b"\xef\xbb\xbf# comment\r\n" + good.encode())
    recipe = load_recipe(path, catalog)
    assert recipe.text == path.read_bytes()
    assert recipe.path == path


def test_many_problems_are_cut_off(problems):
    """A file of rubbish does not flood the terminal."""
    found = problems("".join(f"key{i}: 1\n" for i in range(500)))
    assert len(found) == 101
    assert "more" in found[-1].message


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["otsu", "tint"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["use", "params", "C", "grid", "cv", "size", "channels"]), inner, max_size=3
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "leukokit",
                "name",
                "data",
                "split",
                "preprocess",
                "segment",
                "features",
                "select",
                "classify",
                "tune",
                "explain",
            ]
        ),
        values,
    )
)
def test_any_values_give_a_recipe_or_a_recipe_error(catalog, content):
    """Whatever stands below the keys of a recipe, nothing but a RecipeError comes out."""
    try:
        resolved = load_recipe_text(json.dumps(content), catalog).resolved()
    except RecipeError as error:
        assert error.problems  # noqa: PT017 - either outcome is right
    else:
        assert load_recipe_text(json.dumps(resolved), catalog).resolved() == resolved
