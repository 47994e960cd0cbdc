"""The work of discovery grows with the number of components, not with its square."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from leukokit.api import ComponentSpec, hookimpl
from leukokit.catalog import KINDS, discover
from leukokit.catalog.offers import offers_of

MANY = """
from leukokit.api import ComponentSpec, hookimpl

@hookimpl
def leukokit_segmenters():
    return [ComponentSpec(f"part_{{i}}", f"nowhere:Part{{i}}", "A part.") for i in range({count})]
"""


def calls_of(function: Callable[[], Any]) -> int:
    """Count the calls of Python and C functions, and the steps of generators: the same on any machine."""
    count = 0

    def tick(*_: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(tick)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


def offering(count: int) -> types.ModuleType:
    """Make a plugin of so many components."""
    module = types.ModuleType("many")

    @hookimpl
    def leukokit_segmenters():
        return [ComponentSpec(f"part_{i}", f"nowhere:Part{i}", "A part.") for i in range(count)]

    module.leukokit_segmenters = leukokit_segmenters  # type: ignore[attr-defined]
    return module


def test_asking_a_plugin_takes_ten_times_as_long_for_ten_times_as_many_components():
    """Looking for names that are offered twice, too: 10,000 took 5 s, of a square of comparisons."""
    hooks = [kind.hook for kind in KINDS]
    few, many = offering(1_000), offering(10_000)
    offers_of(few, "few", "many", hooks)  # what is done once is done
    calls = [
        calls_of(lambda plugin=plugin: offers_of(plugin, "many", "many", hooks)) for plugin in (few, many)
    ]
    assert calls[1] < 11 * calls[0]


def test_reading_kept_answers_grows_likewise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """And the catalog that is made of them."""
    calls = []
    for count in (1_000, 10_000):
        site = tmp_path / str(count)
        info = site / f"leukokit_many{count}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"leukokit_many{count}.py").write_text(MANY.format(count=count))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: leukokit-many{count}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[leukokit]\nmany = leukokit_many{count}\n")
        with monkeypatch.context() as patch:
            patch.syspath_prepend(site)
            assert (
                len([e for e in discover(cache=tmp_path).of("segmenter") if e.name[:5] == "many/"]) == count
            )
            calls.append(calls_of(lambda: discover(cache=tmp_path)))
    assert calls[1] < 11 * calls[0]
