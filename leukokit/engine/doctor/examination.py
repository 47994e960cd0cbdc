"""All examinations, in the order in which their findings are shown."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

from leukokit.catalog import discover
from leukokit.engine.doctor.finding import Finding, Level

_PACKAGE = "leukokit.engine.doctor"


def examine(cache: Path) -> list[Finding]:
    """Examine everything that a run depends on.

    Plugins are asked again, even where their answers are kept, and the new answers are kept. Libraries and
    plugins are loaded in processes of their own, each with a time limit.

    Parameters
    ----------
    cache : Path
        The cache folder.
    """
    # Damage is looked for first: asking the plugins again repairs what is kept of them.
    kept = _examined("cache", "cache:examine_cache", cache)
    catalog = discover(cache=cache, again=True)
    with ThreadPoolExecutor(max_workers=2) as pool:  # the slow ones, each of which waits for a process
        opencv = pool.submit(_examined, "opencv", "libraries:examine_opencv")
        tensorflow = pool.submit(_examined, "tensorflow", "libraries:examine_tensorflow")
        plugins = _examined("plugins", "plugins:examine_plugins", catalog)
        data = _examined("data", "data:examine_data", catalog)
    machine = _examined("machine", "machine:examine_machine", cache)
    packages = _examined("packages", "packages:examine_packages")
    return [*machine, *packages, *opencv.result(), *tensorflow.result(), *plugins, *data, *kept]


def _examined(area: str, place: str, *arguments: Any) -> list[Finding]:
    """Import one examination and run it; its error becomes a finding, and the other examinations still run.

    A library may be broken that parts of leukokit import.
    """
    module, _, name = place.partition(":")
    findings: list[Finding] = []
    try:
        examine_area: Callable[..., Any] = getattr(import_module(f"{_PACKAGE}.{module}"), name)
        findings.extend(examine_area(*arguments))
    except Exception as error:
        text = f"this cannot be examined: {type(error).__name__}: {error}"
        hint = "Solve the problems of the libraries, then run this again; without any, report this as a bug"
        findings.append(Finding(area, Level.FAIL, text, hint))
    return findings
