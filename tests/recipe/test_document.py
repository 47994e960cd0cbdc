"""YAML as recipes see it: plain values with places, and everything dangerous refused at once."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leukokit.errors import RecipeError
from leukokit.recipe.document import MAX_BYTES, SourcePosition, plain_scalar, read_document

HOSTILE = {
    "deep flow": (b"a: " + b"[" * 100_000, 1, "nested deeper than 50"),
    "deep block": (b"- " * 100_000, 1, "nested deeper than 50"),
    "deep mapping": (b"{a: " * 50_000, 1, "nested deeper than 50"),
    "too large": (b"# " + b"x" * 10_000_000, 1, "may have at most"),
    "too many values": (b"\n".join(b"k%d: 1" % i for i in range(18_000)), None, "keys and values"),
    "not UTF-8": (b"name: x\nd: \xff\xfe", 2, "is not UTF-8"),
    "UTF-16": ("name: x".encode("utf-16"), 1, "is not UTF-8"),
    "second document": (b"a: 1\n---\nb: 2\n", 2, "a second document begins here"),
    "directive": (b"%YAML 1.1\n---\na: no\n", 2, "directives"),
    "control character": (b"a: 1\nb: \x07\n", 2, "control character"),
    "half a surrogate": (b'a: "\\ud800"\n', 1, "surrogate"),
    "key that is a list": (b"a: 1\n? [b]\n: c\n", 2, "a key must be plain text"),
    "open quote": (b'a: 1\nb: "x\n', 3, "a quote is opened"),
    "open bracket": (b"a: [1\n", None, "bracket"),
    "tab": (b"a:\n\t- b\n", 2, "a tab cannot indent"),
    "indentation": (b"a:\n  - b\n c: d\n", 3, "indented unlike"),
    "stray colon": (b"a: b: c\n", 1, "put text with ':' in quotes"),
    "merge of an anchor bomb": (
        b"a: &a [x, x]\n" + b"".join(b"b%d: [*a, *a, *a]\n" % i for i in range(50)),
        1,
        "anchors and aliases",
    ),
    "tag": (b"a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, "tag"),
    "doubled key": (b"a: 1\nb: 2\na: 3\n", 3, '"a" is given twice; the first is in line 1'),
}


def problems_in(content):
    """Read, and return what is wrong; any error but RecipeError comes through and fails the test."""
    try:
        return read_document(content, "r.yaml").problems
    except RecipeError as error:
        return list(error.problems)


@pytest.mark.parametrize(("content", "line", "words"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_within_a_second_with_its_line(content, line, words):
    """Neither depth nor size nor tricks cost time, memory or the stack."""
    start = time.process_time()
    found = problems_in(content)
    assert time.process_time() - start < 1.0
    assert found
    assert any(words in problem.message for problem in found), found
    assert found[0].source == "r.yaml"
    assert found[0].line is not None
    if line is not None:
        assert line in [problem.line for problem in found]


def test_every_forbidden_mark_in_a_file_is_reported_at_once():
    """Tags, anchors, aliases and doubled keys do not stop the reading."""
    document = read_document(b"a: &x 1\nb: *x\nc: !t 2\na: 3\n", "r.yaml")
    assert [problem.line for problem in document.problems] == [1, 2, 3, 4]
    assert document.is_hole(("b",))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2020-01-01", "2020-01-01"),
        (".5", 0.5),
        ("-.inf", -math.inf),
        ("~", None),
        ("", None),
        ("True", True),
        ("+7", 7),
        (".", "."),
        ("e5", "e5"),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text, value):
    """What PyYAML misreads (1e-4, no, 1:30) is read as it is written."""
    assert plain_scalar(text) == value
    assert type(plain_scalar(text)) is type(value)


def test_not_a_number_is_read_as_such():
    """``.nan`` is a float, which parameters then refuse."""
    assert math.isnan(plain_scalar(".nan"))


def test_places_are_those_an_editor_shows():
    """Lines and columns count from 1, for keys and for values."""
    document = read_document(b"\xef\xbb\xbfa: 1\nb:\n  - {use: x}\n", "r.yaml")
    assert document.keys[("b", 0, "use")] == SourcePosition("r.yaml", 3, 6)
    assert document.values[("b", 0, "use")] == SourcePosition("r.yaml", 3, 11)


def test_an_unwritten_path_is_placed_at_what_encloses_it():
    """A missing key is reported where it belongs."""
    document = read_document(b"a: 1\nb:\n  c: 2\n", "r.yaml")
    assert document.position(("b", "missing")) == SourcePosition("r.yaml", 3, 3)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
    )
)
def test_any_bytes_give_a_document_or_a_recipe_error(content):
    """Nothing else comes out of the reader, whatever goes in."""
    found = problems_in(content)
    assert all(problem.line for problem in found)


yaml_like = st.lists(
    st.sampled_from([*"abc:-[]{}&*!|>%#'\"?,\n\t ", "\n  ", "---\n", "...\n", "!!", "%YAML ", "<<: "]),
    max_size=40,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(yaml_like)
def test_any_yaml_like_text_gives_a_document_or_a_recipe_error(text):
    """The parser's own slips on odd directives, tags and indentation stay inside."""
    found = problems_in(text.encode())
    assert all(problem.line for problem in found)


def test_the_limit_is_far_above_any_recipe():
    """A recipe with a long description still loads."""
    text = b"description: " + b"word " * 20_000
    assert len(text) < MAX_BYTES
    assert read_document(text, "r.yaml").data["description"].startswith("word")
