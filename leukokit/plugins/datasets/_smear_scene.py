"""Where the cells of a synthetic field lie, and their outlines: all that picture and truth share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.plugins.datasets._smear_traits import FIELD, MORPHOLOGY, Morphology, Patient

_Array = NDArray[np.float64]
_Reals = NDArray[np.floating[Any]]

_ANGLES = np.linspace(0.0, 2.0 * np.pi, 44, endpoint=False)
_HARMONICS = np.arange(2, 8)
_COSINES, _SINES = np.cos(np.outer(_HARMONICS, _ANGLES)), np.sin(np.outer(_HARMONICS, _ANGLES))
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
RED_RADIUS = 7.8
"""Mean radius of a red cell, in reference px."""


@dataclass(frozen=True, slots=True)
class WhiteCell:
    """One white cell.

    Attributes
    ----------
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
    granules : float
        Eosin in the cytoplasm; 0 in lymphoid cells.
    texture : float64 array (4,)
        Where in the noise tiles the textures begin, 0..1, and the direction of thickness.
    """

    outline: _Array
    lobes: tuple[_Array, ...]
    nucleoli: _Array
    density: float
    clumping: float
    contrast: float
    basophilia: float
    granules: float
    texture: _Array


@dataclass(frozen=True, slots=True)
class Scene:
    """One field.

    Attributes
    ----------
    white : tuple of WhiteCell
        Later ones lie on earlier ones.
    red : float64 array, n x 4
        x and y of red cells in reference px, which sprite each one shows (0..1, by size), and its stain.
    crenated : bool array (n,)
        Red cells with a crenated outline.
    smudges : tuple of (float64 array n x 2, float)
        Outlines of burst cells, with their stain.
    platelets : float64 array, n x 4
        x and y in reference px, which sprite (0..1), and stain.
    """

    white: tuple[WhiteCell, ...]
    red: _Array
    crenated: NDArray[np.bool_]
    smudges: tuple[tuple[_Array, float], ...]
    platelets: _Array


def draw_scene(
    rng: np.random.Generator, patient: Patient, *, white_cells: float, red_cells: float, aspect: float
) -> Scene:
    """Draw a field of a patient.

    Parameters
    ----------
    rng : Generator
        The field's own generator.
    patient : Patient
        Class and habits.
    white_cells, red_cells : float
        Mean numbers of cells a field.
    aspect : float
        Width over height of a round cell in the picture.
    """
    squeeze = np.array([np.sqrt(aspect), 1.0 / np.sqrt(aspect)])
    stage = FIELD / squeeze
    look = MORPHOLOGY[patient.label]
    diameters, granulocytes = _draw_sizes(rng, patient, look, white_cells)
    places = _place_white(rng, stage, diameters / 2.0)
    white = tuple(
        (_granulocyte if odd else _lymphoid)(rng, patient, look, place, radius, squeeze)
        for place, radius, odd in zip(places, diameters / 2.0, granulocytes, strict=True)
    )
    red, crenated = _draw_red(rng, patient, stage, red_cells, places, diameters / 2.0)
    red[:, :2] *= squeeze
    return Scene(white, red, crenated, _draw_smudges(rng, squeeze), _draw_platelets(rng, patient))


def _draw_sizes(
    rng: np.random.Generator, patient: Patient, look: Morphology, white_cells: float
) -> tuple[_Array, NDArray[np.bool_]]:
    mean = white_cells * look.count * patient.count
    count = 1 + int(rng.poisson(max(mean - 1.0, 0.0)))
    spread = np.clip(rng.standard_normal(count), -2.0, 2.5)
    diameters = look.diameter * patient.size * np.exp(0.085 * spread)
    granulocytes = np.zeros(count, dtype=bool)
    if count > 1 and rng.random() < look.granulocytes:
        granulocytes[rng.integers(1, count)] = True
        diameters[granulocytes] = rng.uniform(23.0, 28.0)
    return diameters, granulocytes


def _place_white(rng: np.random.Generator, stage: _Array, radii: _Array) -> _Array:
    """Scatter cells, some beside a neighbor, then push apart those that overlap."""
    count = len(radii)
    places = rng.uniform(0.0, 1.0, (count, 2)) * stage
    beside = rng.random(count) < 0.3
    angles = rng.uniform(0.0, 2.0 * np.pi, count)
    for i in range(1, count):
        if beside[i]:
            reach = radii[i] + radii[i - 1]
            places[i] = places[i - 1] + reach * np.array([np.cos(angles[i]), np.sin(angles[i])])
    # One cell wholly inside, so that no field is without a countable cell.
    places[0] = np.clip(places[0], 1.3 * radii[0], stage - 1.3 * radii[0])
    reach = 0.97 * (radii[:, None] + radii[None, :])
    for _ in range(6):
        places += _push(places, places, reach, own=True)
        places[0] = np.clip(places[0], 1.3 * radii[0], stage - 1.3 * radii[0])
        # Nuclei stay in view: a cell without its nucleus has no N/C ratio.
        places = np.clip(places, 0.0, stage)
    return places


def _push(movable: _Reals, fixed: _Reals, reach: _Reals | float, *, own: bool) -> _Array:
    """Shift away from everything nearer than ``reach``; half the overlap where both will move."""
    across = movable[:, 0, None] - fixed[None, :, 0]
    down = movable[:, 1, None] - fixed[None, :, 1]
    distance = np.sqrt(across * across + down * down) + 1e-6
    overlap = np.minimum(np.maximum(reach / distance - 1.0, 0.0), 2.0)
    if own:
        np.fill_diagonal(overlap, 0.0)
        overlap *= 0.5
    moved = np.column_stack([(overlap * across).sum(axis=1), (overlap * down).sum(axis=1)])
    bounded: _Array = np.clip(moved, -12.0, 12.0)
    return bounded


def _blob(rng: np.random.Generator, roughness: float) -> _Array:
    """Radius of a closed, slightly irregular outline by angle, mean about 1."""
    amplitude = roughness * rng.standard_normal(len(_HARMONICS)) / (_HARMONICS - 1.0) ** 1.1
    phase = rng.uniform(0.0, 2.0 * np.pi, len(_HARMONICS))
    waves = (amplitude * np.cos(phase)) @ _COSINES - (amplitude * np.sin(phase)) @ _SINES
    radii: _Array = np.minimum(np.maximum(1.0 + waves, 0.6), 1.5)
    return radii


def _lymphoid(
    rng: np.random.Generator,
    patient: Patient,
    look: Morphology,
    place: _Array,
    radius: float,
    squeeze: _Array,
) -> WhiteCell:
    shape = _blob(rng, 0.05 if rng.random() < 0.75 else 0.09)
    share = look.nucleus_share + patient.share + 0.03 * rng.standard_normal()
    inner = radius * math.sqrt(min(max(share, 0.4), 0.93))
    # The nucleus lies off center, so that scant cytoplasm is a crescent; it never leaves the cell.
    angle = 2.0 * math.pi * rng.random()
    off = 0.8 * (radius - inner) * math.sqrt(rng.random())
    middle = place + off * np.array([math.cos(angle), math.sin(angle)])
    nucleus = shape * (0.65 + 0.35 * _blob(rng, 0.05))
    if rng.random() < look.clefts:
        turn = np.abs((_ANGLES - angle + np.pi) % (2.0 * np.pi) - np.pi)
        nucleus *= 1.0 - rng.uniform(0.12, 0.3) * np.exp(-((turn / 0.28) ** 2))
    nucleus *= inner / _mean_radius(nucleus)
    shape *= radius / _mean_radius(shape)
    return WhiteCell(
        outline=(place + shape[:, None] * _CIRCLE) * squeeze,
        lobes=((middle + nucleus[:, None] * _CIRCLE) * squeeze,),
        nucleoli=_draw_nucleoli(rng, look, middle, inner, squeeze),
        density=0.78 * patient.strength * math.exp(0.10 * rng.standard_normal()),
        clumping=min(max(look.clumping + patient.clumping + 0.08 * rng.standard_normal(), 0.0), 1.0),
        contrast=rng.uniform(0.14, 0.20),
        basophilia=patient.strength * rng.uniform(0.85, 1.25),
        granules=0.0,
        texture=rng.random(4),
    )


def _mean_radius(radii: _Array) -> float:
    """Radius of the disk of the same area."""
    return math.sqrt(float(radii @ radii) / len(radii))


def _draw_nucleoli(
    rng: np.random.Generator, look: Morphology, middle: _Array, inner: float, squeeze: _Array
) -> _Array:
    count = int(rng.poisson(look.nucleoli))
    spots = np.empty((count, 3))
    if count:
        spots[:, :2] = (middle + rng.uniform(-0.5, 0.5, (count, 2)) * inner) * squeeze
        spots[:, 2] = inner * rng.uniform(0.10, 0.17, count)
    return spots


def _granulocyte(
    rng: np.random.Generator,
    patient: Patient,
    look: Morphology,
    place: _Array,
    radius: float,
    squeeze: _Array,
) -> WhiteCell:
    """Neutrophil: two to four lobes in a bow, pale granular cytoplasm."""
    del look  # a bystander is the same in every class
    lobes = int(rng.integers(2, 5))
    start, turn = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(0.9, 1.25) * rng.choice([-1.0, 1.0])
    bow = start + turn * np.arange(lobes)
    middles = place + 0.45 * radius * np.column_stack([np.cos(bow), np.sin(bow)])
    outlines = tuple(
        (middle + radius * rng.uniform(0.30, 0.38) * _blob(rng, 0.08)[:, None] * _CIRCLE) * squeeze
        for middle in middles
    )
    return WhiteCell(
        outline=(place + radius * _blob(rng, 0.04)[:, None] * _CIRCLE) * squeeze,
        lobes=outlines,
        nucleoli=np.zeros((0, 3)),
        density=0.95 * patient.strength,
        clumping=0.9,
        contrast=0.16,
        basophilia=0.16,
        granules=float(rng.uniform(0.35, 0.6)),
        texture=rng.random(4),
    )


def _draw_red(
    rng: np.random.Generator, patient: Patient, stage: _Array, mean: float, white: _Array, radii: _Array
) -> tuple[_Array, NDArray[np.bool_]]:
    # Stacks of red cells: each next one a step further along a wandering line.
    count = int(rng.poisson(mean * patient.red_cells))
    length = 1 + round(5 * patient.rouleaux)
    stacks = -(-count // length) if count else 0
    heading = rng.uniform(0.0, 2.0 * np.pi, (stacks, 1)) + np.cumsum(
        0.45 * rng.standard_normal((stacks, length)), axis=1
    )
    gaps = rng.uniform(0.6, 1.25, (stacks, length, 1))
    step = RED_RADIUS * (1.8 - 0.95 * patient.rouleaux) * gaps
    walk = np.cumsum(step * np.stack([np.cos(heading), np.sin(heading)], axis=2), axis=1)
    start = rng.uniform(-0.05, 1.05, (stacks, 1, 2)) * stage
    places = (start + walk - walk.mean(axis=1, keepdims=True)).reshape(-1, 2)[:count]
    places += 0.3 * RED_RADIUS * rng.standard_normal((count, 2))
    # Long stacks overlap along their line, lone cells hardly; white cells push red ones aside.
    reach = RED_RADIUS * (1.75 - 0.95 * patient.rouleaux)
    aside = (radii[None, :] + 0.86 * RED_RADIUS).astype(np.float32)
    # Ten thousand distances a step: single precision halves their time.
    places, white = places.astype(np.float32), white.astype(np.float32)
    for _ in range(3):
        places += _push(places, places, reach, own=True)
        places += _push(places, white, aside, own=False)
    size = np.clip(patient.red_size + 0.2 * rng.standard_normal(count), 0.0, 1.0)
    stain = np.exp(0.16 * rng.standard_normal(count))
    return np.column_stack([places, size, stain]), rng.random(count) < patient.burr


def _draw_smudges(rng: np.random.Generator, squeeze: _Array) -> tuple[tuple[_Array, float], ...]:
    smudges = []
    for _ in range(int(rng.poisson(0.3))):
        # Burst cells lie anywhere, often half outside.
        place = rng.uniform(-0.02, 1.02, 2) * FIELD
        radius = rng.uniform(13.0, 22.0)
        ragged = _blob(rng, 0.14) * (1.0 + 0.05 * rng.standard_normal(len(_ANGLES)))
        smudges.append((place + radius * ragged[:, None] * _CIRCLE * squeeze, float(rng.uniform(0.35, 0.75))))
    return tuple(smudges)


def _draw_platelets(rng: np.random.Generator, patient: Patient) -> _Array:
    count = int(rng.poisson(patient.platelets))
    places = rng.uniform(0.0, FIELD, (count, 2))
    # Platelets gather: some lie within a few px of the one before.
    for i in np.flatnonzero(rng.random(count) < 0.45):
        if i:
            places[i] = places[i - 1] + rng.normal(0.0, 5.0, 2)
    return np.column_stack([places, rng.random(count), rng.uniform(0.5, 1.0, count)])
