"""Text and numbers as a reader sees them: harmless, short, and the same everywhere on the page."""

from __future__ import annotations

import math
import re

from leukokit.number_text import MINUS, NOTHING
from leukokit.number_text import counted as counted
from leukokit.number_text import known as known
from leukokit.number_text import percent as percent

# C0 but tab and newline, DEL, C1, zero-width and line separators, and marks that turn the direction of text.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)


def visible(text: object) -> str:
    """Make text of any origin showable: what cannot be seen, or turns text around, is shown by its code.

    Escaping for HTML is done by the templates, on top of this.
    """
    return _HIDDEN.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), str(text))


def unit(value: object, digits: int = 3) -> str:
    """``0.99687`` as ``0.997``; never 1.000 where it is less."""
    number = known(value)
    if number is None:
        return NOTHING
    text = f"{number:.{digits}f}"
    if float(text) >= 1 > number > 0:
        text = f"{1 - 10**-digits:.{digits}f}"
    return text.replace("-", MINUS)


def points(value: object) -> str:
    """Difference of shares in percentage points: ``-0.051`` as ``-5.1``, with a true minus sign."""
    number = known(value)
    if number is None:
        return NOTHING
    shown = f"{abs(number) * 100:.1f}"
    sign = "" if float(shown) == 0 else MINUS if number < 0 else "+"
    return f"{sign}{shown}"


def whole(value: object) -> str:
    """``3256`` as ``3,256``."""
    number = known(value)
    return NOTHING if number is None else f"{number:,.0f}"


def short(value: object) -> str:
    """Any number with about three digits that count; integers whole; other things as text."""
    if isinstance(value, bool) or value is None:
        return NOTHING if value is None else str(value).lower()
    if isinstance(value, int):
        return f"{value:,}".replace("-", MINUS)
    if isinstance(value, float):
        if not math.isfinite(value):
            return NOTHING
        text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
        return text.replace("-", MINUS)
    return str(value)


def words(slug: object) -> str:
    """``grad_cam`` as ``grad cam``."""
    return str(slug).replace("_", " ")
