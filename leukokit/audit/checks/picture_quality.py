"""Check of single pictures: blurred, too dark, too light, or nearly empty ones are listed.

The list of questions is that of CleanVision (github.com/cleanlab/cleanvision: dark, light, blurry, low
information), with limits for stained smears.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.audit.findings import CheckFinding, CheckTable, Limit, TableCell, skipped

CHECK = "picture_quality"

_BLURRED = 0.12
"""Blur in red-cell diameters from which chromatin cannot be seen: 0.9 um, four times the limit of light
microscopes."""
_BLURRED_RATIO = 2.5
"""The same without red cells, against the median image."""
_DARK = 100
"""A picture whose lightest pixels are darker than this gray level is under-exposed."""
_LIGHT = 235
"""A picture whose cells are lighter than this gray level is over-exposed."""
_CONTRAST = 40
"""A picture in which .5 % and 99.5 % of the gray levels are closer shows no cell."""
_KINDS = ("blurred", "too dark", "too light", "nearly empty")


def picture_quality(
    levels: FloatArray,
    blur: FloatArray,
    unit: str,
    foreground: FloatArray,
    labels: Sequence[str],
    ids: Sequence[str],
    limit: Limit,
) -> CheckFinding:
    """List the images that are blurred, under-exposed, over-exposed or nearly empty.

    Parameters
    ----------
    levels : float64 array (n, 4)
        Gray levels that .5, 5, 99 and 99.5 % of the pixels do not exceed.
    blur : float64 array (n,)
        In ``unit``; NaN where not measured.
    unit : str
        ``px`` where red cells could not be measured.
    foreground : float64 array (n,)
        Share of pixels that are not black.
    labels, ids : sequence of str (n,)
    limit : Limit
        Limit of the share of such images in the class that has the largest.
    """
    if np.median(foreground) < 0.5:
        text = "Audit the original photographs."
        return skipped(CHECK, "the background was blanked, so light and contrast cannot be judged", text)
    faults = _faults(levels, blur, unit)
    bad = np.asarray(faults.any(axis=1), dtype=np.bool_)
    if not bad.any():
        title = "no image is blurred, too dark, too light or nearly empty"
        return CheckFinding(CHECK, limit.level(0), title, "Nothing to do.", 0.0, "share", limit)
    names = np.asarray(labels)
    rows: list[tuple[TableCell, ...]] = []
    shares: dict[str, float] = {}
    for name in np.unique(names):
        own = names == name
        shares[str(name)] = float(bad[own].mean())
        rows.append((str(name), int(own.sum()), *faults[own].sum(axis=0).tolist()))
    worst = max(shares, key=shares.__getitem__)
    counts = ", ".join(
        f"{count} {kind}" for kind, count in zip(_KINDS, faults.sum(axis=0).tolist(), strict=True) if count
    )
    return CheckFinding(
        CHECK,
        limit.level(shares[worst]),
        f"{int(bad.sum())} images are of poor quality ({counts}), {shares[worst]:.1%} of {worst}",
        "Look at the listed images. Take them again, or leave such images out of every class by one rule "
        "that was set before: what is left out by class changes the score.",
        shares[worst],
        "share",
        limit,
        images=tuple(np.asarray(ids)[bad].tolist()),
        table=CheckTable(("class", "images", *_KINDS), tuple(rows)),
    )


def _faults(levels: FloatArray, blur: FloatArray, unit: str) -> NDArray[np.bool_]:
    """Mark the faults of each image, n x 4 in the order of ``_KINDS``; an empty one has no other."""
    measured = np.isfinite(blur)
    most = _BLURRED
    if unit == "px":
        most = _BLURRED_RATIO * float(np.median(blur[measured])) if measured.any() else np.inf
    dark = levels[:, 2] < _DARK
    empty = (levels[:, 3] - levels[:, 0] < _CONTRAST) & ~dark
    light = (levels[:, 1] > _LIGHT) & ~empty
    blurred = np.where(measured, blur, 0.0) > most
    return np.column_stack([blurred & ~empty & ~dark, dark, light, empty])
