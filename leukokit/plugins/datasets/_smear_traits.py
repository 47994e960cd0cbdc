"""What a synthetic smear inherits: the cells of its class, the stain and habits of its patient.

Lengths are in reference px: a field is 224 of them wide whatever its size in px, as in the photographs of
all-pbs (doi 10.34740/KAGGLE/DSV/2175623), whose red cells, about 7.5 um, are some 15 px wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Array = NDArray[np.float64]

FIELD = 224.0
"""Side of a field, in reference px."""


@dataclass(frozen=True, slots=True)
class Morphology:
    """White cells of a class.

    Attributes
    ----------
    diameter : float
        Mean diameter of the whole cell, in reference px.
    nucleus_share : float
        Mean area of the nucleus over that of the whole cell (the N/C ratio), 0..1.
    clumping : float
        0 for fine, even chromatin, 1 for coarse clumps.
    clefts : float
        Probability that a nucleus is indented, 0..1.
    nucleoli : float
        Mean number of nucleoli a nucleus.
    count : float
        White cells a field, relative to the mean of the data set.
    granulocytes : float
        Probability that a field shows a segmented granulocyte beside the lymphoid cells, 0..1.
    """

    diameter: float
    nucleus_share: float
    clumping: float
    clefts: float
    nucleoli: float
    count: float
    granulocytes: float


MORPHOLOGY = {
    # Hematogones: small, condensed; normal granulocytes around.
    "Benign": Morphology(18.3, 0.62, 0.80, 0.10, 0.1, 0.90, 0.40),
    # Early pre-B: middle-sized, fine chromatin, some clefts.
    "Early": Morphology(24.8, 0.79, 0.35, 0.35, 0.6, 1.00, 0.08),
    # Pre-B: large, visible cytoplasm, nucleoli, many.
    "Pre": Morphology(28.8, 0.70, 0.55, 0.20, 1.5, 1.25, 0.06),
    # Pro-B: hardly any cytoplasm, very fine chromatin, few.
    "Pro": Morphology(21.3, 0.89, 0.05, 0.15, 0.3, 0.80, 0.05),
}
"""White cells by class. N/C ratio: Benign < Pre < Early < Pro; area: Benign < Pro < Early < Pre."""


@dataclass(frozen=True, slots=True)
class Palette:
    """A stain seen by a camera, as optical densities of red, green and blue.

    Attributes
    ----------
    dyes : float64 array, 3 x 4
        Density of one unit of hemoglobin, chromatin, cytoplasm and eosin (columns) in each channel (rows).
        Blue may be negative: the cameras' color correction makes nuclei bluer than the background.
    empty : float64 array (3,)
        Density of the slide without cells.
    """

    dyes: _Array
    empty: _Array


def _palette(
    hemoglobin: tuple[float, float, float],
    chromatin: tuple[float, float, float],
    cytoplasm: tuple[float, float, float],
    eosin: tuple[float, float, float],
    empty: tuple[float, float, float],
) -> Palette:
    return Palette(np.array([hemoglobin, chromatin, cytoplasm, eosin]).T, np.array(empty))


# Measured on all-pbs: k-means (8 colors) over images of each class, then by eye on enlarged cells.
LOOKS = {
    "Benign": _palette(
        (0.36, 0.33, 0.16), (0.86, 1.26, 0.06), (0.46, 0.36, 0.07), (0.14, 0.42, 0.04), (0.03, 0.01, 0.05)
    ),
    "Early": _palette(
        (0.37, 0.33, 0.13), (0.66, 0.98, 0.03), (0.40, 0.32, 0.04), (0.12, 0.42, 0.02), (0.04, 0.00, 0.03)
    ),
    "Pre": _palette(
        (0.48, 0.33, 0.07), (0.72, 0.88, 0.01), (0.48, 0.33, 0.04), (0.14, 0.36, 0.01), (0.06, 0.01, 0.02)
    ),
    "Pro": _palette(
        (0.33, 0.30, 0.15), (0.28, 0.62, 0.01), (0.28, 0.22, 0.04), (0.05, 0.36, 0.01), (0.01, 0.00, 0.03)
    ),
}
"""The stain that prevails in each class of the real data: their stain confound."""


@dataclass(frozen=True, slots=True)
class Patient:
    """One synthetic patient: a slide, its stain and the microscope it lay under.

    Attributes
    ----------
    label : str
        Class of all the patient's fields.
    palette : Palette
        Stain and background.
    strength : float
        Stain intensity of the white cells, about 1.
    tint : float64 array (3, 3)
        Uneven light as density: of x, y and squared distance from the middle (columns) in each channel.
    size, share, clumping, count : float
        How the patient's white cells differ from those of the class: factors of diameter and count, shifts
        of N/C ratio and clumping.
    red_cells : float
        Factor of the number of red cells.
    rouleaux : float
        0 for red cells that lie alone, 1 for long stacks.
    pallor : float
        Depth of the red cells' central pallor, 0..1.
    burr : float
        Share of red cells with a crenated outline, 0..1.
    red_size : float
        Where the patient's red cells lie in the range of sizes, 0..1.
    red_blur, blur : float
        Standard deviation of the blur of red cells (out of focus on thick smears) and of the whole field, in
        reference px.
    sharpening : float
        Strength of the camera's edge sharpening.
    noise : float
        Standard deviation of the sensor noise, in gray levels.
    platelets : float
        Mean number of platelets a field.
    bar : int
        Style of the scale bar that the microscope burns in.
    """

    label: str
    palette: Palette
    strength: float
    tint: _Array
    size: float
    share: float
    clumping: float
    count: float
    red_cells: float
    rouleaux: float
    pallor: float
    burr: float
    red_size: float
    red_blur: float
    blur: float
    sharpening: float
    noise: float
    platelets: float
    bar: int


def draw_patient(
    rng: np.random.Generator, label: str, *, stain_by_patient: float, stain_confound: float, bars: int
) -> Patient:
    """Draw a patient.

    Parameters
    ----------
    rng : Generator
        The patient's own generator.
    label : str
        Class of the patient.
    stain_by_patient : float
        How far stains differ between patients; 0 gives all the same.
    stain_confound : float
        How far the stain is that of the class, 0..1.
    bars : int
        Number of scale-bar styles.
    """
    rouleaux = float(rng.beta(0.5, 1.6))
    return Patient(
        label=label,
        palette=_draw_palette(rng, label, stain_by_patient, stain_confound),
        strength=float(np.exp(0.11 * stain_by_patient * _bounded(rng))),
        tint=_draw_tint(rng, stain_by_patient),
        size=float(np.exp(0.045 * _bounded(rng))),
        share=0.018 * _bounded(rng),
        clumping=0.12 * _bounded(rng),
        count=float(np.exp(0.25 * _bounded(rng))),
        red_cells=float(np.exp(0.28 * _bounded(rng))),
        rouleaux=rouleaux,
        pallor=float(rng.uniform(0.6, 1.0)) * (1.0 - 0.75 * rouleaux),
        burr=float(rng.uniform(0.2, 0.8)) if rng.random() < 0.15 else float(rng.uniform(0.0, 0.06)),
        red_size=float(rng.uniform(0.15, 0.85)),
        red_blur=float(rng.choice([0.0, 0.4, 1.6], p=[0.55, 0.3, 0.15])),
        blur=float(rng.uniform(0.5, 0.8)),
        sharpening=float(rng.uniform(0.35, 0.9)),
        noise=float(rng.uniform(1.2, 2.8)),
        platelets=float(rng.gamma(1.4, 2.5)),
        bar=int(rng.integers(bars)),
    )


def _bounded(rng: np.random.Generator) -> float:
    """Draw a standard normal, kept within two standard deviations."""
    return float(np.clip(rng.standard_normal(), -2.0, 2.0))


def _draw_palette(
    rng: np.random.Generator, label: str, stain_by_patient: float, stain_confound: float
) -> Palette:
    # A patient's stain lies among the four looks of the real data, nearer to some than to others.
    weights = rng.dirichlet(np.full(len(LOOKS), 0.45))
    # Cream, bluish or clear glass.
    haze = stain_by_patient * (1.0 - stain_confound) * rng.uniform(0.0, [0.015, 0.01, 0.07])
    jitter = np.exp(0.07 * rng.standard_normal((3, 4)))
    looks = list(LOOKS.values())

    def mixed(parts: list[_Array], factor: _Array | float, own: _Array) -> _Array:
        stack = np.stack(parts)
        middle = stack.mean(axis=0)
        mixture = np.tensordot(weights, stack, axes=1) * factor
        patient = middle + stain_by_patient * (mixture - middle)
        stained: _Array = (1.0 - stain_confound) * patient + stain_confound * own
        return stained

    return Palette(
        dyes=mixed([look.dyes for look in looks], jitter, LOOKS[label].dyes),
        empty=mixed([look.empty for look in looks], 1.0, LOOKS[label].empty) + haze,
    )


def _draw_tint(rng: np.random.Generator, stain_by_patient: float) -> _Array:
    """Uneven light: a slope across the field, darker and bluer corners, a warmer middle."""
    slope = 0.02 * stain_by_patient * rng.standard_normal(2)
    corners = np.array([0.07, 0.055, 0.01]) * (1.0 + stain_by_patient * rng.uniform(-0.9, 0.4))
    warmth = -0.05 * stain_by_patient * rng.uniform(0.0, 1.0)
    light = np.stack([np.full(3, slope[0]), np.full(3, slope[1]), corners], axis=1)
    light[2, 2] += warmth
    return light
