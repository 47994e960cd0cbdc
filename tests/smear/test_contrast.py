"""Whether an image shows stain."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import leukokit
from leukokit.api import read_image
from leukokit.api.smear import stain_contrast
from leukokit.testing.images import disks


def noise_field(
    seed: int, grain: float, strength: float, *, side: int = 160, gray: bool = False
) -> NDArray[np.uint8]:
    """Glass with Gaussian noise: ``grain`` px wide, ``strength`` gray levels, gray or not."""
    noise = np.random.default_rng(seed).normal(0, 1, (side, side, 1 if gray else 3)).astype(np.float32)
    if grain:
        noise = cv2.GaussianBlur(noise, (0, 0), grain).reshape(noise.shape)
    field = np.array([214, 211, 217]) + strength * noise / noise.std()
    return np.clip(np.rint(field), 0, 255).astype(np.uint8)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10_000),
    grain=st.floats(0, 6),
    strength=st.floats(0, 16),
    gray=st.booleans(),
)
def test_noise_of_any_grain_is_no_stain(seed: int, grain: float, strength: float, gray: bool) -> None:
    """Fine or coarse, weak or strong, colored or gray: where noise is steep does not depend on its value."""
    assert not stain_contrast(noise_field(seed, grain, strength, gray=gray)).stained


@pytest.mark.parametrize("name", ["Pre/smear-0005", "Early/smear-0003", "Benign/smear-0020"])
def test_crowded_fields_are_stained(name: str) -> None:
    """Where red cells leave hardly any glass, all gradients are steep, and contours stand out less."""
    smears = leukokit.component("dataset", "smears", per_class=90, patients=120)
    sample = next(sample for sample in smears.samples() if sample.id == name)
    assert stain_contrast(smears.render(sample)).stained


@pytest.mark.parametrize("level", [0, 14, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (3, 50), (90, 120)])
def test_one_color_is_no_stain(level: int, shape: tuple[int, int]) -> None:
    """Black, gray or white, of any size: nothing to see, and nothing fails."""
    contrast = stain_contrast(np.full((*shape, 3), level, np.uint8))
    assert (contrast.spread, contrast.stained) == (0.0, False)


def test_light_that_falls_off_is_no_stain() -> None:
    """A vignette darkens the corners by a fifth without an edge."""
    y, x = np.mgrid[:200, :300] / 200 - 0.5
    shade = 1 - 0.2 * (y**2 + (x - 0.25) ** 2)
    assert not stain_contrast(np.rint(shade[..., None] * [230, 228, 226]).astype(np.uint8)).stained


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("strength", [0.4, 1.0])
def test_cells_are_stain_at_any_scale_and_when_pale(factor: float, strength: float) -> None:
    """Drawn cells count as stain shrunk, enlarged, and at two fifths of their contrast."""
    image, _ = disks(0, size=128)
    pale = np.rint(235 - strength * (235 - image.astype(float))).astype(np.uint8)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    assert stain_contrast(cv2.resize(pale, None, fx=factor, fy=factor, interpolation=how)).stained


def test_black_around_glass_is_no_contrast_and_around_cells_hides_none() -> None:
    """The step to an aperture is not the smear's; cells cut out on black are stained."""
    aperture = np.zeros((160, 160), np.uint8)
    cv2.circle(aperture, (80, 80), 70, 1, -1)
    assert not stain_contrast(noise_field(0, 1.0, 4) * aperture[..., None]).stained
    image, labels = disks(0, size=128)
    assert stain_contrast(image * (labels.cell > 0)[..., None].astype(np.uint8)).stained


@pytest.mark.real_data
@pytest.mark.parametrize("folder", ["all-pbs", "bccd/images", "pbc-boxes/images", "wbc-masks/images"])
def test_real_smears_are_stained(data_root: Path, folder: str) -> None:
    """Every tenth image of four labs, all-pbs every hundredth: none is taken for blank."""
    files = sorted(path for path in (data_root / folder).rglob("*.*") if path.suffix in {".jpg", ".png"})
    some = files[:: 100 if folder == "all-pbs" else 10]
    assert some
    assert [path.name for path in some if not stain_contrast(read_image(path)).stained] == []


@pytest.mark.real_data
def test_bare_glass_between_real_cells_is_no_stain(data_root: Path) -> None:
    """The largest square without ink of every sixth BCCD field."""
    pieces = 0
    for path in sorted((data_root / "bccd" / "images").iterdir())[::6]:
        image = read_image(path)
        green = cv2.medianBlur(image[..., 1], 5)
        glass = np.bincount(green[green > cv2.threshold(green, 0, 0, cv2.THRESH_OTSU)[0]]).argmax()
        ink = cv2.dilate((green < glass - 14).astype(np.uint8), np.ones((17, 17), np.uint8))
        room = cv2.distanceTransform(1 - np.pad(ink, 1, constant_values=1), cv2.DIST_C, 3)[1:-1, 1:-1]
        y, x = np.unravel_index(room.argmax(), room.shape)
        half = int(room.max()) - 1
        if half >= 20:
            pieces += 1
            assert not stain_contrast(image[y - half : y + half, x - half : x + half]).stained, path.name
    assert pieces > 40


def test_nuclei_tell_where_all_red_cells_are_out_of_focus() -> None:
    """Both of Otsu's thresholds lie among blurred red cells, whose outlines say 2; those of nuclei say 5."""
    rng = np.random.default_rng(11)
    rows, columns = np.mgrid[:224, :224]
    red = np.zeros((224, 224))
    for row, column in rng.uniform(0, 224, (250, 2)):
        red[(rows - row) ** 2 + (columns - column) ** 2 <= 8**2] = rng.uniform(0.5, 1.0)
    blurred = cv2.GaussianBlur(red, (0, 0), 2.5)[..., None]
    field = np.array([240.0, 238.0, 244.0]) - blurred * np.array([110.0, 105.0, 40.0])
    for row, column in ((40, 40), (120, 60), (170, 150), (60, 170)):
        field[(rows - row) ** 2 + (columns - column) ** 2 <= 11**2] = (140, 85, 200)
    field = cv2.GaussianBlur(field, (0, 0), 1.0) + rng.normal(0, 1.5, field.shape)
    assert stain_contrast(np.clip(np.rint(field), 0, 255).astype(np.uint8)).edges > 4
