"""Hiding burned-in scale bars."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leukokit.api import read_image
from leukokit.plugins.preprocess.hide_scale_bar import HideScaleBar

# Looked at one by one: the file, and the style of the one bar in it; no bar anywhere else.
LABELED = list(csv.DictReader(Path(__file__).with_name("scale_bars.csv").open()))

# What each style covers on every image that bears it, in px of 224 x 224: left, top, right, bottom.
COVERED = {
    "small_label": (195, 207, 217, 217),
    "narrow_label": (199, 207, 217, 217),
    "tiny_label": (195, 211, 206, 214),
    "large_label": (194, 194, 224, 222),
    "red_ink": (195, 210, 218, 217),
}


def field(seed: int, height: int = 160, width: int = 200, nuclei: int = 2) -> np.ndarray:
    """Blurred red cells on plasma, with nuclei: nothing that is sharp."""
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), (232, 228, 236), np.uint8)
    for _ in range(45):
        center = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        cv2.circle(image, center, 8, (178, 176, 206), -1)
        cv2.circle(image, center, 3, (205, 203, 222), -1)
    for _ in range(nuclei):
        center = (int(rng.integers(20, width - 20)), int(rng.integers(20, height - 20)))
        cv2.circle(image, center, 13, (104, 58, 188), -1)
    image = cv2.GaussianBlur(image, (0, 0), 1.2)
    return np.clip(image + rng.normal(0, 1.5, image.shape), 0, 255).astype(np.uint8)


# "100 px" in strokes one px wide.
GLYPHS = np.array(
    [
        [int(c) for c in row]
        for row in (
            "010111011100111010001",
            "110101010100101001010",
            "010101010100111000100",
            "010101010100100001010",
            "010111011100100010001",
        )
    ],
    dtype=bool,
)


def burned(image: np.ndarray, left: int, top: int, style: str) -> tuple[np.ndarray, np.ndarray]:
    """Burn a bar in; return the image and the mask of what was drawn."""
    result, mask = image.copy(), np.zeros(image.shape[:2], dtype=bool)
    height, width = GLYPHS.shape
    color = (190, 60, 70)
    if style == "label":
        box = slice(top - 3, top + height + 6), slice(left - 3, left + width + 3)
        result[box], mask[box], color = 255, True, (0, 0, 0)
    ink = np.zeros_like(mask)
    ink[top : top + height, left : left + width] = GLYPHS
    ink[top + height + 2, left : left + width] = True
    result[ink] = color
    return result, mask | ink


PLACES = {"left": st.integers(4, 170), "top": st.integers(4, 140), "seed": st.integers(0, 5)}


@pytest.mark.parametrize("style", ["label", "ink"])
@settings(max_examples=30, deadline=None)
@given(**PLACES)
def test_bars_are_found_wherever_they_are(style: str, left: int, top: int, seed: int) -> None:
    """Position plays no part: one box covers all that was drawn, and little else."""
    image, drawn = burned(field(seed), left, top, style)
    bars = HideScaleBar().detect(image)
    assert [overlay.style for overlay in bars] == [style]
    covered = np.zeros_like(drawn)
    covered[bars[0].box] = True
    assert covered[drawn].all()
    assert covered.sum() < 1100  # drawn: 27 x 14; an ink box reaches to where ticks may be


@pytest.mark.parametrize("style", ["label", "ink"])
@pytest.mark.parametrize("fill", ["texture", "smooth"])
def test_hidden_bars_are_gone_and_the_rest_is_untouched(style: str, fill: str) -> None:
    """After hiding nothing is found, no ink is left, and pixels away from the bar are the same bytes."""
    original = field(3)
    image, drawn = burned(original, 150, 130, style)
    hider = HideScaleBar.create(fill=fill)
    hidden = hider.apply(image)
    assert hider.detect(hidden) == ()
    assert np.array_equal(hider.apply(hidden), hidden)
    (overlay,) = hider.detect(image)
    far = np.ones(drawn.shape, dtype=bool)
    far[overlay.top - 3 : overlay.bottom + 3, overlay.left - 3 : overlay.right + 3] = False
    assert np.array_equal(hidden[far], image[far])
    # What replaces it is as bright as the smear was, where 0 and 255 had been.
    assert np.abs(hidden[drawn].astype(int).mean() - original[drawn].mean()) < 20


def test_texture_fills_with_grain_and_smooth_does_not() -> None:
    """A label is replaced by a patch with the noise of the smear, or by plain color."""
    image, drawn = burned(field(4), 90, 70, "label")

    def grain(fill: str) -> float:
        gray = cv2.cvtColor(HideScaleBar.create(fill=fill).apply(image), cv2.COLOR_RGB2GRAY)
        return float(
            np.abs(cv2.Laplacian(gray, cv2.CV_64F))[cv2.erode(drawn.astype(np.uint8), None) > 0].mean()
        )

    assert grain("texture") > 2 * grain("smooth")


@pytest.mark.parametrize("spread", [10, 20, 40])
def test_noise_has_no_bars(spread: int) -> None:
    """Some of its strokes look like letters by chance, but they are everywhere."""
    rng = np.random.default_rng(spread)
    for level in (120, 170, 220):
        image = np.clip(rng.normal(level, spread, (224, 224, 3)), 0, 255).astype(np.uint8)
        assert HideScaleBar().detect(image) == ()


def test_no_nucleus_is_copied_into_the_smear() -> None:
    """A label beside nuclei is filled with background: cells that are not there are not made up."""
    image = field(5, nuclei=0)
    image[:, :90] = (104, 58, 188)
    image, drawn = burned(image, 110, 60, "label")
    hidden = HideScaleBar().apply(image).astype(int)
    purple = np.minimum(hidden[..., 0], hidden[..., 2]) - hidden[..., 1] > 25
    assert purple[drawn].mean() < 0.02


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_smears_without_a_bar_come_back_unchanged(seed: int) -> None:
    """Cells and nuclei are no ink."""
    image = field(seed)
    assert HideScaleBar().detect(image) == ()
    assert np.array_equal(HideScaleBar().apply(image), image)


def test_granules_in_a_row_are_no_letters() -> None:
    """Dark specks of stain, round and blue-violet, are left alone even where they line up."""
    image = field(6)
    for x in range(60, 100, 4):
        cv2.circle(image, (x, 80), 1, (60, 30, 110), -1)
    assert HideScaleBar().detect(image) == ()


def _real(data_root: Path, name: str) -> np.ndarray:
    return read_image(data_root / "all-pbs" / name)


@pytest.mark.real_data
@pytest.mark.parametrize("row", LABELED, ids=lambda row: Path(row["file"]).stem)
def test_real_bars_are_found_hidden_and_nothing_else_is(row: dict[str, str], data_root: Path) -> None:
    """One bar of the labeled style, wholly covered; none in the field above it; none after hiding."""
    image = _real(data_root, row["file"])
    hider = HideScaleBar()
    (overlay,) = hider.detect(image)
    assert overlay.style == ("ink" if row["style"] == "red_ink" else "label")
    left, top, right, bottom = COVERED[row["style"]]
    assert overlay.left <= left
    assert overlay.top <= top
    assert overlay.right >= right
    assert overlay.bottom >= bottom
    # White plasma beside a white label may be taken along, a margin of it at most.
    assert (overlay.right - overlay.left) * (overlay.bottom - overlay.top) < 0.03 * 224 * 224
    assert hider.detect(image[:192]) == ()
    assert hider.detect(hider.apply(image)) == ()


@pytest.mark.real_data
def test_fields_of_another_laboratory_without_bars_stay_as_they_are(data_root: Path) -> None:
    """Every fifth of 300 cropped white cells, other stain and camera: no bar is seen in any."""
    files = sorted((data_root / "wbc-masks" / "images").glob("*.png"))
    assert files
    for path in files[::5]:
        assert HideScaleBar().detect(read_image(path)) == (), path.name
