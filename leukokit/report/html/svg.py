"""Figures as SVG inside a page: colors by class, so that dark mode works, and no inline style.

A page with a strict content security policy ignores ``style`` attributes; matplotlib writes nothing else.
What it writes is therefore turned into classes (colors) and presentation attributes (the rest).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from leukokit.report._canvas import letters_of_any_script
from leukokit.report.html.text import visible

COLORS = {
    "ink": "#010101",
    "muted": "#020202",
    "grid": "#030303",
    "paper": "#040404",
    "c0": "#050505",
    "c1": "#060606",
    "c2": "#070707",
    "c3": "#080808",
    "c4": "#090909",
    "ok": "#0a0a0a",
    "warn": "#0b0b0b",
    "fail": "#0c0c0c",
}
"""Stand-in for each color of the page while a figure is drawn; ``report.css`` says what it looks like."""

_NAMES = {value: name for name, value in COLORS.items()}
_KEPT = (
    "text-anchor",
    "font-weight",
    "stroke-dasharray",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
)
_OPACITIES = ("opacity", "fill-opacity", "stroke-opacity")
_NUMBER = re.compile(r"-?\d+\.\d+")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_LINK = "{http://www.w3.org/1999/xlink}href"
_SVG = "{http://www.w3.org/2000/svg}"


def new_plot(width: int, height: int) -> Figure:
    """Figure of so many CSS pixels, transparent, that belongs to nobody."""
    figure = Figure(figsize=(width / 72, height / 72), dpi=72, layout=None)
    FigureCanvasSVG(figure)
    figure.patch.set_visible(False)
    return figure


def svg_of(figure: Figure, name: str, *, title: str, description: str) -> Markup:
    """Draw a figure as an ``svg`` element.

    Parameters
    ----------
    figure : Figure
        Of :func:`new_plot`, drawn with the colors of ``COLORS``.
    name : str
        Put in front of every id in it; unlike that of any other figure of the page.
    title, description : str
        What a screen reader says; the numbers themselves stand in a table beside the figure.
    """
    buffer = io.BytesIO()
    with (
        mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "path.simplify": True}),
        letters_of_any_script(),
    ):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    root = ElementTree.fromstring(buffer.getvalue())
    _clean(root, name)
    width, height = (round(float(number)) for number in root.attrib["viewBox"].split()[2:])
    root.attrib.clear()
    root.attrib.update(
        {
            "class": "plot wide" if width > 500 else "plot",
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-desc",
        }
    )
    for tag, text in (("desc", description), ("title", title)):
        element = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        element.text = visible(text)
        root.insert(0, element)
    return Markup(ElementTree.tostring(root, encoding="unicode", short_empty_elements=False))


def _clean(root: ElementTree.Element, name: str) -> None:
    used = _referenced(root)
    renamed = {old: f"{name}-{number}" for number, old in enumerate(sorted(used))}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{_SVG}metadata", f"{_SVG}style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        element.tail = None
        if element.tag != "text":
            element.text = None
        elif element.text:
            element.text = visible(element.text)
        _attributes(element, renamed)
    _prune(root)


def _referenced(root: ElementTree.Element) -> set[str]:
    used = set()
    for element in root.iter():
        used.update(_REFERENCE.findall(element.attrib.get("clip-path", "")))
        if link := element.attrib.get(_LINK):
            used.add(link.removeprefix("#"))
    return used


def _attributes(element: ElementTree.Element, renamed: dict[str, str]) -> None:
    style = element.attrib.pop("style", "")
    if link := element.attrib.pop(_LINK, ""):
        element.attrib["href"] = f"#{renamed[link.removeprefix('#')]}"
    if clip := element.attrib.get("clip-path"):
        element.attrib["clip-path"] = _REFERENCE.sub(lambda match: f"url(#{renamed[match[1]]})", clip)
    if (old := element.attrib.pop("id", None)) in renamed:
        element.attrib["id"] = renamed[str(old)]
    classes = []
    for key, value in _declarations(style):
        if key in ("fill", "stroke") and value in _NAMES:
            classes.append(f"{key}-{_NAMES[value]}")
        elif (key in ("fill", "stroke") and value == "none") or key in _KEPT or key in _OPACITIES:
            element.attrib[key] = value
        elif key == "font-size":
            element.attrib[key] = value.removesuffix("px")
    if classes:
        element.attrib["class"] = " ".join(classes)
    if re.match(r"rotate\(-?0(\.0*)? ", element.attrib.get("transform", "")):
        del element.attrib["transform"]
    for key in ("d", "x", "y", "width", "height", "transform"):
        if key in element.attrib:
            element.attrib[key] = _rounded(" ".join(element.attrib[key].split()))


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    for part in style.split(";"):
        key, _, value = part.partition(":")
        if value:
            yield key.strip(), value.strip()


def _rounded(text: str) -> str:
    return _NUMBER.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), text)


def _prune(element: ElementTree.Element) -> None:
    """Take out groups that draw nothing and are wrapped around one thing only."""
    for index, child in enumerate(list(element)):
        _prune(child)
        while child.tag == "g" and len(child) == 1 and not child.attrib:
            element[index] = child = child[0]
    for child in list(element):
        if child.tag in ("g", "defs") and len(child) == 0:
            element.remove(child)
