"""Figures of a run directory as small pictures of the page: re-encoded, cut into slices, within a budget."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from PIL import Image

from leukokit.report.figure_file import read_figure
from leukokit.report.html.environment import data_uri

_QUALITIES = ((900, 52), (760, 46), (620, 40), (480, 34))
"""Width in px and WebP quality: the first that fits is taken."""
_SLICE = 1.1
"""Height of a slice over its width, so that a page of paper holds it."""
_WHITE = 250


@dataclass(frozen=True, slots=True)
class Slice:
    """Part of a figure, from its full width."""

    address: Markup
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the run directory.

    Attributes
    ----------
    name : str
        Path in the run directory.
    slices : sequence of Slice
        Below each other they are the figure; none where it did not fit.
    """

    name: str
    title: str
    slices: Sequence[Slice]


def embed(root: Path, files: Sequence[tuple[str, str]], budget: int) -> list[Figure]:
    """Put figures on the page, each with an equal share of a budget; what one leaves is for the next.

    Parameters
    ----------
    root : Path
        The run directory.
    files : sequence of (name, title)
        Names are paths in it.
    budget : int
        Bytes of all figures together.
    """
    figures = []
    for number, (name, title) in enumerate(files):
        share = budget // (len(files) - number)
        encoded = _encoded(root, name, share)
        budget -= sum(len(content) for content, _ in encoded)
        slices = [Slice(data_uri(content), *size) for content, size in encoded]
        figures.append(Figure(name, title, slices))
    return figures


def _encoded(root: Path, name: str, most: int) -> list[tuple[bytes, tuple[int, int]]]:
    figure = read_figure(root, name)
    if figure is None:
        return []
    image = figure.image
    for width, quality in _QUALITIES:
        scaled = image
        if image.width > width:
            height = max(1, round(image.height * width / image.width))
            scaled = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        pieces = [scaled.crop((0, top, scaled.width, bottom)) for top, bottom in slices_of(scaled)]
        encoded = [(_webp(piece, quality), piece.size) for piece in pieces]
        if sum(len(content) for content, _ in encoded) <= most:
            return encoded
    return []


def slices_of(image: Image.Image) -> list[tuple[int, int]]:
    """Rows (top, bottom) to cut a tall figure at: where a row is white, so that no panel is cut through.

    A figure without such rows is cut at the greatest height.
    """
    longest = max(1, int(image.width * _SLICE))
    if image.height <= longest * 1.3:
        return [(0, image.height)]
    white = np.asarray(image.convert("L")).min(axis=1) >= _WHITE
    cuts = [0]
    while image.height - cuts[-1] > longest:
        window = white[cuts[-1] + longest // 2 : cuts[-1] + longest]
        white_rows = np.flatnonzero(window)
        cuts.append(cuts[-1] + (longest // 2 + int(white_rows[-1]) if len(white_rows) else longest))
    return [*zip(cuts, [*cuts[1:], image.height], strict=True)]


def _webp(image: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()
