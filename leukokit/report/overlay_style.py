"""Colors, widths and names of outlines on smears.

Stained nuclei, cytoplasm, red cells and glass fill purple, lavender, pink and white. What they leave free,
with any color vision, is yellow-green and dark green: simulated protanopia, deuteranopia and tritanopia
(Machado et al. 2009, doi:10.1109/TVCG.2009.113) keep these two 21 and more CIEDE2000 units from the nuclei
and cytoplasm of four laboratories, where sky blue comes within 4 of a nucleus and yellow within 13 of
cytoplasm. The two are 50 units apart, most of it lightness, so gray print tells them apart as well; a casing
of the other lightness carries each over anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from matplotlib.patheffects import withStroke

from leukokit.api import CELL, NUCLEUS, PLATELET, RED_CELL, SCALE_BAR, Labels


@dataclass(frozen=True, slots=True)
class OutlineStyle:
    """How the outlines of a role are drawn.

    Attributes
    ----------
    color : str
    width : float
        Points, on cells that fill a good part of their panel.
    casing : str
        Color of the rim on both sides; empty for none.
    dashes : str
        Line style of matplotlib.
    """

    color: str
    width: float
    casing: str = ""
    dashes: Literal["-", "--", ":", "-."] = "-"

    def effects(self, width: float) -> list[withStroke]:
        """Path effects of a line of so many points."""
        rim = min(1.0, max(0.5, 0.8 * width))  # both sides together
        return [withStroke(linewidth=width + rim, foreground=self.casing)] if self.casing else []


DARK, LIGHT = "#101010B0", "#FFFFFFC0"

STYLES = {
    RED_CELL: OutlineStyle("#0072B2", 0.55),
    PLATELET: OutlineStyle("#FF6600", 1.0, DARK, "--"),
    SCALE_BAR: OutlineStyle("#000000", 1.0, LIGHT, ":"),
    # Wider than the nucleus's, so that it shows on both sides where the two lie on each other.
    CELL: OutlineStyle("#00591C", 1.7, LIGHT),
    NUCLEUS: OutlineStyle("#C9FF1F", 1.0, DARK),
}
TRUTH = OutlineStyle("#FFFFFF", 1.2, "#000000", ":")
"""Outlines of experts, drawn below the others: they show where the two differ."""
_OTHER_COLORS = ("#CC3366", "#000099", "#777777")
_WORDS = {CELL: "white cell", SCALE_BAR: "printed scale bar"}


def style_of(role: str) -> OutlineStyle:
    """Style of a role; one of a plugin's own gets a color by its name, whatever roles come along with it."""
    other = _OTHER_COLORS[sum(role.encode("utf-8", "surrogateescape")) % len(_OTHER_COLORS)]
    return STYLES.get(role, OutlineStyle(other, 1.0, LIGHT, "-."))


def role_words(role: str) -> str:
    """Name of a role in a legend."""
    return _WORDS.get(role, role.replace("_", " "))


def ordered_roles(labels_list: Iterable[Labels]) -> list[str]:
    """Roles with at least one object, in the order of drawing: nuclei last, over everything."""
    present = {
        role for labels in labels_list for role, label_image in labels.roles.items() if label_image.any()
    }
    first = [role for role in (RED_CELL, PLATELET, SCALE_BAR) if role in present]
    last = [role for role in (CELL, NUCLEUS) if role in present]
    return [*first, *sorted(present - {*first, *last}), *last]
