"""Estimate of the scale: how many px a red cell of the image measures.

Every smear has many red cells of 7 to 8 um, so they are the reference for lengths. Their size is the most
frequent one among the dark disks of the image that are not stained like nuclei.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leukokit.smear.scale import UNKNOWN_SCALE, Scale, ScaleSource
from leukokit.smear.sizes import DIAMETER, NucleusSizes, SizeMode
from leukokit.smear.windows import SIDE, EdgeWindow, edge_windows, red_cell_circles

_Image = NDArray[np.uint8]

# Confidence from which red cells are used: by themselves, or where the size of the nuclei agrees with them.
_MIN_CONFIDENCE, _LOW_CONFIDENCE = 0.2, 0.06
_CONFIDENCE_RATIO = 1.5  # factor by which an enlarged image must have more confidence to be used instead
_ENLARGE_BELOW = 0.3  # confidence below which a large image is also measured enlarged
_ENLARGEMENT_STEP = 4.0  # factor of one enlargement: red cells that were just too small are found at the next
_HALF, _NEARLY_WHOLE = 0.5, 0.75  # factors of the image: above the first the next is 1, above the second none
# Share of the foreground: if more of it is classified as nuclei, these may be pink red cells.
_MAX_NUCLEUS_SHARE = 0.3
# Steepness of edges: at or below the first value circles are noise, at or above the second they are used
# fully.
_NOISE_STEEPNESS, _SURE_STEEPNESS = 2.4, 3.6
_MIN_CIRCLES = 4  # fewest circles for which the result of a second search is used
# Red-cell diameter over that of a typical nucleus, and the confidence of a scale estimated from nuclei
_RED_CELLS_PER_NUCLEUS, _NUCLEUS_CONFIDENCE = 0.83, 0.15
# Circles with too little confidence of their own are used in place of the estimate from nuclei: so many, with
# this confidence, and with a diameter in this range relative to that estimate. On 38 images of two labs
# without round red cells the estimate from nuclei alone is .63 to 2.4 times the truth, and more than 30 % off
# in 20 of them; with such circles .67 to 1.9 times, and more than 30 % off in 6.
_MIN_UNSURE_CIRCLES, _MIN_UNSURE_CONFIDENCE, _GUESS_RANGE = 2, 0.02, (0.35, 1.7)
_MAX_ENLARGEMENT = 3.0  # further enlargement shows no more detail
_SMALL_DIAMETER, _FINE_DIAMETER = 12.0, 22.0  # px: smaller red cells are measured again at the second size
_MAX_LOG_DIFFERENCE = 0.25  # of ln r, between a circle and the scale that it agrees with


@dataclass(frozen=True, slots=True)
class ScaleEstimate:
    """Scale of an image, and the red cells that it was measured on.

    Attributes
    ----------
    scale : Scale
    circles : float64 array (n, 3)
        y, x and radius, in px of the image, of red cells that agree with the scale; empty if there are none.
        In large images only some red cells are measured.
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
        The scale, where it is known: it is returned unchanged, with the red cells that agree with it.

    Returns
    -------
    ScaleEstimate
        Of source RED_CELLS; NUCLEUS, a rough estimate with confidence .15; or UNKNOWN.
    """
    if scale is not None and scale.known:
        circles = _circles_of_size(image, scale.red_cell_px)
        agree = np.abs(np.log(circles[:, 2] * (DIAMETER / scale.red_cell_px))) < _MAX_LOG_DIFFERENCE
        return ScaleEstimate(scale, circles[agree, :3])
    best = _measure(image, min(_MAX_ENLARGEMENT, SIDE / max(image.shape[:2])))
    factor = best.factor
    while best.mode.confidence < _ENLARGE_BELOW and factor < _NEARLY_WHOLE:
        # Red cells of a large image may be too small to be found
        factor = _ENLARGEMENT_STEP * factor if _ENLARGEMENT_STEP * factor < _HALF else 1.0
        enlarged = _measure(image, factor)
        if enlarged.mode.confidence > _CONFIDENCE_RATIO * best.mode.confidence:
            best = enlarged
    mode, nuclei = best.mode, best.nuclei
    if mode.confidence >= _MIN_CONFIDENCE or (
        mode.confidence >= _LOW_CONFIDENCE and nuclei.have_typical_size_for(mode.diameter)
    ):
        if mode.diameter * best.factor < _SMALL_DIAMETER:
            mode = _measure_enlarged(image, mode)
        measured = Scale(mode.diameter, mode.confidence, ScaleSource.RED_CELLS)
        return ScaleEstimate(measured, mode.circles)
    if nuclei.typical > 0:
        guess = Scale(_diameter_from_nuclei(mode, nuclei), _NUCLEUS_CONFIDENCE, ScaleSource.NUCLEUS)
        return ScaleEstimate(guess, _NO_CIRCLES)
    return ScaleEstimate(UNKNOWN_SCALE, _NO_CIRCLES)


def _diameter_from_nuclei(mode: SizeMode, nuclei: NucleusSizes) -> float:
    """Estimate a red cell's diameter from the nuclei, or from a few uncertain circles of about that size.

    Nuclei that touch count as one and are too wide; two circles that agree give a better estimate then.
    """
    guess = _RED_CELLS_PER_NUCLEUS * nuclei.typical
    usable = len(mode.circles) >= _MIN_UNSURE_CIRCLES and mode.confidence > _MIN_UNSURE_CONFIDENCE
    low, high = _GUESS_RANGE
    return mode.diameter if usable and low * guess < mode.diameter < high * guess else guess


@dataclass(frozen=True, slots=True)
class _Measurement:
    """Red cells and nuclei of an image that was resized by ``factor``."""

    mode: SizeMode
    nuclei: NucleusSizes
    factor: float


def _measure(image: _Image, factor: float) -> _Measurement:
    """Find the mode of circles not stained like nuclei; of all circles where red cells look like nuclei."""
    windows = edge_windows(image, factor)
    nuclei = NucleusSizes.of(windows)
    nucleus, foreground = _areas(windows)
    mode = SizeMode.of(red_cell_circles(windows), foreground - nucleus)
    if nucleus > _MAX_NUCLEUS_SHARE * foreground and (
        mode.confidence < _MIN_CONFIDENCE or not nuclei.are_compatible_with(mode.diameter)
    ):
        with_nuclei = SizeMode.of(red_cell_circles(windows, near_nuclei=True), foreground)
        if len(with_nuclei.circles) >= _MIN_CIRCLES:
            mode = with_nuclei
    steepness = float(np.mean([window.edges.steepness for window in windows]))
    weight = (
        min(1.0, max(0.0, (steepness - _NOISE_STEEPNESS) / (_SURE_STEEPNESS - _NOISE_STEEPNESS)))
        if nuclei.are_compatible_with(mode.diameter)
        else 0.0
    )
    return _Measurement(replace(mode, confidence=weight * mode.confidence), nuclei, factor)


def _measure_enlarged(image: _Image, mode: SizeMode) -> SizeMode:
    """Measure small red cells again on an enlarged image: small radii come out up to 25 % too large."""
    remeasured = SizeMode.of(_circles_of_size(image, mode.diameter), 0.0)
    if len(remeasured.circles) < _MIN_CIRCLES:
        return mode
    return replace(mode, diameter=remeasured.diameter, circles=remeasured.circles)


def _circles_of_size(image: _Image, red_cell_px: float) -> NDArray[np.float64]:
    """Find red cells of about a known size."""
    windows = edge_windows(image, min(_MAX_ENLARGEMENT, _FINE_DIAMETER / red_cell_px))
    nucleus, foreground = _areas(windows)
    circles = red_cell_circles(windows, radius=red_cell_px / DIAMETER)
    if len(circles) < _MIN_CIRCLES and nucleus > _MAX_NUCLEUS_SHARE * foreground:
        circles = red_cell_circles(windows, radius=red_cell_px / DIAMETER, near_nuclei=True)
    return circles


def _areas(windows: list[EdgeWindow]) -> tuple[float, float]:
    """Areas of the rough masks of nuclei and of foreground, in px2 of the image."""
    nucleus = sum(np.count_nonzero(f.edges.nucleus) / f.factor**2 for f in windows)
    foreground = sum(np.count_nonzero(f.edges.foreground) / f.factor**2 for f in windows)
    return nucleus, foreground
