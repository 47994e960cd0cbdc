"""Check of sharpness: whether the images of one class or part are softer than those of another."""

from __future__ import annotations

import numpy as np

from leukokit.api import FloatArray
from leukokit.audit.checks.between_parts import Images, difference
from leukokit.audit.findings import CheckFinding, Limit, skipped

CHECK = "sharpness_spread"

_NOTICEABLE = float(np.log(1.15))
"""Smallest difference of ln blur between two medians: chosen, not measured."""


def relative_blur(blur: FloatArray, red_cell: FloatArray) -> tuple[FloatArray, str]:
    """Blur as a share of the red cells' diameter, or in px where most images show too few of them.

    Parameters
    ----------
    blur, red_cell : float64 arrays (n,)
        In px; NaN where not measured.

    Returns
    -------
    blur : float64 array (n,)
        NaN where not measured.
    unit : str
    """
    known = np.isfinite(blur) & np.isfinite(red_cell)
    if np.count_nonzero(known) * 2 >= len(blur):
        return np.where(known, blur / np.where(known, red_cell, 1.0), np.nan), "red-cell diameters"
    return blur, "px"


def sharpness_spread(
    blur: FloatArray, red_cell: FloatArray, images: Images, limit: Limit, *, seed: int
) -> CheckFinding:
    """Measure how much of the variance of sharpness lies between the classes, or between the parts.

    Focus, camera and compression do not depend on the disease, but a network sees how sharp an edge is.

    Parameters
    ----------
    blur, red_cell : float64 arrays (n,)
        Standard deviation of the blur and diameter of a red cell, in px; NaN where not measured. Blur counts
        relative to the red cells, so that cameras with more pixels a cell are not softer.
    images : Images
    limit : Limit
        Limit of omega squared of ln(blur).
    """
    values, unit = relative_blur(blur, red_cell)
    seen = np.isfinite(values)
    rows = images.kept(seen)
    if len(np.unique(rows.labels)) < 2:
        text = "Sharpness is compared between classes by the edges in the images."
        return skipped(CHECK, "sharpness could be measured in fewer than two classes", text)
    found = difference(np.log(values[seen]), rows, values[seen], f"blur in {unit}", seed=seed)
    level = found.level(limit, _NOTICEABLE)
    title = f"{found.association.effect:.0%} of the variance of sharpness lies between the {found.where}"
    if not found.association.significant:
        title += ", which is not significant"
    if level.rank > 1:
        ratio = float(np.exp(found.gap))
        title += f": edges of {found.high} are {ratio:.2g} times as wide as those of {found.low}"
    text = (
        "A classifier can learn how sharp the images of a class are instead of its cells, or is tested on "
        "sharper or softer images than it was trained on. Take all images with one camera and focus, export "
        "them in one way, or blur all to the same width before training."
        if level.rank > 1
        else "Edges are about as sharp in all classes and parts, or their width varies within them."
    )
    effect = found.association.effect
    return CheckFinding(CHECK, level, title, text, effect, "share", limit, table=found.table)
