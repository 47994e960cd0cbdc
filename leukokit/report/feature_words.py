"""Names of features in words, with the kind of drawing that shows what they measure.

Only the built-in extractors have names of a known form; other names are shown as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_AGGREGATES = {
    "mean": "mean",
    "std": "spread",
    "max": "largest",
    "min": "smallest",
    "median": "median",
    **{f"q{percent:02d}": f"{percent} % quantile" for percent in (5, 25, 50, 75, 95)},
    "count": "number of values",
    "entropy": "entropy",
    "sum": "sum",
    "skewness": "skewness",
    "range": "range",
}
_REGIONS = {"image": "image", "nucleus": "nucleus", "cell": "cell"}
_UNITS = {"um": "µm", "um2": "µm²", "rc": "red cells", "px": "px", "px2": "px²"}
_MEASURES = {
    "area": "area",
    "diameter": "diameter",
    "perimeter": "perimeter",
    "eccentricity": "eccentricity",
    "solidity": "solidity",
    "roundness": "roundness",
}
_CHANNELS = {
    "gray": "gray value",
    "rgb_r": "red",
    "rgb_g": "green",
    "rgb_b": "blue",
    "hsv_h": "hue",
    "hsv_s": "saturation",
    "hsv_v": "brightness",
    "lab_l": "lightness",
    "lab_a": "green-red",
    "lab_b": "blue-yellow",
    "ycbcr_y": "luma",
    "ycbcr_cb": "blue chroma",
    "ycbcr_cr": "red chroma",
}
_ONE_OF = "|".join
_CHANNEL = _ONE_OF(_CHANNELS)
_REGION = _ONE_OF(_REGIONS)
_MAP = rf"(?:{_CHANNEL})(?:_(?:edge|band)[\d.]+)?"
_HOW = _ONE_OF(_AGGREGATES)
_UNIT = _ONE_OF(_UNITS)
_FORMS = (
    re.compile(rf"morphology_(?P<region>nucleus|cell)_(?P<measure>{_ONE_OF(_MEASURES)})(_(?P<unit>{_UNIT}))?_(?P<how>{_HOW})"),
    re.compile(rf"(?P<ratio>morphology_nc)_(?P<of>area|diameter)_ratio_(?P<how>{_HOW})"),
    re.compile(r"(?P<count>morphology)_(?P<region>nucleus|cell)_count"),
    re.compile(r"red_cells_(?P<red>count|touching_mean)"),
    re.compile(rf"red_cells_(?P<red>pallor)_(?P<how>{_HOW})"),
    re.compile(rf"(?P<region>red_cell)s_(?P<measure>diameter|roundness|eccentricity)(_(?P<unit>um|rc))?_(?P<how>{_HOW})"),
    re.compile(rf"(?P<color>color)_(?P<region>{_REGION})_(?P<channel>{_CHANNEL})_(?P<how>{_HOW})"),
    re.compile(r"(?P<color>intensity)_(?P<channel>red|green|blue)_(?P<how>mean|std)"),
    re.compile(r"(?P<color>intensity)_(?P<channel>brightness|contrast)"),
    re.compile(rf"(?P<texture>haralick)_(?P<region>{_REGION})_(?P<channel>{_CHANNEL})_d(?P<step>\d+)_(?P<what>[a-z]+)_(?P<how>{_HOW})"),
    re.compile(rf"(?P<pattern>lbp)_(?P<region>{_REGION})_(?P<channel>{_CHANNEL})_p\d+r\d+_(?P<code>\d+)"),
    re.compile(rf"(?P<covariance>regioncov)_(?P<region>{_REGION})_(?P<map>{_MAP})__(?P<other>{_MAP})"),
    re.compile(rf"(?P<covariance>regioncov)_(?P<region>{_REGION})_(?P<map>{_MAP})_(?P<moment>mean|skewness|log_kurtosis)"),
    re.compile(rf"(?P<contours>contours)_(?P<what>count|area(_({_UNIT}))?_(?P<how>{_HOW}))"),
    re.compile(rf"(?P<circles>circles)_(?P<what>count|(radius|area|center)(_({_UNIT}))?_(?P<how>{_HOW}))"),
    re.compile(rf"(?P<edges>hog_contour)_(?P<what>[a-z]+)_(?P<how>{_HOW})"),
    re.compile(r"(?P<edges>hog_block)_(?P<row>\d+)_(?P<column>\d+)_cell_\d+_\d+_(?P<direction>\d+)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FeatureWords:
    """A feature in words.

    Attributes
    ----------
    text : str
        Such as ``cell solidity, mean``; the name itself where its form is not known.
    drawing : str or None
        Name of the drawing of :mod:`leukokit.report.html.feature_drawings`.
    meaning : str
        One sentence on what is measured; empty where the form is not known.
    """

    text: str
    drawing: str | None = None
    meaning: str = ""


_MEANINGS = {
    "area": "How large the outline is.",
    "diameter": "Diameter of the circle with the same area.",
    "perimeter": "Length of the outline.",
    "eccentricity": "How stretched the outline is: 0 for a circle, near 1 for a line.",
    "solidity": "Area over the area of a rubber band around it: lower where the outline has dents.",
    "roundness": "Area compared with that of a circle of the same perimeter: 1 for a disk.",
    "nc_ratio": "How much of the cell its nucleus fills: 0 to 1.",
    "count": "How many were found in an image.",
    "touching": "Share of red cells that touch another one: how clumped they are.",
    "pallor": "How much paler the center of a red cell is than the ring around it: 0 evenly stained.",
    "color": "Color of the pixels of the region: their mean, how far they spread, or how lopsided (skewness).",
    "texture": "How alike neighboring pixels are: fine or clumped.",
    "pattern": "How often a small pattern of brighter and darker neighbors occurs.",
    "covariance": "How color, edges and structures of several sizes vary together.",
    "contours": "Closed edges in the image, cells or not.",
    "circles": "Circles in the image, such as red cells.",
    "edges": "How strong the change of brightness is, and in which direction.",
}


_RED = {
    "count": ("count", "number of red cells"),
    "touching_mean": ("touching", "share of red cells that touch"),
    "pallor": ("pallor", "red cell pallor"),
}


def feature_words(name: str) -> FeatureWords:
    """Say in words what a feature measures."""
    for form in _FORMS:
        if (found := form.fullmatch(name)) is not None:
            drawing, text = _said({key: value or "" for key, value in found.groupdict().items()})
            return FeatureWords(text, drawing, _MEANINGS[drawing])
    return FeatureWords(name)


def _said(part: Mapping[str, str]) -> tuple[str, str]:
    region = part.get("region", "").replace("_", " ")
    how = _AGGREGATES.get(part.get("how", ""), "")
    tail = f", {how}" if how else ""
    channel = part.get("channel", "")
    shown = _CHANNELS.get(channel, channel)
    if "measure" in part:
        unit = f" ({_UNITS[part['unit']]})" if part["unit"] else ""
        return part["measure"], f"{region} {_MEASURES[part['measure']]}{unit}{tail}"
    if "red" in part:
        return _RED[part["red"]][0], f"{_RED[part['red']][1]}{tail}"
    if "ratio" in part:
        return "nc_ratio", f"N/C ratio by {part['of']}{tail}"
    if "count" in part:
        return "count", "number of nuclei" if region == "nucleus" else "number of cells"
    if "color" in part:
        return "color", f"{region or 'image'} {shown}{tail}"
    if "texture" in part:
        return "texture", f"{region} {part['what']} of {shown}{tail}"
    if "pattern" in part:
        return "pattern", f"{region} pattern {part['code']} of {shown}"
    if "covariance" in part:
        what = _map_words(part["map"])
        if part.get("other") == part["map"]:
            return "covariance", f"{region}: variation of {what}"
        if "other" in part:
            return "covariance", f"{region}: {what} together with {_map_words(part['other'])}"
        return "covariance", f"{region}: {what}, {part['moment'].replace('_', ' ')}"
    if "contours" in part or "circles" in part:
        kind = "contours" if "contours" in part else "circles"
        what = part["what"].split("_")[0]
        return kind, f"number of {kind}" if what == "count" else f"{what} of {kind}{tail}"
    if "row" in part:
        return "edges", f"edges, block {part['row']}-{part['column']}, direction {part['direction']}"
    return "edges", f"edge strength ({part['what']}){tail}"


def _map_words(name: str) -> str:
    """Words for a map of ``region_covariance``, such as ``lab_l_edge2``."""
    match = re.fullmatch(rf"({_CHANNEL})(?:_(edge|band)([\d.]+))?", name)
    assert match is not None
    channel, kind, sigma = match.groups()
    if kind is None:
        return _CHANNELS[channel]
    return f"{'edges' if kind == 'edge' else 'structures'} of {_CHANNELS[channel]} ({sigma} px)"
