"""DeLong's test agrees with scikit-learn and with its definition, pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from leukokit.compare.statistics.delong import delong

Floats = NDArray[np.float64]


def drawn(seed: int, n: int, digits: int) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Draw both sides and two scores, with ties where rounded."""
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.4
    positive[:4] = [True, True, False, False]
    shared = rng.normal(size=n) + positive
    first, second = (np.round(shared + rng.normal(size=n) * noise, digits) for noise in (0.5, 0.9))
    return positive, first, second


def by_definition(
    positive: NDArray[np.bool_], scores: tuple[Floats, Floats], groups: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Areas and covariance from every (positive, negative) pair, written as the papers write them."""
    above, below, areas = [], [], []
    for score in scores:
        x, y = score[positive], score[~positive]
        psi = np.array([[1.0 if a > b else 0.5 if a == b else 0.0 for b in y] for a in x])
        areas.append(psi.mean())
        above.append(psi.mean(axis=1))
        below.append(psi.mean(axis=0))
    m, n = int(positive.sum()), int((~positive).sum())
    names = np.unique(groups)
    i10 = len(np.unique(groups[positive]))
    i01 = len(np.unique(groups[~positive]))
    total = len(names)
    cov = np.zeros((2, 2))
    for r in range(2):
        for s in range(2):
            s10 = s01 = s11 = 0.0
            for name in names:
                inside_x, inside_y = groups[positive] == name, groups[~positive] == name
                vx = [above[k][inside_x].sum() - inside_x.sum() * areas[k] for k in (r, s)]
                vy = [below[k][inside_y].sum() - inside_y.sum() * areas[k] for k in (r, s)]
                s10 += vx[0] * vx[1]
                s01 += vy[0] * vy[1]
                s11 += vx[0] * vy[1] + vy[0] * vx[1]
            cov[r, s] = (
                i10 / ((i10 - 1) * m) * s10 / m
                + i01 / ((i01 - 1) * n) * s01 / n
                + total / (total - 1) * s11 / (m * n)
            )
    return np.array(areas), cov


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999), n=st.integers(8, 60), digits=st.integers(0, 3))
def test_it_agrees_with_scikit_learn_and_the_definition(seed: int, n: int, digits: int) -> None:
    """Areas, variance and p value to 1e-9, ties among them."""
    positive, first, second = drawn(seed, n, digits)
    result = delong(positive, first, second)
    assert result.first == pytest.approx(roc_auc_score(positive, first), abs=1e-9)
    assert result.second == pytest.approx(roc_auc_score(positive, second), abs=1e-9)
    areas, covariance = by_definition(positive, (first, second), np.arange(n))
    # DeLong's own formula: covariances of the placement values of either side over its size.
    assert result.covariance == pytest.approx(covariance, abs=1e-9)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    if variance > 1e-12:
        z = (areas[1] - areas[0]) / np.sqrt(variance)
        assert result.p == pytest.approx(2 * norm.sf(abs(z)), abs=1e-9)


def test_without_groups_the_covariance_is_numpys() -> None:
    """S10/m + S01/n with numpy's covariance of placement values."""
    positive, first, second = drawn(3, 50, 6)
    places = [
        [(score[positive][:, None] > score[~positive][None, :]).mean(axis=axis) for score in (first, second)]
        for axis in (1, 0)
    ]
    expected = np.cov(places[0]) / positive.sum() + np.cov(places[1]) / (~positive).sum()
    assert delong(positive, first, second).covariance == pytest.approx(expected, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999), n=st.integers(12, 50), size=st.integers(1, 4))
def test_with_groups_it_agrees_with_obuchowski(seed: int, n: int, size: int) -> None:
    """Groups that hold both sides, too."""
    positive, first, second = drawn(seed, n, 2)
    groups = np.random.default_rng(seed).permutation(np.arange(n) // size).astype(np.intp)
    result = delong(positive, first, second, groups=groups)
    if len(np.unique(groups[positive])) < 2 or len(np.unique(groups[~positive])) < 2:
        assert result.covariance is None
        return
    _, covariance = by_definition(positive, (first, second), groups)
    assert result.covariance == pytest.approx(covariance, abs=1e-9)


@given(seed=st.integers(0, 9999))
def test_swapping_the_classifiers_turns_the_sign(seed: int) -> None:
    """And keeps the p value."""
    positive, first, second = drawn(seed, 40, 2)
    one, other = delong(positive, first, second), delong(positive, second, first)
    assert one.difference == pytest.approx(-other.difference, abs=1e-12)
    assert one.p == pytest.approx(other.p, abs=1e-9)


@given(seed=st.integers(0, 9999))
def test_a_classifier_against_itself_gives_one(seed: int) -> None:
    """Difference 0, p 1."""
    positive, first, _ = drawn(seed, 40, 2)
    result = delong(positive, first, first)
    assert (result.difference, result.z, result.p) == (0.0, 0.0, 1.0)


def test_what_these_images_cannot_tell_is_none() -> None:
    """One image of the class has no spread; two areas without any spread have no error."""
    positive = np.array([True, False, False, False])
    scores = np.array([0.9, 0.1, 0.2, 0.3])
    assert delong(positive, scores, -scores).p is None
    perfect = np.array([1.0, 1.0, 0.0, 0.0])
    reverse = delong(perfect > 0, perfect, -perfect)
    assert reverse.difference == -1.0
    assert reverse.p is None


def test_one_side_alone_is_refused() -> None:
    """There is no area without both."""
    with pytest.raises(ValueError, match="images of the class and others"):
        delong(np.array([True, True]), [0.1, 0.2], [0.1, 0.3])
