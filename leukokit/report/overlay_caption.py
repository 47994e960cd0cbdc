"""What stands below a picture of an overlay sheet."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from leukokit.api import Labels, Status
from leukokit.report._canvas import INK, MUTED, literal, plain
from leukokit.report._fitted_text import elided, wrapped
from leukokit.report.overlay_panel import FAILED, FRAME
from leukokit.report.sheet_panels import Box, SheetPanel
from leukokit.report.status_words import status_words

_LINE = 0.135
_BANNER = 0.16
_INSET = 0.05
"""Inches: height of a line, of one in a banner, and room left and right in a banner."""


class Caption:
    """Why an image is shown, what was found in it and its id, broken into lines that fit the panel."""

    def __init__(
        self, ruler: Figure, panel: float, reason: str, found: str, caption: str, *, failed: bool
    ) -> None:
        self._panel = panel
        self._whole = plain(reason), plain(found), plain(caption)
        self._reason = wrapped(ruler, self._whole[0], panel, size=8, bold=True)
        self._status = wrapped(
            ruler, self._whole[1], panel - (2 * _INSET if failed else 0.0), size=7.5, bold=failed
        )
        self._caption = elided(ruler, self._whole[2], panel, size=7)
        self._failed = failed

    @classmethod
    def of(
        cls, ruler: Figure, panel: float, reason: str, detail: str, caption: str, labels: Labels
    ) -> Caption:
        """Break the words of one panel, ``panel`` inches wide, into lines, measured on ``ruler``."""
        failed = labels.status is not Status.OK
        words = status_words(labels.status, labels.count)
        if detail:
            words += f"; {detail}"
        return cls(ruler, panel, reason, words, caption, failed=failed)

    def panel_record(self, box: Box, row: int) -> SheetPanel:
        """Tell all of it for the picture in ``box``, nothing left out."""
        return SheetPanel(box, row, *self._whole, failed=self._failed)

    @property
    def height(self) -> float:
        """Inches below the picture."""
        line = _BANNER if self._failed else _LINE
        return 0.05 + _LINE * (len(self._reason) + 1) + line * len(self._status)

    def draw(self, figure: Figure, left: float, y: float) -> None:
        """Write below ``y``, in inches from the figure's lower left corner; a failure's banner first."""
        width, height = figure.get_size_inches()

        def write(text: str, at: float, inset: float = 0.0, **style: Any) -> None:
            literal(figure.text((left + inset) / width, at / height, text, va="top", **style))

        if self._failed:
            tall = _BANNER * len(self._status)
            figure.add_artist(
                Rectangle(
                    ((left - FRAME / 2) / width, (y - tall) / height),
                    (self._panel + FRAME) / width,
                    tall / height,
                    transform=figure.transFigure,
                    facecolor=FAILED,
                    edgecolor="none",
                )
            )
            for line in self._status:
                write(line, y - 0.03, _INSET, fontsize=7.5, fontweight="bold", color="white")
                y -= _BANNER
        y -= 0.05
        for line in self._reason:
            write(line, y, fontsize=8, fontweight="bold", color=INK)
            y -= _LINE
        if not self._failed:
            for line in self._status:
                write(line, y, fontsize=7.5, color=INK)
                y -= _LINE
        write(self._caption, y, fontsize=7, color=MUTED)
