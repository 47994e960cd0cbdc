"""Small drawings of a white cell that show what a feature measures: SVG in the colors of the page."""

from __future__ import annotations

from markupsafe import Markup

_CELL = '<path d="M24 5c11 0 18 8 18 19s-7 19-18 19S6 35 6 24 13 5 24 5z" class="{cell}"></path>'
_NUCLEUS = '<path d="M25 14c7 0 11 5 11 11s-5 10-11 10-11-4-11-10 4-11 11-11z" class="{nucleus}"></path>'
_PLAIN = "stroke-muted fill-none"
_OUTLINE = '<path d="M10 30C4 18 14 6 26 8s16 10 14 20-10 14-18 13-9-5-12-11z" class="{look}"></path>'
_DENTED = "M24 6c10 0 17 6 17 16-6-2-11 1-11 6s6 6 9 8c-4 5-9 7-15 7C13 43 6 34 6 24S13 6 24 6z"
_MARK = "stroke-c4 fill-none thick"


def _cell(cell: str = _PLAIN, nucleus: str = _PLAIN) -> str:
    return _CELL.format(cell=cell) + _NUCLEUS.format(nucleus=nucleus)


def _dots(*places: tuple[int, int], look: str, radius: int = 2) -> str:
    return "".join(f'<circle cx="{x}" cy="{y}" r="{radius}" class="{look}"></circle>' for x, y in places)


def _lines(*ends: tuple[int, int, int, int], look: str = _MARK) -> str:
    return "".join(f'<line x1="{a}" y1="{b}" x2="{c}" y2="{d}" class="{look}"></line>' for a, b, c, d in ends)


_DRAWINGS = {
    "area": _OUTLINE.format(look="stroke-ink fill-c4 pale"),
    "perimeter": _OUTLINE.format(look=_MARK),
    "diameter": _OUTLINE.format(look=_PLAIN) + _lines((8, 25, 40, 25), (8, 21, 8, 29), (40, 21, 40, 29)),
    "eccentricity": '<ellipse cx="24" cy="24" rx="20" ry="10" class="stroke-muted fill-none"></ellipse>'
    + _lines((4, 24, 44, 24), (24, 14, 24, 34)),
    "solidity": f'<path d="{_DENTED}" class="stroke-muted fill-c4 pale"></path>' + _lines((41, 22, 39, 36)),
    "roundness": '<circle cx="24" cy="24" r="18" class="stroke-c4 fill-none thick" stroke-dasharray="4 3">'
    "</circle>" + _OUTLINE.format(look=_PLAIN),
    "nc_ratio": _cell("stroke-muted fill-none", "stroke-ink fill-c4 pale"),
    "count": _dots((14, 15), (34, 14), (16, 35), (35, 34), look="stroke-ink fill-c4 pale", radius=7),
    "touching": _dots((16, 24), (32, 24), look="stroke-ink fill-c4 pale", radius=8)
    + _dots((40, 8), look=_PLAIN, radius=6),
    "pallor": '<circle cx="24" cy="24" r="18" class="stroke-ink fill-c4 pale"></circle>'
    '<circle cx="24" cy="24" r="8" class="stroke-muted fill-paper"></circle>',
    "color": _cell("stroke-muted fill-c3 pale", "stroke-muted fill-c3"),
    "texture": _cell("stroke-muted fill-none", _PLAIN)
    + _dots((20, 20), (27, 19), (24, 24), (31, 24), (19, 27), (26, 30), (31, 30), look="fill-c4"),
    "pattern": _dots((24, 24), look="fill-ink", radius=4)
    + _dots((24, 9), (39, 24), (34, 13), (34, 35), look="fill-c4", radius=4)
    + _dots((14, 13), (9, 24), (14, 35), (24, 39), look="stroke-muted fill-none", radius=4),
    "covariance": _cell("stroke-muted fill-c3 pale", _PLAIN)
    + _lines((8, 40, 40, 8), (30, 8, 40, 8), (40, 8, 40, 18)),
    "contours": _cell(_MARK, _MARK),
    "circles": _dots((16, 18), (33, 15), (30, 34), look=_MARK, radius=9),
    "edges": _CELL.format(cell=_PLAIN) + _lines((24, 14, 24, 1), (32, 31, 41, 40), (14, 30, 5, 38)),
}


def feature_drawing(name: str) -> Markup:
    """Give a drawing as an ``svg`` element of 48 x 48; readers of the screen get the words beside it.

    Raises
    ------
    KeyError
        Where there is no drawing of that name.
    """
    return Markup(
        '<svg class="drawing" viewBox="0 0 48 48" width="48" height="48" aria-hidden="true">'
        f"{_DRAWINGS[name]}</svg>"
    )
