"""Figures in the cache: drawing costs most of the time of a run that has nothing else left to do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

from leukokit._version import __version__
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import digest, library_versions
from leukokit.engine.cache.memo import memo
from leukokit.engine.cache.serialization import Codec
from leukokit.engine.cache.store import Store
from leukokit.engine.io.files import write_bytes

REVISION = 3
"""Raised when figures are drawn otherwise from the same numbers by the same version."""
_FIGURE: Codec[bytes | None] = Codec(lambda figure: figure or b"", bytes)


def kept_figure(store: Store | None, path: Path, draw: Callable[[Path], None], *shown: object) -> None:
    """Copy a figure from the cache, or draw and keep it.

    Parameters
    ----------
    store : Store or None
    path : Path
        PNG file to write.
    draw : callable
        Draws to a path; nothing where there is nothing to draw.
    *shown : object
        All that the figure depends on, as :func:`digest` takes it.
    """
    if store is None:
        draw(path)
        return
    # Figures are code of this package more than of any component: a new version draws all of them anew.
    function = draw.func if isinstance(draw, partial) else draw  # a partial is of functools
    code = (REVISION, __version__, code_digest(function.__module__))
    key = digest("figure", code, version("matplotlib"), library_versions(), *shown)

    def drawn() -> bytes | None:
        draw(path)
        return path.read_bytes() if path.exists() else None  # None: there was nothing to draw

    figure = memo(key, drawn, _FIGURE, store=store, title=f"figure {path.stem}")
    if figure is not None:
        write_bytes(path, figure)
