"""Scale by class, beside what is stated, and where it is not known."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.audit.checks.scale import scale_mismatch, scale_spread, scale_unknown
from leukokit.audit.findings import AuditLevel, Limit

LIMIT = Limit(0.25, 0.5)
LABELS = ["a"] * 40 + ["b"] * 40
IDS = [f"i{i}" for i in range(80)]


def noisy(px: np.ndarray) -> np.ndarray:
    return px * np.exp(np.random.default_rng(1).normal(0, 0.05, len(px)))


def test_classes_at_two_magnifications_are_found():
    """With the size of red cells by class."""
    measured = noisy(np.repeat([20.0, 30.0], 40))
    measured[0] = np.nan
    finding = scale_spread(measured, LABELS, IDS, LIMIT, seed=1)
    assert finding.level is AuditLevel.FAIL
    assert "whose red cells measure 20 to 29.9 px" in finding.title
    assert [row[:3] for row in finding.table.rows] == [("a", 40, 39), ("b", 40, 40)]


def test_the_error_of_measuring_is_no_magnification():
    """A difference of 2 % that chance rules out is still one that no picture shows."""
    measured = np.repeat([20.0, 20.4], 40) * np.exp(np.tile([-0.001, 0.001], 40))
    finding = scale_spread(measured, LABELS, IDS, LIMIT, seed=1)
    assert finding.value > 0.9
    assert finding.level is AuditLevel.OK


def test_two_slides_of_two_classes_prove_nothing():
    """A slide is one draw, however many images it has."""
    finding = scale_spread(noisy(np.repeat([20.0, 30.0], 40)), LABELS, LABELS, LIMIT, seed=1)
    assert finding.level is AuditLevel.OK
    assert "not significant" in finding.title


@pytest.mark.parametrize("measured", [np.full(80, np.nan), np.r_[np.full(40, 20.0), np.full(40, np.nan)]])
def test_without_red_cells_in_two_classes_there_is_nothing_to_compare(measured):
    assert scale_spread(measured, LABELS, IDS, LIMIT, seed=1).level is AuditLevel.SKIPPED


@pytest.mark.parametrize(
    ("factor", "level"), [(1.0, "ok"), (1.2, "ok"), (1.3, "warn"), (1 / 1.3, "warn"), (2.0, "fail")]
)
def test_a_wrong_pixel_size_shows_beside_the_red_cells(factor, level):
    """The median image decides; too large and too small count alike."""
    measured = noisy(np.full(80, 24.0))
    measured[:5] = 80.0  # a few bad measurements change nothing
    finding = scale_mismatch(np.full(80, 24.0 * factor), measured, IDS, LIMIT)
    assert finding.level == level
    assert set(IDS[:5]) <= set(finding.images)
    if factor == 2.0:
        assert "48 px wide" in finding.title
        assert len(finding.images) > 70


@pytest.mark.parametrize(
    ("stated", "words"),
    [(2000.0, "2000 px wide, 83.3 times the 24 px"), (1.5, "1.5 px wide, 0.0625 times the 24 px")],
)
def test_an_absurd_scale_is_told_in_plain_numbers(stated, words):
    """Not as 2e+03."""
    assert words in scale_mismatch(np.full(80, stated), np.full(80, 24.0), IDS, LIMIT).title


def test_a_mismatch_needs_red_cells_and_a_stated_scale():
    assert scale_mismatch(np.full(80, np.nan), np.full(80, 24.0), IDS, LIMIT).level is AuditLevel.SKIPPED


def test_images_of_unknown_scale_are_named_with_their_class():
    known = np.ones(80, dtype=bool)
    known[40:60] = False
    finding = scale_unknown(known, LABELS, IDS, LIMIT)
    assert finding.level is AuditLevel.FAIL
    assert finding.title == "the scale of 50% of b and of 25% of all images is unknown"
    assert finding.images == tuple(IDS[40:60])
    assert scale_unknown(np.ones(80, dtype=bool), LABELS, IDS, LIMIT).level is AuditLevel.OK
