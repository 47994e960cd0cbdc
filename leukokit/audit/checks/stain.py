"""Check of stain: whether the background color depends on the class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leukokit.api import FloatArray
from leukokit.audit.checks.association import variance_between
from leukokit.audit.findings import CheckFinding, CheckTable, Limit, TableCell, skipped

CHECK = "stain_spread"


def stain_spread(
    background: FloatArray,
    foreground: FloatArray,
    labels: Sequence[str],
    groups: Sequence[str],
    limit: Limit,
    *,
    seed: int,
) -> CheckFinding:
    """Measure how much of the variance of background color lies between the classes.

    The background shows no sign of the disease, so differences there come from stain, light and camera.

    Parameters
    ----------
    background : float64 array (n, 3)
        Median L, a and b of the bright pixels, in levels of 0..255.
    foreground : float64 array (n,)
        Share of pixels that are not black.
    labels, groups : sequence of str (n,)
        Class and group of each image.
    limit : Limit
        Limit of omega squared.
    """
    names = np.asarray(labels)
    if np.median(foreground) < 0.5:
        return skipped(
            CHECK,
            "the background was blanked, so the stain cannot be measured",
            "Audit the original photographs.",
        )
    if len(np.unique(names)) < 2:
        return skipped(CHECK, "the data set has one class only", "Stain is compared between classes.")
    association = variance_between(background, labels, groups, seed=seed)
    level = association.level(limit)
    rows: tuple[tuple[TableCell, ...], ...] = tuple(
        (
            str(name),
            int(np.count_nonzero(names == name)),
            *(round(float(value), 1) for value in background[names == name].mean(axis=0)),
            *(round(float(value), 1) for value in background[names == name].std(axis=0)),
        )
        for name in np.unique(names)
    )
    columns = ("class", "images", "L", "a", "b", "L spread", "a spread", "b spread")
    title = f"{association.effect:.0%} of the variance of background color lies between the classes"
    if not association.significant:
        title += ", which is not significant"
    text = (
        "Classes were stained or photographed differently, so color alone can predict the class. Normalize "
        "the stain (preprocess: reinhard), test on slides of another laboratory, and compare every score "
        "with the color probe."
        if level.rank > 1
        else "Background color is similar in all classes, or varies between slides within each class."
    )
    return CheckFinding(
        CHECK, level, title, text, association.effect, "share", limit, table=CheckTable(columns, rows)
    )
