"""Positions and outlines of the cells of a synthetic field, shared by image and ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.plugins.datasets._smear_labs import RED_CELL
from leukokit.plugins.datasets._smear_traits import TRAITS_BY_CLASS, ClassTraits, Patient
from leukokit.plugins.datasets._smear_white import ANGLES, CIRCLE, LEUKOCYTES, WhiteCell, blob, draw_white

_Array = NDArray[np.float64]
_Reals = NDArray[np.floating[Any]]

RED_RADIUS = RED_CELL / 2
RED_RADII = (0.76, 1.24)
"""Radii of the smallest and the largest red cells, relative to ``RED_RADIUS``."""


_WIDE = 224.0
"""Side of a field with a mean of .2 burst cells, in reference px."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One field.

    Attributes
    ----------
    white : tuple of WhiteCell
        Later ones lie on earlier ones.
    red : float64 array, n x 4
        x and y of red cells in reference px, sprite (0..1, by size), and stain.
    crenated : bool array (n,)
        Red cells with a crenated outline.
    smudges : tuple of (float64 array n x 2, float)
        Outlines of burst cells, with their stain.
    platelets : float64 array, n x 4
        x and y in reference px, sprite (0..1), and stain.
    """

    white: tuple[WhiteCell, ...]
    red: _Array
    crenated: NDArray[np.bool_]
    smudges: tuple[tuple[_Array, float], ...]
    platelets: _Array


@dataclass(frozen=True, slots=True)
class View:
    """Properties of a field that do not depend on the patient.

    Attributes
    ----------
    field : float
        Side of the field, in reference px.
    aspect : float
        Width over height of a round cell in the image.
    white_cells, red_cells, platelets : float
        Mean numbers per field.
    bystanders : float
        Share of white cells of other kinds than those of the class, 0..1.
    """

    field: float
    aspect: float
    white_cells: float
    red_cells: float
    platelets: float
    bystanders: float


def draw_scene(rng: np.random.Generator, patient: Patient, view: View) -> Scene:
    """Draw a field of a patient from the field's own generator."""
    squeeze = np.array([np.sqrt(view.aspect), 1.0 / np.sqrt(view.aspect)])
    stage = view.field / squeeze
    diameters, kinds = _draw_sizes(rng, patient, TRAITS_BY_CLASS[patient.label], view)
    places = _place_white(rng, stage, diameters / 2.0)
    white = tuple(
        draw_white(rng, patient, kind, place, radius, squeeze)
        for place, radius, kind in zip(places, diameters / 2.0, kinds, strict=True)
    )
    red, crenated = _draw_red(rng, patient, stage, view.red_cells, places, diameters / 2.0)
    red[:, :2] *= squeeze
    smudges = _draw_smudges(rng, squeeze, view.field)
    return Scene(white, red, crenated, smudges, _draw_platelets(rng, patient, view))


def _draw_sizes(
    rng: np.random.Generator, patient: Patient, traits: ClassTraits, view: View
) -> tuple[_Array, list[str]]:
    mean = view.white_cells * traits.count * patient.count
    count = 1 + int(rng.poisson(max(mean - 1.0, 0.0)))
    spread = np.clip(rng.standard_normal(count), -2.0, 2.5)
    diameters = traits.diameter * patient.size * np.exp(0.085 * spread)
    kinds = [patient.label] * count
    others = rng.random(count) < view.bystanders * traits.bystanders
    # Each field has a cell of its class, unless all are to be bystanders.
    others[0] = False
    if view.bystanders == 1.0:
        others[:] = True
    for i in np.flatnonzero(others).tolist():
        kinds[i] = str(rng.choice(list(LEUKOCYTES), p=[kind.share for kind in LEUKOCYTES.values()]))
        diameters[i] = rng.uniform(*LEUKOCYTES[kinds[i]].diameters)
    return diameters, kinds


def _place_white(rng: np.random.Generator, stage: _Array, radii: _Array) -> _Array:
    """Draw positions, some next to another cell, then separate cells that overlap."""
    count = len(radii)
    places = rng.uniform(0.0, 1.0, (count, 2)) * stage
    beside = rng.random(count) < 0.2
    angles = rng.uniform(0.0, 2.0 * np.pi, count)
    for i in range(1, count):
        if beside[i]:
            reach = radii[i] + radii[i - 1]
            places[i] = places[i - 1] + reach * np.array([np.cos(angles[i]), np.sin(angles[i])])
    # One cell lies completely inside, so that every field has one that counts; in small crops at the center.
    margin = np.minimum(1.3 * radii[0], stage / 2.0)
    places[0] = np.clip(places[0], margin, stage - margin)
    reach = radii[:, None] + radii[None, :]
    for _ in range(6):
        places += _push(places, places, reach, own=True)
        places[0] = np.clip(places[0], margin, stage - margin)
        # Nuclei stay inside the field: a cell without its nucleus has no N/C ratio.
        places = np.clip(places, 0.0, stage)
    return places


def _push(movable: _Reals, fixed: _Reals, reach: _Reals | float, *, own: bool) -> _Array:
    """Shift away from everything closer than ``reach``; by half the overlap where both will move."""
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


def _draw_red(
    rng: np.random.Generator, patient: Patient, stage: _Array, mean: float, white: _Array, radii: _Array
) -> tuple[_Array, NDArray[np.bool_]]:
    # Stacks of red cells: each cell is one step further along a random walk.
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
    # Cells of long stacks overlap, single cells hardly; red cells are moved away from white cells.
    reach = RED_RADIUS * (1.9 - 1.1 * patient.rouleaux)
    aside = (radii[None, :] + 0.86 * RED_RADIUS).astype(np.float32)
    # Ten thousand distances per step: single precision halves the time.
    places, white = places.astype(np.float32), white.astype(np.float32)
    for _ in range(3):
        places += _push(places, places, reach, own=True)
        places += _push(places, white, aside, own=False)
    size = np.clip(patient.red_size + 0.2 * rng.standard_normal(count), 0.0, 1.0)
    stain = np.exp(0.16 * rng.standard_normal(count))
    return np.column_stack([places, size, stain]), rng.random(count) < patient.burr


def _draw_smudges(
    rng: np.random.Generator, squeeze: _Array, field: float
) -> tuple[tuple[_Array, float], ...]:
    smudges = []
    for _ in range(int(rng.poisson(0.2 * (field / _WIDE) ** 2))):
        # Burst cells lie anywhere, often partly outside.
        place = rng.uniform(-0.02, 1.02, 2) * field
        radius = rng.uniform(13.0, 22.0)
        ragged = blob(rng, 0.14) * (1.0 + 0.05 * rng.standard_normal(len(ANGLES)))
        smudges.append((place + radius * ragged[:, None] * CIRCLE * squeeze, float(rng.uniform(0.35, 0.75))))
    return tuple(smudges)


def _draw_platelets(rng: np.random.Generator, patient: Patient, view: View) -> _Array:
    count = int(rng.poisson(view.platelets * patient.platelets))
    places = rng.uniform(0.0, view.field, (count, 2))
    # Platelets cluster: some lie within a few px of the previous one.
    for i in np.flatnonzero(rng.random(count) < 0.45):
        if i:
            places[i] = places[i - 1] + rng.normal(0.0, 5.0, 2)
    # Large ones are rare.
    return np.column_stack([places, rng.random(count) ** 1.6, rng.uniform(0.6, 1.05, count)])
