"""Labs of synthetic smears: stain, magnification and camera, with values measured on real images.

Lengths are in reference px: a red cell of 7.5 um measures ``RED_CELL`` of them, its width in the photographs
of all-pbs (doi 10.34740/KAGGLE/DSV/2175623), which are 224 px wide. The fields of other labs are smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

LabName = Literal["all_pbs", "bccd", "pbc", "wbc_masks", "pink"]
LAB_NAMES: tuple[LabName, ...] = get_args(LabName)

RED_CELL = 18.5
"""Mean diameter of a red cell, in reference px."""


@dataclass(frozen=True, slots=True)
class Palette:
    """A stain as recorded by a camera, as optical densities of red, green and blue.

    Attributes
    ----------
    dyes : float64 array, 3 x 4
        Density of one unit of hemoglobin, chromatin, cytoplasm and eosin (columns) in each channel (rows).
        Some are negative: color correction of the camera makes nuclei bluer, and eosin redder, than the
        glass.
    empty : float64 array (3,)
        Density of the slide without cells.
    """

    dyes: NDArray[np.float64]
    empty: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab: how its slides are stained and photographed.

    Attributes
    ----------
    field : float
        Side of the field of view, in reference px.
    aspect : float
        Width over height of a round cell in the image.
    palettes : tuple of Palette
        Stains of the lab; a patient's stain is a mixture of them.
    white_cells, red_cells, platelets : float
        Mean numbers per field.
    blur : float
        Blur of optics and camera, relative to that of all-pbs in reference px.
    pallor : float
        Depth of the red cells' central pallor, relative to that in all-pbs.
    rouleaux : float
        Added to the patients' rouleaux formation, -1..1.
    sprites : int
        Number of different red cells and platelets that images are composed of.
    """

    field: float
    aspect: float
    palettes: tuple[Palette, ...]
    white_cells: float
    red_cells: float
    platelets: float
    blur: float
    pallor: float = 1.0
    rouleaux: float = 0.0
    sprites: int = 64


def _palette(
    hemoglobin: tuple[float, float, float],
    chromatin: tuple[float, float, float],
    cytoplasm: tuple[float, float, float],
    eosin: tuple[float, float, float],
    empty: tuple[float, float, float],
) -> Palette:
    return Palette(np.array([hemoglobin, chromatin, cytoplasm, eosin]).T, np.array(empty))


# all-pbs: k-means (8 colors) over images of each class, then by eye on enlarged cells. The others: medians of
# -ln(RGB / 260) over glass, red cells off their pallor, and the two Otsu classes inside boxes (bccd: 364
# images, pbc-boxes: 80) or masks (wbc-masks: 300) of white cells, less that of the glass; eosin by eye.
LABS: dict[LabName, Lab] = {
    # The stain that prevails in Benign, Early, Pre and Pro: the data set's stain confound.
    "all_pbs": Lab(
        field=224.0,
        aspect=0.8,
        palettes=(
            _palette(
                (0.36, 0.33, 0.16),
                (0.86, 1.26, 0.06),
                (0.42, 0.47, 0.05),
                (0.14, 0.42, 0.04),
                (0.03, 0.01, 0.05),
            ),
            _palette(
                (0.37, 0.33, 0.13),
                (0.66, 0.98, 0.03),
                (0.37, 0.42, 0.03),
                (0.12, 0.42, 0.02),
                (0.04, 0.00, 0.03),
            ),
            _palette(
                (0.48, 0.33, 0.07),
                (0.72, 0.88, 0.01),
                (0.43, 0.42, 0.03),
                (0.14, 0.36, 0.01),
                (0.06, 0.01, 0.02),
            ),
            _palette(
                (0.33, 0.30, 0.15),
                (0.28, 0.62, 0.01),
                (0.26, 0.30, 0.03),
                (0.05, 0.36, 0.01),
                (0.01, 0.00, 0.03),
            ),
        ),
        white_cells=10.0,
        red_cells=125.0,
        platelets=3.5,
        blur=1.0,
        sprites=256,
    ),
    # Red cells 104 px wide in 480 (5th to 95th percentile 87 to 121): dim glass, tan red cells in stacks.
    "bccd": Lab(
        field=85.0,
        aspect=1.0,
        palettes=(
            _palette(
                (0.11, 0.28, 0.19),
                (0.44, 0.76, -0.10),
                (0.27, 0.16, -0.03),
                (0.05, 0.30, 0.06),
                (0.28, 0.27, 0.29),
            ),
            _palette(
                (0.14, 0.36, 0.30),
                (0.62, 0.95, -0.04),
                (0.40, 0.28, 0.00),
                (0.06, 0.34, 0.12),
                (0.26, 0.25, 0.29),
            ),
        ),
        white_cells=1.1,
        red_cells=20.0,
        platelets=1.0,
        blur=0.55,
        rouleaux=0.3,
    ),
    # Red cells 79 px wide in 363 (67 to 93): sharp, cream glass, nearly black nuclei.
    "pbc": Lab(
        field=85.0,
        aspect=1.0,
        palettes=(
            _palette(
                (0.23, 0.34, 0.20),
                (1.30, 2.00, 0.40),
                (0.50, 0.50, 0.15),
                (0.22, 0.70, 0.52),
                (0.02, 0.13, 0.25),
            ),
            _palette(
                (0.20, 0.40, 0.26),
                (1.00, 1.70, 0.35),
                (0.42, 0.44, 0.14),
                (0.16, 0.60, 0.44),
                (0.02, 0.12, 0.24),
            ),
        ),
        white_cells=1.1,
        red_cells=17.0,
        platelets=0.8,
        blur=0.28,
        pallor=1.2,
        rouleaux=-0.3,
    ),
    # White cells 75 px wide in crops of 120; yellow or white glass, red cells that hardly show.
    "wbc_masks": Lab(
        field=50.0,
        aspect=1.0,
        palettes=(
            _palette(
                (0.03, 0.07, 0.06),
                (0.95, 2.90, 0.65),
                (0.36, 0.60, 0.28),
                (0.14, 0.55, 0.35),
                (0.02, 0.03, 0.58),
            ),
            _palette(
                (0.04, 0.10, 0.08),
                (1.10, 2.70, 0.85),
                (0.28, 0.55, 0.40),
                (0.10, 0.50, 0.30),
                (0.02, 0.02, 0.04),
            ),
        ),
        white_cells=1.0,
        red_cells=5.0,
        platelets=0.2,
        blur=0.55,
    ),
    # After one image of another lab: eosin-red cells on greenish glass, pale cytoplasm.
    "pink": Lab(
        field=90.0,
        aspect=1.0,
        palettes=(
            _palette(
                (-0.18, 0.90, 0.52),
                (1.20, 2.10, 0.75),
                (0.14, 0.26, 0.10),
                (-0.08, 0.55, 0.34),
                (0.45, 0.10, 0.19),
            ),
            _palette(
                (0.02, 0.62, 0.34),
                (1.00, 1.70, 0.45),
                (0.22, 0.30, 0.08),
                (0.02, 0.50, 0.28),
                (0.16, 0.10, 0.12),
            ),
        ),
        white_cells=1.1,
        red_cells=18.0,
        platelets=0.4,
        blur=0.45,
        pallor=0.45,
        rouleaux=-0.3,
    ),
}
