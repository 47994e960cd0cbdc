"""Traits of a synthetic smear: cells by class, stain and other properties by patient.

Lengths are in reference px (see ``_smear_labs``): a red cell is 18.5 of them wide, 7.5 um.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.plugins.datasets._smear_labs import Lab, Palette

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClassTraits:
    """Mean properties of the white cells of a class.

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
        Mean number of nucleoli per nucleus.
    count : float
        White cells per field, relative to the mean of the data set.
    bystanders : float
        White cells of other kinds, relative to the mean of the data set.
    """

    diameter: float
    nucleus_share: float
    clumping: float
    clefts: float
    nucleoli: float
    count: float
    bystanders: float


TRAITS_BY_CLASS = {
    # Hematogones: small, condensed; normal leukocytes around.
    "Benign": ClassTraits(18.3, 0.62, 0.80, 0.10, 0.1, 0.90, 2.4),
    # Early pre-B: middle-sized, fine chromatin, some clefts.
    "Early": ClassTraits(24.8, 0.79, 0.35, 0.35, 0.6, 1.00, 0.6),
    # Pre-B: large, visible cytoplasm, nucleoli, many.
    "Pre": ClassTraits(28.8, 0.70, 0.55, 0.20, 1.5, 1.25, 0.5),
    # Pro-B: hardly any cytoplasm, very fine chromatin, few.
    "Pro": ClassTraits(21.3, 0.89, 0.05, 0.15, 0.3, 0.80, 0.5),
}
"""White cells by class. N/C ratio: Benign < Pre < Early < Pro; area: Benign < Pro < Early < Pre."""


@dataclass(frozen=True, slots=True)
class Patient:
    """One synthetic patient: a slide, its stain and its microscope.

    Attributes
    ----------
    lab : Lab
        Lab that stained and photographed the slide.
    label : str
        Class of all the patient's fields.
    palette : Palette
        Stain and background.
    strength : float
        Stain intensity of the white cells, about 1.
    tint : float64 array (3, 3)
        Uneven illumination as density: of x, y and squared distance from the center (columns) by channel.
    size, share, clumping, count : float
        Differences of the patient's white cells from the class: factors of diameter and count, shifts of N/C
        ratio and clumping.
    red_cells : float
        Factor of the number of red cells.
    rouleaux : float
        0 for single red cells, 1 for long stacks.
    pallor : float
        Depth of the red cells' central pallor, 0..1.
    burr : float
        Share of red cells with a crenated outline, 0..1.
    red_size : float
        Position of the patient's mean red cell in the range of sizes, 0..1.
    red_blur, blur : float
        Standard deviation of the blur of red cells (out of focus on thick smears) and of the whole field, in
        reference px.
    sharpening : float
        Strength of the camera's edge sharpening.
    noise : float
        Standard deviation of the sensor noise, in gray levels.
    platelets : float
        Factor of the number of platelets.
    bar : int
        Style of the burned-in scale bar.
    """

    lab: Lab
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
    rng: np.random.Generator,
    label: str,
    lab: Lab,
    *,
    stain_by_patient: float,
    stain_confound: float,
    bars: int,
) -> Patient:
    """Draw a patient.

    Parameters
    ----------
    rng : Generator
        The patient's own random generator.
    label : str
        Class of the patient.
    lab : Lab
        The patient's lab.
    stain_by_patient : float
        Strength of the differences between patients' stains; 0 for none.
    stain_confound : float
        Strength of the dependence of the stain on the class, 0..1.
    bars : int
        Number of scale-bar styles.
    """
    rouleaux = min(max(float(rng.beta(0.5, 1.6)) + lab.rouleaux, 0.0), 1.0)
    return Patient(
        lab=lab,
        label=label,
        palette=_draw_palette(rng, label, lab.palettes, stain_by_patient, stain_confound),
        strength=float(np.exp(0.11 * stain_by_patient * _bounded(rng))),
        tint=_draw_tint(rng, stain_by_patient),
        size=float(np.exp(0.035 * _bounded(rng))),
        share=0.018 * _bounded(rng),
        clumping=0.12 * _bounded(rng),
        count=float(np.exp(0.25 * _bounded(rng))),
        red_cells=float(np.exp(0.28 * _bounded(rng))),
        rouleaux=rouleaux,
        pallor=lab.pallor * float(rng.uniform(0.6, 1.0)) * (1.0 - 0.75 * rouleaux),
        burr=float(rng.uniform(0.2, 0.8)) if rng.random() < 0.15 else float(rng.uniform(0.0, 0.06)),
        # Mean diameters of 6.7 to 8.3 um: microcytic to macrocytic.
        red_size=float(rng.uniform(0.25, 0.75)),
        red_blur=lab.blur * float(rng.choice([0.0, 0.4, 1.6], p=[0.55, 0.3, 0.15])),
        blur=lab.blur * float(rng.uniform(0.5, 0.8)),
        sharpening=float(rng.uniform(0.35, 0.9)),
        noise=float(rng.uniform(1.2, 2.8)),
        platelets=float(rng.gamma(1.4, 1 / 1.4)),
        bar=int(rng.integers(bars)),
    )


def _bounded(rng: np.random.Generator) -> float:
    """Draw from a standard normal distribution, clipped at two standard deviations."""
    return float(np.clip(rng.standard_normal(), -2.0, 2.0))


def _draw_palette(
    rng: np.random.Generator,
    label: str,
    palettes: tuple[Palette, ...],
    stain_by_patient: float,
    stain_confound: float,
) -> Palette:
    # A patient's stain is a random mixture of the lab's palettes.
    weights = rng.dirichlet(np.full(len(palettes), 0.8))
    # Cream, bluish or clear glass.
    haze = stain_by_patient * (1.0 - stain_confound) * rng.uniform(0.0, [0.015, 0.01, 0.07])
    jitter = np.exp(0.07 * rng.standard_normal((3, 4)))
    prevailing = palettes[list(TRAITS_BY_CLASS).index(label) % len(palettes)]

    def mixed(parts: list[_Array], factor: _Array | float, own: _Array) -> _Array:
        stack = np.stack(parts)
        middle = stack.mean(axis=0)
        mixture = np.tensordot(weights, stack, axes=1) * factor
        patient = middle + stain_by_patient * (mixture - middle)
        stained: _Array = (1.0 - stain_confound) * patient + stain_confound * own
        return stained

    return Palette(
        dyes=mixed([palette.dyes for palette in palettes], jitter, prevailing.dyes),
        empty=mixed([palette.empty for palette in palettes], 1.0, prevailing.empty) + haze,
    )


def _draw_tint(rng: np.random.Generator, stain_by_patient: float) -> _Array:
    """Uneven illumination: a slope across the field, darker and bluer corners, a warmer center."""
    slope = 0.02 * stain_by_patient * rng.standard_normal(2)
    corners = np.array([0.07, 0.055, 0.01]) * (1.0 + stain_by_patient * rng.uniform(-0.9, 0.4))
    warmth = -0.05 * stain_by_patient * rng.uniform(0.0, 1.0)
    light = np.stack([np.full(3, slope[0]), np.full(3, slope[1]), corners], axis=1)
    light[2, 2] += warmth
    return light
