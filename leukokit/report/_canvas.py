"""What all figures share: colors, a stamp, a footer, and the same bytes every time."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from leukokit.engine.io.files import write_bytes
from leukokit.notice import SHORT_NOTICE

INK = "#222222"
MUTED = "#666666"
DPI = 150

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#8C8C00", "#000000")
"""Okabe and Ito's colors (https://jfly.uni-koeln.de/color/), told apart with any color vision; yellow is
darkened for white paper."""

_BAND_INCHES = 0.34
_STAMP_COLOR = "#A33B00"


def new_figure(width: float, height: float) -> Figure:
    """Figure in inches that belongs to nobody: pyplot keeps no reference, so threads cannot meet."""
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white", layout=None)
    FigureCanvasAgg(figure)
    return figure


def plain(text: object) -> str:
    """Make text of any origin drawable: lone surrogates and control characters become question marks."""
    encodable = str(text).encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else "?" for c in encodable)


@contextmanager
def letters_of_any_script() -> Iterator[None]:
    """Draw letters that no font at hand has as boxes, without a warning of Matplotlib's for each of them.

    The page and the tables have the names as text.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        yield


def literal(text: Text) -> Text:
    """Take dollar signs in names as dollar signs, not as formulas."""
    text.set_parse_math(False)
    return text


def reserve(figure: Figure, stamp: str | None) -> tuple[float, float]:
    """Bottom and top of the area for axes, as fractions: the footer and the stamp's band are outside."""
    height = figure.get_figheight()
    top = 1.0 - (_BAND_INCHES / height if stamp else 0.0)
    return 0.24 / height, top


def save_png(
    figure: Figure, path: Path, stamp: str | None, *, notes: Mapping[str, str] | None = None
) -> None:
    """Draw the stamp and the footer and write the PNG.

    The file carries no date and no software version, so equal figures are equal bytes. It gets its name only
    when it is whole.

    Parameters
    ----------
    notes : mapping of str to str, optional
        ASCII text to keep in the file, for programs that read it.
    """
    height = figure.get_figheight()
    literal(figure.text(0.995, 0.06 / height, SHORT_NOTICE, ha="right", va="bottom", fontsize=7, color=MUTED))
    if stamp:
        share = _BAND_INCHES / height
        band = Rectangle(
            (0, 1 - share), 1, share, transform=figure.transFigure, color=_STAMP_COLOR, zorder=10
        )
        figure.add_artist(band)
        literal(
            figure.text(
                0.5,
                1 - share / 2,
                plain(stamp),
                ha="center",
                va="center_baseline",
                fontsize=11,
                fontweight="bold",
                color="white",
                zorder=11,
            )
        )
    buffer = io.BytesIO()
    # Level 4 takes half the time of the default, 6, for a file 3 % larger.
    settings = {"compress_level": 4}
    with letters_of_any_script():
        figure.savefig(
            buffer, format="png", dpi=DPI, metadata={"Software": None, **(notes or {})}, pil_kwargs=settings
        )
    write_bytes(path, buffer.getvalue())
