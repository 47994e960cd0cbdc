"""Text that fits a width: broken into lines, or with its middle left out."""

from __future__ import annotations

from matplotlib.figure import Figure

from leukokit.report._canvas import letters_of_any_script, literal

_MOST_LINES = 3


def text_width(figure: Figure, text: str, *, size: float, bold: bool = False) -> float:
    """Width of one line, in inches."""
    written = literal(figure.text(0, 0, text, fontsize=size, fontweight="bold" if bold else "normal"))
    with letters_of_any_script():
        width = written.get_window_extent().width
    written.remove()
    return float(width) / figure.dpi


def elided(figure: Figure, text: str, inches: float, *, size: float, bold: bool = False) -> str:
    """Leave out as much of the middle as it takes: beginnings name folders, ends hold numbers."""
    if text_width(figure, text, size=size, bold=bold) <= inches:
        return text
    kept, most = 1, len(text) - 1
    while kept < most:  # the longest that fits
        tried = (kept + most + 1) // 2
        fits = text_width(figure, _without_middle(text, tried), size=size, bold=bold) <= inches
        kept, most = (tried, most) if fits else (kept, tried - 1)
    return _without_middle(text, kept)


def wrapped(figure: Figure, text: str, inches: float, *, size: float, bold: bool = False) -> list[str]:
    """Break text between words into at most three lines; the last one holds the rest, its middle left out."""
    lines: list[str] = []
    words = text.split()
    while words:
        count = 1
        while count < len(words) and (
            text_width(figure, " ".join(words[: count + 1]), size=size, bold=bold) <= inches
        ):
            count += 1
        if len(lines) == _MOST_LINES - 1:
            count = len(words)
        lines.append(elided(figure, " ".join(words[:count]), inches, size=size, bold=bold))
        words = words[count:]
    return lines


def _without_middle(text: str, kept: int) -> str:
    first = (kept + 1) // 2
    return f"{text[:first]}\N{HORIZONTAL ELLIPSIS}{text[len(text) - (kept - first) :]}"
