"""Checks of scale: whether it depends on the class, contradicts the red cells, or is unknown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.audit.checks.association import variance_between
from leukokit.audit.findings import AuditLevel, CheckFinding, CheckTable, Limit, TableCell, skipped

SPREAD = "scale_spread"
MISMATCH = "scale_mismatch"
UNKNOWN = "scale_unknown"

_NOTICEABLE = 1.05
"""Ratio of class medians below which the difference is measurement error."""
_OFF = 0.25
"""Images whose stated scale and measured red cells differ by more than this share are listed. Red cells of
one person vary by a tenth, and the measurement error is 3 to 6 %."""
_MIN_IMAGES = 3  # for a median


def scale_spread(
    measured: FloatArray, labels: Sequence[str], groups: Sequence[str], limit: Limit, *, seed: int
) -> CheckFinding:
    """Measure how much of the variance of the scale lies between the classes.

    Magnification and camera do not depend on the disease. Classes that were photographed at different
    magnifications can be distinguished by the size of any object, red cells included.

    Parameters
    ----------
    measured : float64 array (n,)
        Diameter of the red cells of each image, in px; NaN where none could be measured.
    labels, groups : sequence of str (n,)
        Class and group of each image.
    limit : Limit
        Limit of omega squared of ln(diameter).
    """
    seen = np.isfinite(measured)
    names, units = np.asarray(labels)[seen], np.asarray(groups)[seen]
    if len(np.unique(names)) < 2:
        return skipped(
            SPREAD,
            "red cells could be measured in fewer than two classes",
            "Scale is compared between classes by the red cells in the images.",
        )
    logs = np.log(measured[seen])
    association = variance_between(logs[:, np.newaxis], names.tolist(), units.tolist(), seed=seed)
    classes = np.unique(np.asarray(labels))
    rows: list[tuple[TableCell, ...]] = []
    medians = []
    for name in classes:
        own = logs[names == name]
        low, middle, high = np.exp(np.quantile(own, [0.1, 0.5, 0.9])) if len(own) else [np.nan] * 3
        medians += [float(middle)] if len(own) else []
        count = int(np.count_nonzero(np.asarray(labels) == name))
        rows.append((str(name), count, len(own), *(_rounded(value) for value in (middle, low, high))))
    ratio = max(medians) / min(medians)
    level = association.level(limit) if ratio >= _NOTICEABLE else AuditLevel.OK
    title = (
        f"{association.effect:.0%} of the variance of scale lies between the classes, whose red cells "
        f"measure {min(medians):.3g} to {max(medians):.3g} px"
    )
    if not association.significant:
        title += ", which is not significant"
    text = (
        "Classes were photographed at different magnifications, or resized differently, so a classifier "
        "can recognize them by the size of any object. Bring all images to one scale, measure lengths in um "
        "or red-cell diameters, and test on images of one camera. (Diseases also change the size of red "
        "cells, but by less than a fifth.)"
        if level.rank > 1
        else "Red cells have similar sizes in all classes, or their size varies between slides of each class."
    )
    columns = ("class", "images", "measured", "red cell px", "10th percentile", "90th percentile")
    return CheckFinding(
        SPREAD,
        level,
        title,
        text,
        association.effect,
        "share",
        limit,
        table=CheckTable(columns, tuple(rows)),
    )


def scale_mismatch(
    stated: FloatArray, measured: FloatArray, ids: Sequence[str], limit: Limit
) -> CheckFinding:
    """Compare the scale that recipe, file or table states with the red cells in the images.

    Parameters
    ----------
    stated, measured : float64 array (n,)
        Diameter of a red cell as stated and as measured, in px; NaN where there is none.
    ids : sequence of str (n,)
    limit : Limit
        Limit of the median difference, as a share of the smaller.
    """
    both = np.isfinite(stated) & np.isfinite(measured)
    if np.count_nonzero(both) < _MIN_IMAGES:
        return skipped(
            MISMATCH,
            "too few images have both a stated scale and red cells that can be measured",
            "Check the scale by a scale bar in an image, or on the overlay sheet.",
        )
    logs = np.log(stated[both] / measured[both])
    center = float(np.median(logs))
    value = float(np.expm1(abs(center)))
    level = limit.level(value)
    off = np.abs(logs) > np.log1p(_OFF)
    ratio = float(np.exp(center))
    title = (
        f"by the stated scale a red cell is {_three_digits(np.median(stated[both]))} px wide, "
        f"{_three_digits(ratio)} times the {_three_digits(np.median(measured[both]))} px "
        "measured in the images"
    )
    text = (
        "All lengths in um and every area limit are wrong by that factor. Check the pixel size: objective "
        "and camera adapter, binning, and whether the images were resized after they were taken."
        if level.rank > 1
        else f"Stated and measured scale agree; in {np.count_nonzero(off)} of {len(logs)} images they "
        f"differ by more than {_OFF:.0%}."
    )
    worst = np.argsort(-np.abs(logs), kind="stable")
    named = np.asarray(ids)[both][worst][off[worst]]
    return CheckFinding(MISMATCH, level, title, text, value, "share", limit, images=tuple(named.tolist()))


def _three_digits(value: float | np.float64) -> str:
    """Write a number with three significant digits, never in exponential notation."""
    return np.format_float_positional(value, precision=3, fractional=False, trim="-")


def scale_unknown(
    known: NDArray[np.bool_], labels: Sequence[str], ids: Sequence[str], limit: Limit
) -> CheckFinding:
    """Count the images of each class whose scale is guessed or unknown.

    Parameters
    ----------
    known : bool array (n,)
    labels, ids : sequence of str (n,)
    limit : Limit
        Limit of the share in the class that has the largest.
    """
    names = np.asarray(labels)
    rows: list[tuple[TableCell, ...]] = []
    shares: dict[str, float] = {}
    for name in np.unique(names):
        own = ~known[names == name]
        shares[str(name)] = float(own.mean())
        rows.append((str(name), len(own), int(own.sum()), round(float(own.mean()), 4)))
    worst = max(shares, key=lambda name: shares[name])
    level = limit.level(shares[worst])
    if known.all():
        title, text = "the scale of every image is known", "Nothing to do."
    else:
        title = (
            f"the scale of {shares[worst]:.0%} of {worst} and of {1 - known.mean():.0%} of all images "
            "is unknown"
        )
        text = (
            "These images show too few red cells to measure the scale, so lengths are not given in um, and "
            "area limits use an estimate from the nuclei. Give the pixel size (data.scale), or measure the "
            "scale by slide or data set (scale: group, scale: dataset) where one camera took all images."
        )
    return CheckFinding(
        UNKNOWN,
        level,
        title,
        text,
        shares[worst],
        "share",
        limit,
        images=tuple(np.asarray(ids)[~known].tolist()),
        table=CheckTable(("class", "images", "not known", "share"), tuple(rows)),
    )


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 1)
