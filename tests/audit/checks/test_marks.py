"""Scale bars are found in their corner, with their style."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import leukokit
from leukokit.audit.checks.marks import MarkStyle, burned_in_marks, mark_styles
from leukokit.audit.findings import AuditLevel, Limit

LIMIT = Limit(0.1, 0.25)


def styles_of(**params):
    data = leukokit.component("dataset", "smears", per_class=4, patients=12, seed=3, **params)
    samples = data.samples()
    return np.array([mark_styles(data.render(sample)) for sample in samples]), samples


def test_a_smear_without_a_bar_has_no_mark():
    """In no corner: nuclei and platelets are no ink."""
    assert not styles_of()[0].any()


def test_bars_are_found_bottom_right_with_their_style():
    """The synthetic bars of each class: large black, large black, small black, none."""
    styles, samples = styles_of(scale_bars="by_class")
    assert not styles[:, :3].any()
    expected = {
        "Benign": MarkStyle.LARGE_BLACK,
        "Early": MarkStyle.LARGE_BLACK,
        "Pre": MarkStyle.BLACK,
        "Pro": MarkStyle.NONE,
    }
    assert styles[:, 3].tolist() == [expected[sample.label] for sample in samples]


@pytest.mark.parametrize("flip", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_every_corner_is_looked_at(flip):
    """The mark moves with the picture."""
    image = np.full((224, 224, 3), (230, 220, 235), np.uint8)
    image[206:212, 180:215:3] = (200, 20, 20)
    turned = np.ascontiguousarray(image[:: flip[0], :: flip[1]])
    corner = (0 if flip[0] < 0 else 2) + (0 if flip[1] < 0 else 1)
    assert mark_styles(turned)[corner] == MarkStyle.RED


def test_a_line_without_letters_is_a_mark():
    """Black on the glass."""
    image = np.full((224, 224, 3), (230, 220, 235), np.uint8)
    image[210:213, 170:210] = 20
    assert mark_styles(image).tolist() == [0, 0, 0, MarkStyle.BLACK]


@pytest.mark.parametrize(("spread", "size"), [(10, 224), (25, 224), (60, 300)])
def test_noise_is_no_mark(spread, size):
    """Colored or gray, on glass or on a smear."""
    rng = np.random.default_rng(spread)
    smears = leukokit.component("dataset", "smears", per_class=3, seed=3, size=size)
    for sample in smears.samples()[:2]:
        image = smears.render(sample)
        colored, gray = rng.normal(0, spread, image.shape), rng.normal(0, spread, (size, size, 1))
        for base in (image, np.median(image, axis=(0, 1))):
            for noise in (colored, gray):
                assert not mark_styles(np.clip(base + noise, 0, 255).astype(np.uint8)).any()


def test_warm_granules_are_no_mark():
    """Blurred red dots, as large as ink, in a corner."""
    image = np.full((224, 224, 3), (230, 220, 235), np.uint8)
    image[200:212:3, 190:215:3] = (200, 90, 90)
    assert not mark_styles(cv2.GaussianBlur(image, (0, 0), 1.5)).any()


def finding(styles, labels, groups=None, foreground=None):
    n = len(labels)
    marks = np.zeros((n, 4), np.intp)
    marks[:, 3] = styles
    units = groups or [str(i) for i in range(n)]
    return burned_in_marks(
        marks, np.ones(n) if foreground is None else foreground, labels, units, LIMIT, seed=1
    )


def test_a_style_that_gives_the_class_away_fails():
    """Named with the corner, with a table by class."""
    result = finding([1] * 30 + [3] * 30, ["a"] * 30 + ["b"] * 30)
    assert result.level is AuditLevel.FAIL
    assert "bottom right" in result.title
    assert result.table is not None
    assert [row[0] for row in result.table.rows] == ["a", "b"]


def test_a_bar_in_every_image_is_no_leak():
    """The same in all classes."""
    assert finding([1, 2] * 30, ["a"] * 30 + ["b"] * 30).level is AuditLevel.OK


def test_two_patients_prove_nothing():
    """One group a class: no permutation can be rarer than one in two."""
    result = finding([1] * 30 + [3] * 30, ["a"] * 30 + ["b"] * 30, ["p"] * 30 + ["q"] * 30)
    assert result.level is AuditLevel.OK


def test_blanked_backgrounds_are_not_judged():
    """JPEG leaves black lines there that look like ink."""
    assert finding([1] * 4, list("aabb"), foreground=np.full(4, 0.1)).level is AuditLevel.SKIPPED
