"""The glossary: each term once, found by each of its names, in plain short sentences."""

from __future__ import annotations

from pathlib import Path

from leukokit.engine.finished_run import FinishedRun
from leukokit.report.html import render_run
from leukokit.report.html.glossary import TERMS, term_of
from tests.report.html.parsed_page import Page


def test_terms_are_found_by_any_of_their_names() -> None:
    """Whatever the case; other words are no terms."""
    names = [name for term in TERMS for name in (term.name, *term.also)]
    assert len({name.casefold() for name in names}) == len(names)
    assert len({term.key for term in TERMS}) == len(TERMS)
    for term in TERMS:
        assert {term_of(name.upper()) for name in (term.name, *term.also)} == {term}
        assert len(term.meaning) < 220
    assert term_of("Benign") is None


def test_terms_of_a_page_open_what_explains_them(full_run: Path) -> None:
    """Every button of a term leads to a popover that is there and holds its meaning."""
    page = Page(render_run(FinishedRun.read(full_run)))
    targets = {a["popovertarget"] for tag, a in page.tags if tag == "button" and "popovertarget" in a}
    popovers = {a["id"] for tag, a in page.tags if tag == "div" and "popover" in a}
    assert targets <= popovers
    wanted = {"accuracy", "auc-ovo", "ece", "brier", "f1", "recall", "specificity", "range", "probe", "macro"}
    assert {f"term-{key}" for key in wanted} <= targets
    for term in TERMS:
        assert term.meaning in page.text
