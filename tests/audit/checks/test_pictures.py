"""Sharpness, exposure and quality of pictures, and where files come from: by class, part and group."""

from __future__ import annotations

import numpy as np
import pytest

from leukokit.audit.checks.between_parts import Images
from leukokit.audit.checks.exposure import exposure_spread
from leukokit.audit.checks.picture_quality import picture_quality
from leukokit.audit.checks.sharpness import relative_blur, sharpness_spread
from leukokit.audit.checks.sources import camera_and_software, file_names, name_pattern
from leukokit.audit.findings import AuditLevel, Limit

LIMIT = Limit(0.2, 0.4)
COUNT = 120
LABELS = np.repeat(["a", "b", "c"], COUNT // 3)
GROUPS = np.array([f"p{i // 4}" for i in range(COUNT)])


def images(parts=None):
    return Images(LABELS, GROUPS, np.full(COUNT, "") if parts is None else parts)


def blur_of(factor, seed=0):
    """Blur by patient, that of class b times a factor; red cells of 20 px."""
    rng = np.random.default_rng(seed)
    patients = np.exp(rng.normal(0, 0.1, COUNT // 4)).repeat(4)
    return patients * np.where(LABELS == "b", factor, 1.0), np.full(COUNT, 20.0)


def test_a_softer_class_fails():
    """Named, with its factor."""
    finding = sharpness_spread(*blur_of(1.6), images(), LIMIT, seed=1)

    assert finding.level is AuditLevel.FAIL
    assert "between the classes: edges of b are 1." in finding.title
    assert [row[0] for row in finding.table.rows] == ["a", "b", "c"]
    assert finding.table.columns[2] == "blur in red-cell diameters"


def test_a_softer_test_part_fails():
    """Though classes are alike."""
    parts = np.where(np.arange(COUNT) % 40 < 28, "train", "test")
    blur, red_cells = blur_of(1.0)
    finding = sharpness_spread(
        np.where(parts == "test", 1.8, 1) * blur, red_cells, images(parts), LIMIT, seed=1
    )

    assert finding.level is AuditLevel.FAIL
    assert "between the parts: edges of test" in finding.title


def test_a_camera_with_more_pixels_is_not_softer():
    """Edges twice as wide on red cells twice as large."""
    blur, red_cells = blur_of(1.0)
    enlarged = np.where(LABELS == "b", 2.0, 1.0)

    assert (
        sharpness_spread(blur * enlarged, red_cells * enlarged, images(), LIMIT, seed=1).level
        is AuditLevel.OK
    )
    assert relative_blur(blur, np.full(COUNT, np.nan))[1] == "px"


@pytest.mark.parametrize("seed", range(20))
def test_patients_of_equal_classes_raise_nothing(seed):
    """Sharpness and light vary by patient."""
    blur, red_cells = blur_of(1.0, seed)
    light = np.random.default_rng(seed).normal(220, 12, COUNT // 4).repeat(4)

    assert sharpness_spread(blur, red_cells, images(), LIMIT, seed=seed).level is AuditLevel.OK
    assert exposure_spread(light, np.ones(COUNT), images(), LIMIT, seed=seed).level is AuditLevel.OK


def test_a_lighter_class_fails_only_if_it_can_be_seen():
    """Forty levels are seen, two are not."""
    noise = np.random.default_rng(0).normal(0, 1, COUNT)
    lighter = exposure_spread(200 + 40 * (LABELS == "c") + noise, np.ones(COUNT), images(), LIMIT, seed=1)

    assert lighter.level is AuditLevel.FAIL
    assert "the glass of c is 40 levels lighter" in lighter.title
    alike = exposure_spread(200 + 4 * (LABELS == "c") + noise / 4, np.ones(COUNT), images(), LIMIT, seed=1)
    assert (alike.level, alike.value > 0.5) == (AuditLevel.OK, True)
    blanked = exposure_spread(200 + noise, np.zeros(COUNT), images(), LIMIT, seed=1)
    assert blanked.level is AuditLevel.SKIPPED


def test_poor_pictures_are_listed_with_their_fault():
    """One of each fault; a dark one is not also called blurred."""
    levels = np.tile([90.0, 120.0, 240.0, 245.0], (5, 1))
    levels[1] = [10, 15, 60, 65]
    levels[2] = [200, 240, 254, 255]
    levels[3] = [225, 228, 232, 233]
    blur = np.array([0.03, 0.5, 0.03, 0.03, 0.2])
    ids = ["good", "dark", "light", "empty", "soft"]
    finding = picture_quality(
        levels, blur, "red-cell diameters", np.ones(5), list("aabbb"), ids, Limit(0.02, 0.2)
    )

    assert finding.images == ("dark", "light", "empty", "soft")
    assert finding.table.rows == (("a", 2, 0, 1, 0, 0), ("b", 3, 1, 0, 1, 1))
    assert (finding.level, finding.value) == (AuditLevel.FAIL, 1.0)
    clean = picture_quality(levels[:1], blur[:1], "px", np.ones(1), ["a"], ["good"], Limit(0.02, 0.2))
    assert (clean.level, clean.images) == (AuditLevel.OK, ())


def test_a_camera_of_one_class_fails():
    """And one camera of all, or none named, does not."""
    limit, labels, groups = Limit(0.1, 0.25), LABELS.tolist(), GROUPS.tolist()
    named = ["Olympus, DP27" if label == "b" else "" for label in labels]
    finding = camera_and_software(named, labels, groups, limit, seed=1)

    assert finding.level is AuditLevel.FAIL
    assert finding.table.rows[1] == ("b", 40, 1, "Olympus, DP27", 1.0)
    assert camera_and_software(["x"] * COUNT, labels, groups, limit, seed=1).level is AuditLevel.OK
    assert camera_and_software([""] * COUNT, labels, groups, limit, seed=1).level is AuditLevel.SKIPPED


def test_names_of_two_cameras_are_told_apart():
    """Not so the class's own name, or numbers."""
    limit, labels, groups = Limit(0.25), LABELS.tolist(), GROUPS.tolist()
    cameras = [f"{label}/{'DSC' if label == 'b' else 'IMG'}_{i}.jpg" for i, label in enumerate(labels)]
    own = [f"{label}/{label}-{i}.jpg" for i, label in enumerate(labels)]

    assert file_names(cameras, labels, groups, limit, seed=1).level is AuditLevel.WARN
    assert file_names(own, labels, groups, limit, seed=1).level is AuditLevel.OK
    assert name_pattern("A/Image-012 a.png", "A") == "*/Image-# *.png"
