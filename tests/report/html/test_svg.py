"""Figures of the page: no inline style, no color of their own, and the same every time."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from leukokit.report.html import plots
from leukokit.report.html.estimate import Estimate
from leukokit.report.importance_bars import Importance

HALF = Estimate(0.5, 0.4, 0.6)

DRAWINGS = {
    "dots": lambda name: plots.dot_plot(
        [
            plots.Point("a <b> $x$ & \u202e\udcff", HALF, "fail", 0.25),
            plots.Point("none", Estimate(None), "ok"),
        ],
        name,
        title="<t>",
        description="<d>",
        band=plots.Band("model", Estimate(0.9, 0.8, 1.0)),
    ),
    "reliability": lambda name: plots.reliability(
        [(0.9, HALF, 0.5), (0.2, Estimate(None), 0.5)], name, title="t", description="d"
    ),
    "roc": lambda name: plots.roc([(0.1, 0.8)], HALF, Estimate(0.9), name, title="t", description="d"),
    "coverage": lambda name: plots.coverage(
        [(1.0, 0.1), (0.5, 0.0)], HALF, Estimate(0.02, 0, 0.1), name, title="t", description="d"
    ),
    "empty coverage": lambda name: plots.coverage(
        [], Estimate(None), Estimate(None), name, title="t", description="d"
    ),
    "bars": lambda name: plots.bars(
        [Importance("f", 0.1, 0.01), Importance("g", -0.1, math.nan)],
        name,
        unit="loss",
        title="t",
        description="d",
    ),
    "ratios": lambda name: plots.ratios(
        [("nucleus", Estimate(2.0, 1.5, 2.5)), ("x", Estimate(0.0))], name, title="t", description="d"
    ),
    "curves": lambda name: plots.curves(
        [("a", "c0", [0.5, 0.9]), ("b", "c4", [0.5, 0.9])], name, title="t", description="d"
    ),
}


@pytest.mark.parametrize("kind", DRAWINGS)
def test_a_figure_obeys_the_page(kind: str) -> None:
    """It is well formed, has no style, no color, no foreign name, and a title and description."""
    svg = str(DRAWINGS[kind]("fig"))
    root = ElementTree.fromstring(svg)
    assert (root[0].tag, root[1].tag) == ("title", "desc")
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "fig-title fig-desc"
    for element in root.iter():
        assert "style" not in element.attrib
        assert not element.tag.startswith("{")
        assert element.attrib.get("fill", "none") == "none"
        assert element.attrib.get("stroke", "none") == "none"
        if element.tag in ("path", "use") and "clip" not in element.attrib.get("id", ""):
            assert (
                "class" in element.attrib
                or element.attrib.get("fill") == "none"
                or not element.attrib.keys() - {"d"}
            )
    assert not re.search(r"#[0-9a-f]{6}|font-family|rgb\(", svg)


@pytest.mark.parametrize("kind", DRAWINGS)
def test_ids_belong_to_the_figure(kind: str) -> None:
    """Every id begins with the figure's name and is unlike the others, and every reference is met."""
    svg = str(DRAWINGS[kind]("fig"))
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    assert all(name.startswith("fig-") for name in ids)
    references = re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg)
    assert {a or b for a, b in references} <= set(ids)


@pytest.mark.parametrize("kind", DRAWINGS)
def test_a_figure_is_the_same_every_time(kind: str) -> None:
    """Drawing twice gives the same text."""
    assert DRAWINGS[kind]("fig") == DRAWINGS[kind]("fig")


def test_labels_are_text_and_harmless() -> None:
    """Names are text, escaped, without formulas and hidden characters."""
    svg = str(DRAWINGS["dots"]("fig"))
    assert "a &lt;b&gt; $x$ &amp; \\u202e\\udcff" in svg
    assert ">50.0%<" in svg
    assert "model 90.0%" in svg
