"""How many px a red cell measures, from the image itself.

Red cells are the ruler of a smear: 7 to 8 um on every slide, and many. Their size is the most frequent one
among the dark disks of the image that are not stained like nuclei.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leukokit.smear.fields import SIDE, Field, fields_of, red_cell_circles
from leukokit.smear.scale import UNKNOWN_SCALE, Scale, ScaleSource
from leukokit.smear.sizes import DIAMETER, NucleusSizes, SizeMode

_Image = NDArray[np.uint8]

_ACCEPT, _DOUBTFUL = 0.2, 0.06  # confidence at which red cells are believed: alone, or as the nucleus agrees
_MUCH_SURER = 1.5  # times the confidence: what a nearer look must have to be believed instead
_CLOSER = 0.3  # confidence under which a large image is looked at from nearer too
_NEARER = 4.0  # times: windows that much nearer still hold red cells that were just too small before
_HALF, _NEARLY_WHOLE = 0.5, 0.75  # factors: from the first on go to 1 at once, from the second on not at all
_PINK = 0.3  # of the foreground: when so much of it seems to be nuclei, these may be red cells
_NOISE, _STEEP = 2.4, 3.6  # steepness of edges at which circles are no evidence, and at which they are
_FEWEST = 4  # circles, of which a second way to find them is believed
_NUCLEUS, _NUCLEUS_CONFIDENCE = 0.83, 0.15  # red-cell diameter over that of a typical nucleus
# Circles that are not believed by themselves: so many and so sure, and so large beside the guess from nuclei.
# On 38 images of two labs without round red cells the guess alone is .63 to 2.4 times the truth, more than
# 30 % off in 20 of them; with such circles .67 to 1.9 times, and more than 30 % off in 6.
_FEWEST_DOUBTFUL, _HARDLY, _ABOUT_GUESSED = 2, 0.02, (0.35, 1.7)
_LARGEST_ENLARGED = 3.0  # enlarging further shows nothing more
_SMALL, _FINE = 12.0, 22.0  # px: red cells that measure less are measured again at the second size
_SAME_SIZE = 0.25  # of ln r: circles that agree with a scale


@dataclass(frozen=True, slots=True)
class ScaleEstimate:
    """What the red cells of an image say of its scale.

    Attributes
    ----------
    scale : Scale
    circles : float64 array (n, 3)
        y, x and radius, in px of the image, of the red cells that agree with the scale; empty if there are
        none. Of a large image these are some of them.
    """

    scale: Scale
    circles: NDArray[np.float64]


_NO_CIRCLES = np.zeros((0, 3))


def estimate_scale(image: _Image) -> Scale:
    """Estimate how many px a red cell measures: the scale of :func:`measure_scale`."""
    return measure_scale(image).scale


def measure_scale(image: _Image, scale: Scale | None = None) -> ScaleEstimate:
    """Measure the red cells of an image.

    Parameters
    ----------
    image : uint8 array, H x W x 3, RGB
    scale : Scale or None
        The scale, where it is known: it comes back as it is, with the red cells that agree with it.

    Returns
    -------
    ScaleEstimate
        Of source RED_CELLS; NUCLEUS, which is a rough guess of confidence .15; or UNKNOWN.
    """
    if scale is not None and scale.known:
        circles = _circles_about(image, scale.red_cell_px)
        agree = np.abs(np.log(circles[:, 2] * (DIAMETER / scale.red_cell_px))) < _SAME_SIZE
        return ScaleEstimate(scale, circles[agree, :3])
    best = _measured(image, min(_LARGEST_ENLARGED, SIDE / max(image.shape[:2])))
    factor = best.factor
    while best.mode.confidence < _CLOSER and factor < _NEARLY_WHOLE:
        # Red cells of a large image may be too small to see
        factor = _NEARER * factor if _NEARER * factor < _HALF else 1.0
        closer = _measured(image, factor)
        if closer.mode.confidence > _MUCH_SURER * best.mode.confidence:
            best = closer
    mode, nuclei = best.mode, best.nuclei
    if mode.confidence >= _ACCEPT or (mode.confidence >= _DOUBTFUL and nuclei.agree_with(mode.diameter)):
        if mode.diameter * best.factor < _SMALL:
            mode = _measured_again(image, mode)
        measured = Scale(mode.diameter, mode.confidence, ScaleSource.RED_CELLS)
        return ScaleEstimate(measured, mode.circles)
    if nuclei.typical > 0:
        guess = Scale(_guess(mode, nuclei), _NUCLEUS_CONFIDENCE, ScaleSource.NUCLEUS)
        return ScaleEstimate(guess, _NO_CIRCLES)
    return ScaleEstimate(UNKNOWN_SCALE, _NO_CIRCLES)


def _guess(mode: SizeMode, nuclei: NucleusSizes) -> float:
    """Guess a red cell's diameter from the nuclei, or from a few doubtful circles of about that size.

    Nuclei that touch count as one, and are several red cells wide: two circles that agree are better then.
    """
    guess = _NUCLEUS * nuclei.typical
    few = len(mode.circles) >= _FEWEST_DOUBTFUL and mode.confidence > _HARDLY
    least, most = _ABOUT_GUESSED
    return mode.diameter if few and least * guess < mode.diameter < most * guess else guess


@dataclass(frozen=True, slots=True)
class _Measurement:
    """Red cells and nuclei of an image that was resized by ``factor``."""

    mode: SizeMode
    nuclei: NucleusSizes
    factor: float


def _measured(image: _Image, factor: float) -> _Measurement:
    """Find the mode of what is not stained like nuclei; of everything where red cells seem to be nuclei."""
    fields = fields_of(image, factor)
    nuclei = NucleusSizes.of(fields)
    nucleus, foreground = _areas(fields)
    mode = SizeMode.of(red_cell_circles(fields), foreground - nucleus)
    if nucleus > _PINK * foreground and (mode.confidence < _ACCEPT or not nuclei.fit_beside(mode.diameter)):
        pink = SizeMode.of(red_cell_circles(fields, near_nuclei=True), foreground)
        if len(pink.circles) >= _FEWEST:
            mode = pink
    steepness = float(np.mean([field.edges.steepness for field in fields]))
    trust = (
        min(1.0, max(0.0, (steepness - _NOISE) / (_STEEP - _NOISE)))
        if nuclei.fit_beside(mode.diameter)
        else 0.0
    )
    return _Measurement(replace(mode, confidence=trust * mode.confidence), nuclei, factor)


def _measured_again(image: _Image, mode: SizeMode) -> SizeMode:
    """Measure red cells of a few px where they are larger: small radii are found up to a fourth too large."""
    finer = SizeMode.of(_circles_about(image, mode.diameter), 0.0)
    if len(finer.circles) < _FEWEST:
        return mode
    return replace(mode, diameter=finer.diameter, circles=finer.circles)


def _circles_about(image: _Image, red_cell_px: float) -> NDArray[np.float64]:
    """Find red cells of about a known size."""
    fields = fields_of(image, min(_LARGEST_ENLARGED, _FINE / red_cell_px))
    nucleus, foreground = _areas(fields)
    circles = red_cell_circles(fields, radius=red_cell_px / DIAMETER)
    if len(circles) < _FEWEST and nucleus > _PINK * foreground:
        circles = red_cell_circles(fields, radius=red_cell_px / DIAMETER, near_nuclei=True)
    return circles


def _areas(fields: list[Field]) -> tuple[float, float]:
    """Areas of what seems to be nucleus, and of what is no glass, in px2 of the image."""
    nucleus = sum(np.count_nonzero(f.edges.nucleus) / f.factor**2 for f in fields)
    foreground = sum(np.count_nonzero(f.edges.foreground) / f.factor**2 for f in fields)
    return nucleus, foreground
