"""Write docs/api.md from the docstrings: ``python docs/generate_api.py``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import leukokit
from leukokit.engine.pipeline.averaged import AveragedPipelines
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.prediction.patient_predictor import PatientPredictor
from leukokit.engine.prediction.predictor import Predictor
from leukokit.engine.run_result import RunResult
from leukokit.workflow import RunSettings

PAGE = Path(__file__).with_name("api.md")
HEAD = """# From Python

Written by `python docs/generate_api.py` from the docstrings; a test keeps it current. What plugins import is
in [Write a plugin](plugins.md), parameters of components are in [Components](components.md).
"""
PARTS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("leukokit.run", leukokit.run, ()),
    ("leukokit.load", leukokit.load, ()),
    ("leukokit.component", leukokit.component, ()),
    ("FittedPipeline", FittedPipeline, ()),
    ("AveragedPipelines", AveragedPipelines, ()),
    ("Predictor", Predictor, ("predict", "stream")),
    ("PatientPredictor", PatientPredictor, ("predict_groups", "group_attention", "count_cells")),
    ("RunResult", RunResult, ("metrics", "stamp", "pictures")),
    ("RunSettings", RunSettings, ("updated", "cache_folder")),
)
"""Heading, object, and the methods that are told of."""
_QUOTED = re.compile(r"(?<=: )'([^']*)'")
_ROLE = re.compile(r":\w+:`~?([\w.]+)`")


def page() -> str:
    """Give the whole page."""
    return "\n".join([HEAD, *(line for part in PARTS for line in _part(*part))]).rstrip() + "\n"


def _part(title: str, thing: Any, methods: tuple[str, ...]) -> Iterator[str]:
    yield f"## {title}\n"
    if not inspect.isclass(thing):
        yield from _signature(title, thing)
    yield from _documented(thing)
    for name in methods:
        method = inspect.getattr_static(thing, name)
        yield f"### {title}.{name}\n"
        if callable(method):
            yield from _signature(name, method)
        yield from _documented(method)


def _signature(name: str, function: Callable[..., Any]) -> Iterator[str]:
    signature = inspect.signature(function)
    shown = [each for each in signature.parameters.values() if each.name != "self"]
    parts = [_QUOTED.sub(r"\1", str(each)) for each in shown]
    keywords = [index for index, each in enumerate(shown) if each.kind is each.KEYWORD_ONLY]
    if keywords and not any(each.kind is each.VAR_POSITIONAL for each in shown):
        parts.insert(keywords[0], "*")
    inside = ",\n    ".join(parts)
    returns = signature.return_annotation
    arrow = "" if returns is inspect.Signature.empty else f" -> {returns}"
    yield f"```text\n{name}(\n    {inside},\n){arrow}\n```\n"


def _documented(thing: Any) -> Iterator[str]:
    """Turn a docstring in NumPy style into Markdown."""
    lines = _code(inspect.getdoc(thing) or "").splitlines()
    listing = False
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if following and set(following) == {"-"} and not line.startswith(" "):
            listing = line not in ("Notes", "Examples")
            yield f"**{line}**\n"
        elif line and set(line) == {"-"}:
            continue
        elif listing and line and not line.startswith(" "):
            yield f"- `{line.replace('`', '')}`"
        elif listing:
            text = line.strip()
            yield f"  {text}" if text else ""
        else:
            yield line
    yield ""


def _code(text: str) -> str:
    return _ROLE.sub(lambda match: f"`{match[1]}`", text).replace("``", "`")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
