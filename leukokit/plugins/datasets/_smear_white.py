"""White cells of synthetic smears: outlines and texture by class, and other leukocytes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.plugins.datasets._smear_traits import TRAITS_BY_CLASS, Patient

Array = NDArray[np.float64]

ANGLES = np.linspace(0.0, 2.0 * np.pi, 44, endpoint=False)
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
_HARMONICS = np.arange(2, 8)
_COSINES, _SINES = np.cos(np.outer(_HARMONICS, ANGLES)), np.sin(np.outer(_HARMONICS, ANGLES))


@dataclass(frozen=True, slots=True)
class LeukocyteKind:
    """A kind of leukocyte of normal blood.

    Attributes
    ----------
    share : float
        Share of this kind among the bystanders, 0..1.
    diameters : tuple of 2 floats
        Smallest and largest diameter, in reference px (0.41 um).
    """

    share: float
    diameters: tuple[float, float]


# Shares lie between those of blood (60, 30, 6 and 3 %) and equal ones, so that no kind is rare. Diameters on
# smears: 12-15, 8-10, 14-18 and 12-16 um (Bain, Blood Cells, 5th ed.), without the largest ones.
LEUKOCYTES = {
    "neutrophil": LeukocyteKind(0.45, (28.0, 34.0)),
    "lymphocyte": LeukocyteKind(0.25, (18.0, 23.0)),
    "monocyte": LeukocyteKind(0.15, (32.0, 38.0)),
    "eosinophil": LeukocyteKind(0.15, (29.0, 35.0)),
}
"""White cells other than those of the class; they look the same in every class."""


@dataclass(frozen=True, slots=True)
class WhiteCell:
    """One white cell.

    Attributes
    ----------
    kind : str
        A key of ``LEUKOCYTES``, or the class for lymphoid cells of the class.
    outline : float64 array, n x 2
        Cell boundary, (x, y) in reference px of the field.
    lobes : tuple of float64 arrays, n x 2
        Outlines whose union inside the cell is the nucleus.
    nucleoli : float64 array, m x 3
        x, y and radius of each nucleolus.
    density : float
        Stain of the nucleus, about 1.
    clumping, contrast : float
        Coarseness (0..1) and strength of the chromatin's texture.
    basophilia : float
        Stain of the cytoplasm, about 1.
    granules, grain : float
        Eosin in the cytoplasm, 0 in lymphoid cells, and coarseness of its granules, 0..1.
    texture : float64 array (4,)
        Positions of the textures in the noise tiles, 0..1, and the direction of the thickness gradient.
    """

    kind: str
    outline: Array
    lobes: tuple[Array, ...]
    nucleoli: Array
    density: float
    clumping: float
    contrast: float
    basophilia: float
    granules: float
    grain: float
    texture: Array


def draw_white(
    rng: np.random.Generator, patient: Patient, kind: str, place: Array, radius: float, squeeze: Array
) -> WhiteCell:
    """Draw a white cell of a kind at a place; ``squeeze`` scales x and y for the aspect of the image."""
    if kind in ("neutrophil", "eosinophil"):
        return _granulocyte(rng, patient, kind, place, radius, squeeze)
    if kind == "monocyte":
        return _monocyte(rng, patient, place, radius, squeeze)
    return _lymphoid(rng, patient, kind, place, radius, squeeze)


def blob(rng: np.random.Generator, roughness: float) -> Array:
    """Radius of a closed, slightly irregular outline by angle, mean about 1."""
    amplitude = roughness * rng.standard_normal(len(_HARMONICS)) / (_HARMONICS - 1.0) ** 1.1
    phase = rng.uniform(0.0, 2.0 * np.pi, len(_HARMONICS))
    waves = (amplitude * np.cos(phase)) @ _COSINES - (amplitude * np.sin(phase)) @ _SINES
    radii: Array = np.minimum(np.maximum(1.0 + waves, 0.6), 1.5)
    return radii


def _lymphoid(
    rng: np.random.Generator, patient: Patient, kind: str, place: Array, radius: float, squeeze: Array
) -> WhiteCell:
    traits = TRAITS_BY_CLASS[patient.label]
    mature = kind == "lymphocyte"
    shape = blob(rng, 0.05 if rng.random() < 0.75 else 0.09)
    share = (0.74 if mature else traits.nucleus_share + patient.share) + 0.03 * rng.standard_normal()
    inner = radius * math.sqrt(min(max(share, 0.4), 0.93))
    # The nucleus lies off center, inside the cell, so that scant cytoplasm forms a crescent.
    angle = 2.0 * math.pi * rng.random()
    off = 0.8 * (radius - inner) * math.sqrt(rng.random())
    middle = place + off * np.array([math.cos(angle), math.sin(angle)])
    nucleus = shape * (0.65 + 0.35 * blob(rng, 0.05))
    if rng.random() < (0.1 if mature else traits.clefts):
        turn = np.abs((ANGLES - angle + np.pi) % (2.0 * np.pi) - np.pi)
        nucleus *= 1.0 - rng.uniform(0.12, 0.3) * np.exp(-((turn / 0.28) ** 2))
    nucleus *= inner / _mean_radius(nucleus)
    shape *= radius / _mean_radius(shape)
    clumping = 0.9 if mature else traits.clumping + patient.clumping
    return WhiteCell(
        kind=kind,
        outline=(place + shape[:, None] * CIRCLE) * squeeze,
        lobes=((middle + nucleus[:, None] * CIRCLE) * squeeze,),
        nucleoli=_draw_nucleoli(rng, 0.0 if mature else traits.nucleoli, middle, inner, squeeze),
        density=(0.92 if mature else 0.78) * patient.strength * math.exp(0.10 * rng.standard_normal()),
        clumping=min(max(clumping + 0.08 * rng.standard_normal(), 0.0), 1.0),
        contrast=rng.uniform(0.11, 0.17),
        basophilia=patient.strength * rng.uniform(0.85, 1.25) * (0.8 if mature else 1.0),
        granules=0.0,
        grain=0.0,
        texture=rng.random(4),
    )


def _mean_radius(radii: Array) -> float:
    """Radius of the disk of the same area."""
    return math.sqrt(float(radii @ radii) / len(radii))


def _draw_nucleoli(
    rng: np.random.Generator, mean: float, middle: Array, inner: float, squeeze: Array
) -> Array:
    count = int(rng.poisson(mean))
    spots = np.empty((count, 3))
    if count:
        spots[:, :2] = (middle + rng.uniform(-0.5, 0.5, (count, 2)) * inner) * squeeze
        spots[:, 2] = inner * rng.uniform(0.10, 0.17, count)
    return spots


def _ribbon(path: Array, widths: Array) -> Array:
    """Outline of a band of changing half-width along a path."""
    along = np.gradient(path, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    across = np.column_stack([-along[:, 1], along[:, 0]]) * widths[:, None]
    outline: Array = np.concatenate([path + across, (path - across)[::-1]])
    return outline


def _granulocyte(
    rng: np.random.Generator, patient: Patient, kind: str, place: Array, radius: float, squeeze: Array
) -> WhiteCell:
    """Neutrophil: a band, or two to five lobes joined by threads. Eosinophil: two lobes, coarse granules."""
    eosinophil = kind == "eosinophil"
    count = 2 if eosinophil else int(rng.integers(1, 6))
    sense = rng.choice([-1.0, 1.0])
    start, turn = rng.uniform(0.0, 2.0 * np.pi), (1.7 if eosinophil else rng.uniform(0.95, 1.3)) * sense
    bow = start + turn * (np.arange(count) + 0.12 * rng.standard_normal(count))
    path = np.linspace(start, start + turn * max(count - 1, 2.4 * (count == 1)), 16)
    reach = radius * (0.45 + 0.05 * np.cos(3.0 * (path - start)))
    thread = place + reach[:, None] * np.column_stack([np.cos(path), np.sin(path)])
    if count == 1:  # a band
        ends = np.sqrt(np.maximum(1.0 - np.linspace(-1.0, 1.0, 16) ** 6, 0.02))
        lobes = [_ribbon(thread, radius * rng.uniform(0.24, 0.30) * ends)]
    else:
        middles = place + 0.45 * radius * np.column_stack([np.cos(bow), np.sin(bow)])
        size = rng.uniform(0.38, 0.46) if eosinophil else rng.uniform(0.30, 0.38)
        lobes = [
            middle + radius * size * rng.uniform(0.9, 1.1) * blob(rng, 0.09)[:, None] * CIRCLE
            for middle in middles
        ]
        lobes.append(_ribbon(thread, np.full(16, 0.08 * radius)))
    return WhiteCell(
        kind=kind,
        outline=(place + radius * blob(rng, 0.04)[:, None] * CIRCLE) * squeeze,
        lobes=tuple(lobe * squeeze for lobe in lobes),
        nucleoli=np.zeros((0, 3)),
        density=0.95 * patient.strength * math.exp(0.08 * rng.standard_normal()),
        clumping=0.9,
        contrast=0.16,
        basophilia=0.10 if eosinophil else rng.uniform(0.12, 0.22),
        granules=float(rng.uniform(0.85, 1.25) if eosinophil else rng.uniform(0.3, 0.6)),
        grain=1.0 if eosinophil else 0.25,
        texture=rng.random(4),
    )


def _monocyte(
    rng: np.random.Generator, patient: Patient, place: Array, radius: float, squeeze: Array
) -> WhiteCell:
    """Monocyte: large, a kidney-shaped nucleus of lacy chromatin, gray-blue cytoplasm."""
    start, bend = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(1.2, 2.6) * rng.choice([-1.0, 1.0])
    bow = np.linspace(start, start + bend, 16)
    path = place + radius * rng.uniform(0.36, 0.46) * np.column_stack([np.cos(bow), np.sin(bow)])
    path -= 0.5 * (path.mean(axis=0) - place)
    ends = np.sqrt(np.maximum(1.0 - np.linspace(-1.0, 1.0, 16) ** 4, 0.03))
    kidney = [_ribbon(path, radius * rng.uniform(0.50, 0.60) * ends)]
    kidney += [path[i] + 0.46 * radius * blob(rng, 0.08)[:, None] * CIRCLE for i in (2, 13)]
    return WhiteCell(
        kind="monocyte",
        outline=(place + radius * blob(rng, 0.07)[:, None] * CIRCLE) * squeeze,
        lobes=tuple(lobe * squeeze for lobe in kidney),
        nucleoli=np.zeros((0, 3)),
        density=0.70 * patient.strength * math.exp(0.08 * rng.standard_normal()),
        clumping=0.6,
        contrast=0.17,
        basophilia=patient.strength * rng.uniform(0.6, 0.85),
        granules=float(rng.uniform(0.08, 0.2)),
        grain=0.0,
        texture=rng.random(4),
    )
