"""Figures in the cache."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from leukokit.engine.cache.store import Store
from leukokit.report import kept_figure as kept
from leukokit.report.figures import confusion_figure
from leukokit.report.kept_figure import kept_figure


def test_a_figure_is_drawn_once_for_what_it_shows(tmp_path: Path) -> None:
    """The same content comes from the cache; other content, or no cache, is drawn."""
    store, drawn = Store(tmp_path / "cache"), []

    def draw(path: Path) -> None:
        drawn.append(path.name)
        path.write_bytes(path.name.encode())

    kept_figure(store, tmp_path / "a.png", draw, "matrix", [1, 2])
    kept_figure(store, tmp_path / "b.png", draw, "matrix", [1, 2])
    kept_figure(store, tmp_path / "c.png", draw, "matrix", [1, 3])
    kept_figure(None, tmp_path / "d.png", draw, "matrix", [1, 2])
    assert drawn == ["a.png", "c.png", "d.png"]
    assert (tmp_path / "b.png").read_bytes() == b"a.png"


def test_nothing_to_draw_is_nothing_kept(tmp_path: Path) -> None:
    """A figure that was not drawn leaves neither a file nor an entry."""
    store = Store(tmp_path / "cache")
    for _ in range(2):
        kept_figure(store, tmp_path / "a.png", lambda _: None, "nothing")
    assert not (tmp_path / "a.png").exists()
    assert store.entries() == []


def test_a_figure_is_kept_under_the_code_that_draws_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code of the function, also where its arguments are bound already."""
    modules: list[str] = []
    monkeypatch.setattr(kept, "code_digest", lambda module: modules.append(module) or "0")
    draw = partial(confusion_figure, [[1]], ["a"], title="a", stamp=None)
    kept_figure(Store(tmp_path / "cache"), tmp_path / "a.png", draw, "a")
    assert modules == [confusion_figure.__module__]
