"""The catalog: look-ups, errors that say what was available, and loading."""

from __future__ import annotations

import sys

import pytest

from leukokit.api import ComponentSpec, Kind, Segmenter
from leukokit.catalog import KINDS, BrokenPlugin, Catalog, CatalogEntry, discover
from leukokit.errors import CatalogError


def entry(
    kind: Kind, name: str, target: str = "nowhere:Nothing", distribution: str = "parts"
) -> CatalogEntry:
    """Make an entry."""
    row = KINDS.named(kind)
    assert row is not None
    return CatalogEntry(row, name, ComponentSpec(name, target, "A part."), distribution, "1.0")


@pytest.fixture
def small() -> Catalog:
    """Make a catalog of three."""
    return Catalog(
        [
            entry(Kind.SEGMENTER, "x/multi_otsu"),
            entry(Kind.SEGMENTER, "watershed"),
            entry(Kind.PREPROCESSOR, "median"),
        ],
        [BrokenPlugin("torn", "torn-dist 1", "ImportError: no")],
    )


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("segmenter", "watershd", "did you mean 'watershed'?"),
        ("segmenter", "Watershed", "did you mean 'watershed'?"),
        ("segmenter", "multi-otsu", "did you mean 'x/multi_otsu'?"),
        ("segmenter", "zzz", "there is no segmenter named 'zzz'. Available: watershed, x/multi_otsu"),
        ("segmenter", "median", "'median' is a preprocessor"),
        ("segmenter", "torn/x", "plugin 'torn' of torn-dist 1 is broken: ImportError: no"),
        ("classifier", "svm", "No classifier is installed"),
        ("segmentor", "x", "did you mean 'segmenter'?"),
    ],
)
def test_a_name_that_is_not_there_is_met_with_what_is(small, kind, name, words):
    """Nearest name, the right kind, or the reason why a plugin is broken."""
    with pytest.raises(CatalogError) as caught:
        small.get(kind, name)
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


def test_built_ins_come_before_plugins(small):
    """Each group by name."""
    assert [one.name for one in small.of(Kind.SEGMENTER)] == ["watershed", "x/multi_otsu"]


def test_a_kind_may_be_given_as_text(small):
    """As in ``leukokit.component("segmenter", ...)``."""
    assert small.get("segmenter", "watershed") is small.get(Kind.SEGMENTER, "watershed")


def test_two_of_one_name_raise_naming_both():
    """Nothing is chosen by order."""
    catalog = Catalog(
        [entry(Kind.SEGMENTER, "a/b", distribution="one"), entry(Kind.SEGMENTER, "a/b", distribution="two")]
    )
    with pytest.raises(CatalogError, match=r"offered by one 1\.0 and by two 1\.0"):
        catalog.get(Kind.SEGMENTER, "a/b")
    assert catalog.of(Kind.SEGMENTER) == ()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise OSError('disk')", "cannot be imported from part_under_test:Part: OSError: disk"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("", "AttributeError"),
        ("Part = 5", "is not a subclass of leukokit.api.Segmenter"),
        ("class Part: pass", "is not a subclass of leukokit.api.Segmenter"),
        ("from leukokit.api import Preprocessor as Part", "is not a subclass of leukokit.api.Segmenter"),
        (
            "from leukokit.api import Segmenter\nclass Part(Segmenter):\n"
            "    requires = ('absent_281', 'sys')\n"
            "    install_hint = \"pip install 'leukokit[deep]'\"",
            "needs absent_281, not installed here. Install with: pip install 'leukokit[deep]'",
        ),
        (
            "from leukokit.api import Segmenter\nclass Part(Segmenter):\n    requires = ('absent_281.deep',)",
            "Install with: pip install absent_281.deep",
        ),
    ],
)
def test_a_component_that_cannot_be_loaded_is_one_line_that_names_its_plugin(
    tmp_path, monkeypatch, code, words
):
    """The kind, the name and the distribution are in it."""
    (tmp_path / "part_under_test.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "part_under_test", raising=False)
    with pytest.raises(CatalogError) as caught:
        entry(Kind.SEGMENTER, "part", "part_under_test:Part").load()
    sys.modules.pop("part_under_test", None)
    assert words in str(caught.value)
    assert str(caught.value).startswith("segmenter part of parts 1.0: ")
    assert "\n" not in str(caught.value)


def test_a_component_that_loads_is_a_class_of_its_kind(tmp_path, monkeypatch):
    """Nothing is instantiated."""
    (tmp_path / "good_part.py").write_text(
        "from leukokit.api import Segmenter\nclass Part(Segmenter): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert issubclass(entry(Kind.SEGMENTER, "part", "good_part:Part").load(), Segmenter)


def test_the_built_ins_are_all_found_and_none_is_broken():
    """Every kind has something, and each name leads to a class of its kind."""
    catalog = discover()
    assert [plugin for plugin in catalog.broken if plugin.distribution.startswith("leukokit ")] == []
    for kind in KINDS:
        built_in = [one for one in catalog.of(kind) if one.distribution == "leukokit"]
        assert built_in
        for one in built_in:
            assert one.load().__doc__, one.name
