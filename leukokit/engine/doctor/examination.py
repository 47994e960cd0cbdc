"""All looks, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

from leukokit.catalog import discover
from leukokit.engine.doctor.finding import Finding, Level

_ROOM = "leukokit.engine.doctor"


def examine(cache: Path) -> list[Finding]:
    """Look at everything that a run depends on.

    Plugins are asked again, whatever is kept of them, and what they answer is kept. Libraries and plugins are
    loaded in processes of their own, each with a time limit.

    Parameters
    ----------
    cache : Path
        The cache folder.
    """
    # Damage is looked for first: asking the plugins again repairs what is kept of them.
    kept = _look("cache", "cache:look_at_cache", cache)
    catalog = discover(cache=cache, again=True)
    with ThreadPoolExecutor(max_workers=2) as pool:  # the slow ones, each of which waits for a process
        opencv = pool.submit(_look, "opencv", "libraries:look_at_opencv")
        tensorflow = pool.submit(_look, "tensorflow", "libraries:look_at_tensorflow")
        plugins = _look("plugins", "plugins:look_at_plugins", catalog)
        data = _look("data", "data:look_at_data", catalog)
    machine = _look("machine", "machine:look_at_machine", cache)
    packages = _look("packages", "packages:look_at_packages")
    return [*machine, *packages, *opencv.result(), *tensorflow.result(), *plugins, *data, *kept]


def _look(area: str, place: str, *arguments: Any) -> list[Finding]:
    """Import one look and take it; whatever it raises is a finding, and the others are taken.

    Who asks for a doctor may have a library that cannot be imported, and parts of leukokit need it.
    """
    module, _, name = place.partition(":")
    findings: list[Finding] = []
    try:
        look: Callable[..., Any] = getattr(import_module(f"{_ROOM}.{module}"), name)
        findings.extend(look(*arguments))
    except Exception as error:
        text = f"this cannot be looked at: {type(error).__name__}: {error}"
        hint = "Put right what is said of the libraries, and ask again; if nothing is, report this as a bug"
        findings.append(Finding(area, Level.FAIL, text, hint))
    return findings
