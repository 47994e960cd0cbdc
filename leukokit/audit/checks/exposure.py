"""Check of exposure: whether the images of one class or part are lighter than those of another."""

from __future__ import annotations

import numpy as np

from leukokit.api import FloatArray
from leukokit.audit.checks.between_parts import Images, difference
from leukokit.audit.findings import CheckFinding, Limit, skipped

CHECK = "exposure_spread"

_NOTICEABLE = 6.0
"""Smallest difference of two medians, in levels of 0..255: chosen, not measured."""


def exposure_spread(
    light: FloatArray, foreground: FloatArray, images: Images, limit: Limit, *, seed: int
) -> CheckFinding:
    """Measure how much of the variance of the lightness of the glass lies between classes or parts.

    Parameters
    ----------
    light : float64 array (n,)
        Lightness of the background between the cells, L in levels of 0..255.
    foreground : float64 array (n,)
        Share of pixels that are not black.
    images : Images
    limit : Limit
        Limit of omega squared.
    """
    if np.median(foreground) < 0.5:
        text = "Audit the original photographs."
        return skipped(CHECK, "the background was blanked, so the light cannot be measured", text)
    if len(np.unique(images.labels)) < 2:
        return skipped(CHECK, "the data set has one class only", "Exposure is compared between classes.")
    found = difference(light, images, light, "lightness of the glass", seed=seed)
    level = found.level(limit, _NOTICEABLE)
    title = f"{found.association.effect:.0%} of the variance of exposure lies between the {found.where}"
    if not found.association.significant:
        title += ", which is not significant"
    if level.rank > 1:
        title += f": the glass of {found.high} is {found.gap:.0f} levels lighter than that of {found.low}"
    text = (
        "Light and exposure time depend on the camera, not on cells, but tell the images apart. Bring all "
        "images to one white (preprocess: white_balance or reinhard), and test on images of one camera."
        if level.rank > 1
        else "The glass is about as light in all classes and parts, or its lightness varies within them."
    )
    effect = found.association.effect
    return CheckFinding(CHECK, level, title, text, effect, "share", limit, table=found.table)
