"""The templates' surroundings: everything is escaped, and the page allows itself nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from leukokit.report.html import glossary, text


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Templates with autoescape; whatever is printed has been made visible first."""
    made = Environment(
        loader=PackageLoader("leukokit.report.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        percent=text.percent,
        unit=text.unit,
        points=text.points,
        whole=text.whole,
        short=text.short,
        words=text.words,
        counted=text.counted,
        visible=text.visible,
    )
    made.globals.update(term_of=glossary.term_of, terms=glossary.TERMS)
    style, script = asset("report.css"), asset("report.js")
    made.globals.update(
        style=Markup(style),
        script=Markup(script),
        policy="; ".join(
            [
                "default-src 'none'",
                "img-src data:",
                f"style-src {_digest(style)}",
                f"script-src {_digest(script)}",
                "base-uri 'none'",
                "form-action 'none'",
            ]
        ),
    )
    return made


def asset(name: str) -> str:
    """Text of a file in ``assets/``.

    Raises
    ------
    ValueError
        Where it could end its own element.
    """
    content = files("leukokit.report.html").joinpath("assets", name).read_text("utf-8")
    if "</" in content:
        raise ValueError(f"{name} holds '</', which could end its element")
    return content


def json_element(value: Any) -> Markup:
    """JSON for a ``script`` element of data: no text in it can end the element or open a comment."""
    text_ = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Markup(text_.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def data_uri(content: bytes, kind: str = "image/webp") -> Markup:
    """Picture as an address that holds it."""
    return Markup(f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}")


def _finalized(value: object) -> object:
    return text.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _digest(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode('ascii')}'"
