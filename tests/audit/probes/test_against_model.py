"""The model beside the probes, image by image."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.audit.probes.against_model import (
    PairedAnswers,
    explained_share,
    needed_sample,
    where_wrong,
)
from leukokit.evaluation.intervals import Groups


def answers(n: int, model: float, probe: float, *, size: int = 1, seed: int = 0, share: float = 0.0):
    """Draw answers of two classes; images of a group are right together with a share of their variance."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) // size
    classes = np.where(codes % 2 == 0, "A", "B")

    def right(accuracy: float) -> np.ndarray:
        together = rng.random(n) < share
        return np.where(together, rng.random(n // size + 1)[codes], rng.random(n)) < accuracy

    groups = Groups.of(np.char.zfill(codes.astype(str), 6), n, classes)
    return PairedAnswers(right(model), {"color": right(probe), "frame": right(0.5)}, groups, 0.5, 2)


def test_the_interval_of_the_explained_share_holds_the_truth():
    """The probe has half of the model's gain over chance; 95 of 100 intervals hold that."""
    held = [
        low <= 0.5 <= high
        for seed in range(300)
        if (found := explained_share(answers(240, 0.9, 0.7, size=4, seed=seed, share=0.5), "color"))
        for low, high in [found]
    ]
    assert len(held) > 290
    assert 0.91 <= np.mean(held) <= 0.985


def test_without_gain_or_groups_a_share_can_be_anything():
    """A model at chance has no gain to share; two patients of a class cannot tell."""
    assert explained_share(answers(60, 0.5, 0.5), "color") is None
    assert explained_share(answers(60, 0.9, 0.7, size=20), "color") is None


def test_a_model_of_the_shortcut_fails_where_the_probe_fails():
    """And one that does not need it is as good there."""
    wrong = np.arange(100) % 4 == 0
    groups = Groups.of(None, 100)
    same = PairedAnswers(~wrong, {"color": ~wrong}, groups, 0.5, 2)
    other = PairedAnswers(np.arange(100) % 10 > 0, {"color": ~wrong, "frame": wrong}, groups, 0.5, 2)
    found = where_wrong(same, ["color"])
    assert found is not None
    assert (found.value, found.n) == (0.0, 25)
    found = where_wrong(other, ["color"])
    assert found is not None
    assert found.value == pytest.approx(0.8)
    assert found.bounds.low < 0.9 < found.bounds.high
    assert where_wrong(other, ["color", "frame"]) is None


def test_the_needed_number_shows_the_difference_in_four_of_five_tests():
    """Studies of that size, drawn alike, show the difference in about 80 of 100."""
    large = answers(4000, 0.85, 0.75, size=5, seed=1, share=0.5)
    needed = needed_sample(large)
    assert needed.probe == "color"
    assert needed.grouped
    assert needed.design_effect > 1.3
    assert needed.per_class is not None
    shown = [
        needed_sample(answers(10 * needed.per_class, 0.85, 0.75, size=5, seed=seed, share=0.5)).low > 0
        for seed in range(100, 300)
    ]
    assert 0.7 <= np.mean(shown) <= 0.9


def test_fewer_patients_are_needed_for_a_larger_difference():
    """None would do where the model is not better than the probe."""
    near, far = (needed_sample(answers(600, model, 0.7, size=5)) for model in (0.8, 0.95))
    assert near.per_class is not None
    assert far.per_class is not None
    assert far.per_class < near.per_class
    worse = needed_sample(answers(600, 0.6, 0.8, size=5))
    assert worse.per_class is None
    assert worse.difference < 0
