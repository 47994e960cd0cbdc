"""Macenko's method on images of known stains."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

import leukokit
from leukokit.api import DataError, ImageNote
from leukokit.testing.conformance import conformance
from leukokit_stain.macenko import REFERENCE_STAINS, Macenko


def smear(
    stains: np.ndarray, seed: int = 0, light: tuple[float, float, float] = (240, 240, 240), side: int = 96
) -> np.ndarray:
    """Draw cells of two stains in random amounts on clear glass under some light."""
    rng = np.random.default_rng(seed)
    amounts = np.zeros((side, side, 2), np.float32)
    for _ in range(14):
        center = tuple(int(v) for v in rng.integers(6, side - 6, 2))
        for stain, radius in ((1, 9), (0, 5)):
            layer = np.zeros((side, side), np.float32)
            cv2.circle(layer, center, radius, float(rng.gamma(6.0, 0.12)), -1)
            amounts[..., stain] += layer
    shown = np.array(light) * np.exp(-cv2.GaussianBlur(amounts, (0, 0), 1.0).reshape(-1, 2) @ stains.T)
    image = np.clip(np.rint(shown), 0, 255).astype(np.uint8).reshape(side, side, 3)
    image.setflags(write=False)
    return image


OTHER = np.array([[0.65, 0.07], [0.70, 0.99], [0.29, 0.11]])
OTHER /= np.linalg.norm(OTHER, axis=0)


def difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a.astype(float).mean((0, 1)) - b.astype(float).mean((0, 1))).mean())


def test_two_laboratories_look_alike_afterwards() -> None:
    """The same amounts under two pairs of stains, far apart before, are close after."""
    a, b = smear(REFERENCE_STAINS), smear(OTHER)
    component = Macenko()
    assert difference(a, b) > 8
    assert difference(component.apply(a), component.apply(b)) < 0.3 * difference(a, b)


def test_a_fitted_template_brings_images_to_it() -> None:
    """Images of the training part's laboratory hardly change; those of another come to look like it."""
    component = Macenko.create(template="fitted")
    component.fit(smear(OTHER, seed=seed) for seed in range(5))
    own, foreign = smear(OTHER, seed=9), smear(REFERENCE_STAINS, seed=9)
    assert difference(component.apply(own), own) < 5
    assert difference(component.apply(foreign), own) < 0.3 * difference(foreign, own)


@pytest.mark.parametrize(
    "light", [(255, 255, 255), (200, 203, 198), (254, 227, 202), (255, 252, 150)], ids=str
)
def test_glass_of_any_tint_becomes_white(light: tuple[float, float, float]) -> None:
    """White, gray, beige or yellow light: glass is 240 afterwards, and the smear as under white light."""
    plain, tinted = smear(REFERENCE_STAINS), smear(REFERENCE_STAINS, light=light)
    result = Macenko().apply(tinted)
    assert np.abs(np.median(result[tinted[..., 1] == tinted[..., 1].max()], axis=0) - 240).max() <= 2
    assert np.abs(result.astype(int) - Macenko().apply(plain)).mean() < 4


def test_a_given_light_holds_for_every_image() -> None:
    """With `light`, glass of another tint counts as stain, as in the method's published form."""
    tinted = smear(REFERENCE_STAINS, light=(200, 200, 200))
    result = Macenko.create(light=240).apply(tinted)
    assert np.median(result[tinted[..., 1] == tinted[..., 1].max()]) < 225


def test_an_image_without_glass_says_so() -> None:
    """Inside a cell, nothing shows the white point: 240 is taken and noted."""
    image = smear(REFERENCE_STAINS)
    purple = np.clip(np.rint(image * np.array([0.7, 0.45, 0.8])), 0, 255).astype(np.uint8)
    with pytest.warns(ImageNote, match="no glass visible: white point set to 240"):
        Macenko().apply(purple)


@pytest.mark.parametrize("value", [0, 128, 240, 255])
def test_empty_glass_is_returned_as_it_is(value: int) -> None:
    """One color has no two stains to find."""
    image = np.full((32, 32, 3), value, np.uint8)
    with pytest.warns(ImageNote, match="no stain contrast .* passed unchanged"):
        assert np.array_equal(Macenko().apply(image), image)


@pytest.mark.parametrize("grain", [0.0, 1.5, 4.0])
def test_noise_is_returned_as_it_is(grain: float) -> None:
    """Noise on glass has no stains, whatever its grain."""
    noise = np.random.default_rng(3).normal(0, 1, (120, 120, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), grain) if grain else noise
    image = np.clip(np.rint(225 + 8 * noise / noise.std()), 0, 255).astype(np.uint8)
    with pytest.warns(ImageNote, match="passed unchanged"):
        assert np.array_equal(Macenko().apply(image), image)


def test_black_neither_counts_nor_changes() -> None:
    """What an aperture blackens stays black, and the smear inside comes out as without it."""
    image = smear(REFERENCE_STAINS)
    framed = np.zeros((140, 140, 3), np.uint8)
    framed[20:116, 20:116] = image
    result = Macenko().apply(framed)
    assert (result[framed.max(axis=2) == 0] == 0).all()
    assert np.abs(result[24:112, 24:112].astype(int) - Macenko().apply(image)[4:-4, 4:-4]).mean() < 4


def test_a_template_needs_an_image_with_two_stains() -> None:
    """Blank glass alone fits nothing, and the error says what to do."""
    with pytest.raises(DataError, match=r"two stains in none.*template: reference"):
        Macenko.create(template="fitted").fit([np.full((40, 40, 3), 230, np.uint8)])


@pytest.mark.filterwarnings("ignore::leukokit.api.ImageNote")
@conformance(Macenko)
def test_contract(check) -> None:
    """Every promise of a preprocessor."""
    check()


@pytest.mark.filterwarnings("ignore::leukokit.api.ImageNote")
@conformance(Macenko, template="fitted")
def test_contract_fitted(check) -> None:
    """Every promise of a preprocessor that learns."""
    check()


def test_it_is_found_through_its_entry_point() -> None:
    """Installed, it stands in the list of components and can be used by name."""
    done = subprocess.run(
        [sys.executable, "-m", "leukokit", "list", "--json"], capture_output=True, text=True, check=True
    )
    assert "stain/macenko" in done.stdout
    assert isinstance(leukokit.component("preprocessor", "stain/macenko", light=230), Macenko)
