"""Macenko's method on images of known stains."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import leukokit
from leukokit.testing.conformance import conformance
from leukokit_stain.macenko import REFERENCE_STAINS, Macenko


def smear(stains: np.ndarray, strength: float = 1.0, seed: int = 0) -> np.ndarray:
    """Mix two stains in random amounts, with clear glass in between."""
    rng = np.random.default_rng(seed)
    amounts = rng.gamma(2.0, 0.35, (64 * 64, 2)) * strength * (rng.random((64 * 64, 1)) < 0.8)
    image = np.clip(np.rint(240 * np.exp(-amounts @ stains.T)), 0, 255).astype(np.uint8).reshape(64, 64, 3)
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
    assert difference(a, b) > 15
    assert difference(component.apply(a), component.apply(b)) < 0.3 * difference(a, b)


def test_a_fitted_template_brings_images_to_it() -> None:
    """Images of the training part's laboratory hardly change; those of another come to look like it."""
    component = Macenko.create(template="fitted")
    component.fit(smear(OTHER, seed=seed) for seed in range(5))
    own, foreign = smear(OTHER, seed=9), smear(REFERENCE_STAINS, seed=9)
    assert difference(component.apply(own), own) < 5
    assert difference(component.apply(foreign), own) < 0.3 * difference(foreign, own)


@pytest.mark.parametrize("value", [0, 128, 240, 255])
def test_empty_glass_is_returned_as_it_is(value: int) -> None:
    """One color has no two stains to find."""
    image = np.full((32, 32, 3), value, np.uint8)
    assert np.array_equal(Macenko().apply(image), image)


@conformance(Macenko)
def test_contract(check) -> None:
    """Every promise of a preprocessor."""
    check()


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
