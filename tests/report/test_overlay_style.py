"""Outlines stand out on every stain, for every color vision."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

from leukokit.api import CELL, NUCLEUS, PLATELET, RED_CELL, SCALE_BAR, Labels
from leukokit.report.overlay_style import STYLES, ordered_roles, role_words, style_of

# Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1.0, for linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# Medians of 8 images each, by multi_otsu's labels: the four classes of all-pbs, bccd, pbc-boxes, wbc-masks.
STAINS = {
    "nucleus": [
        (165, 140, 247), (151, 120, 251), (158, 141, 253), (217, 172, 253), (147, 105, 210), (105, 50, 144),
        (106, 27, 101),
    ],
    "cytoplasm": [
        (200, 186, 234), (186, 171, 254), (227, 192, 250), (179, 158, 181), (195, 159, 178), (212, 155, 136),
    ],
    "red cell": [
        (181, 197, 221), (184, 196, 225), (157, 182, 234), (203, 212, 229), (179, 156, 165), (205, 166, 167),
    ],
    "glass": [(251, 255, 252), (255, 255, 255), (207, 207, 203), (255, 228, 204), (255, 255, 177)],
}  # fmt: skip
TOUCHES = {
    NUCLEUS: ("nucleus", "cytoplasm"),
    CELL: ("nucleus", "cytoplasm", "red cell", "glass"),
    RED_CELL: ("red cell", "glass"),
    PLATELET: ("red cell", "glass"),
    SCALE_BAR: ("red cell", "glass"),
}
"""What an outline lies on."""


def seen(rgb: object, vision: str) -> NDArray[np.float64]:
    """Lab of colors, sRGB 0..1, as an eye with that color vision sees them."""
    values = np.atleast_2d(np.asarray(rgb, np.float64))
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ VISION[vision].T, 0.0, 1.0)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(rgb2lab(encoded))


def distance(a: object, b: object, vision: str) -> float:
    """Smallest CIEDE2000 distance of two sets of colors."""
    return float(np.min(deltaE_ciede2000(seen(a, vision), seen(b, vision))))


def stains(*names: str) -> NDArray[np.float64]:
    return np.array([color for name in names for color in STAINS[name]]) / 255


def test_the_simulation_confuses_what_color_blind_people_confuse() -> None:
    """Red and green of one lightness come close in deuteranopia only; the test below can therefore fail."""
    red, green = to_rgb("#C8553D"), to_rgb("#7F8B2E")
    assert distance(red, green, "normal") > 40
    assert distance(red, green, "deuteranopia") < 12
    assert distance(to_rgb("#56B4E9"), stains("nucleus"), "protanopia") < 5


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("role", TOUCHES)
def test_lines_stand_out_on_what_they_lie_on(role: str, vision: str) -> None:
    """At least 18 CIEDE2000 units from every stain of four laboratories, without counting the casing."""
    assert distance(to_rgb(STYLES[role].color), stains(*TOUCHES[role]), vision) >= 18


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("role", [NUCLEUS, CELL])
def test_line_and_casing_differ_in_lightness(role: str, vision: str) -> None:
    """The rim carries a line over anything, black and white included."""
    line, casing = seen(to_rgb(STYLES[role].color), vision), seen(to_rgb(STYLES[role].casing[:7]), vision)
    assert abs(line[0, 0] - casing[0, 0]) > 50


@pytest.mark.parametrize("vision", VISION)
def test_roles_are_told_apart(vision: str) -> None:
    """Lines differ among each other; nucleus and cell so much in lightness that gray print shows it."""
    for a, b in combinations(STYLES, 2):
        assert distance(to_rgb(STYLES[a].color), to_rgb(STYLES[b].color), vision) > 16, (a, b)
    nucleus, cell = (seen(to_rgb(STYLES[role].color), vision)[0, 0] for role in (NUCLEUS, CELL))
    assert nucleus - cell > 45


def test_red_cells_are_thinnest_and_have_no_casing() -> None:
    """Hundreds of them must not cover what the sheet is about."""
    assert STYLES[RED_CELL].width < min(style.width for role, style in STYLES.items() if role != RED_CELL)
    assert STYLES[RED_CELL].casing == ""
    assert STYLES[RED_CELL].effects(0.5) == []


def test_a_role_of_a_plugin_has_its_color_whatever_comes_with_it() -> None:
    """By its name alone, and in words without underscores."""
    assert style_of("auer_rod") == style_of("auer_rod")
    assert style_of("auer_rod").color not in {style.color for style in STYLES.values()}
    assert role_words("auer_rod") == "auer rod"
    assert role_words(CELL) == "white cell"


def test_nuclei_are_drawn_last_and_empty_roles_not_at_all() -> None:
    """The order is that of drawing."""
    one, none = np.ones((2, 2), np.int32), np.zeros((2, 2), np.int32)
    labels = Labels({NUCLEUS: one, "auer_rod": one, PLATELET: none, CELL: one, RED_CELL: one})
    assert ordered_roles([labels]) == [RED_CELL, "auer_rod", CELL, NUCLEUS]
