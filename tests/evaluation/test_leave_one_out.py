"""A split that leaves each site out once: every site is tested by a model that has seen none of it."""

from __future__ import annotations

import pytest

from leukokit.api import DataError, Part
from leukokit.evaluation.split_rules import LeaveOneOutSplit
from leukokit.evaluation.splits import Fold, make_folds

IDS = [f"image-{i}" for i in range(120)]
LABELS = ["ill" if i % 2 else "well" for i in range(120)]
GROUPS = [f"patient-{i % 2}-{i // 8}" for i in range(120)]
SITES = ["A/1", "A 1", "final"]
VALUES = {name: SITES[i // 40] for i, name in enumerate(IDS)}


def folds(values: dict[str, str] = VALUES, groups: list[str] = GROUPS, **options: float) -> tuple[Fold, ...]:
    rule = LeaveOneOutSplit("site", values, **options)  # type: ignore[arg-type]
    return make_folds(rule, ids=IDS, labels=LABELS, groups=groups, seed=3)


def test_every_site_is_tested_once_by_models_that_have_not_seen_it() -> None:
    found = folds()
    assert len(found) == 3
    for fold, site in zip(found, sorted(SITES), strict=True):
        own = {name for name, value in VALUES.items() if value == site}
        assert set(fold.ids(Part.TEST)) == own
        rest = set(fold.ids(Part.TRAIN)) | set(fold.ids(Part.VALIDATION))
        assert rest == set(IDS) - own
        assert len(fold.ids(Part.VALIDATION)) == 16  # a fifth of the 80 others


def test_names_of_folds_are_safe_folders_and_differ() -> None:
    """Also from the folder of the model of all data."""
    assert [fold.name for fold in folds()] == ["A-1", "A-1-2", "final-2"]


def test_a_patient_of_two_sites_is_never_in_training_and_test() -> None:
    torn = ["patient-x" if i in (1, 41, 81) else name for i, name in enumerate(GROUPS)]
    for fold in folds(groups=torn):
        shared = {fold.parts.get(f"image-{i}") for i in (1, 41, 81)} - {None}
        assert shared == {Part.TEST}


def test_images_of_no_known_site_are_left_out() -> None:
    some = {name: value for name, value in VALUES.items() if name != "image-0"}
    assert all("image-0" not in fold.parts for fold in folds(some))


def test_one_site_cannot_be_left_out() -> None:
    with pytest.raises(DataError, match="leaves one site out needs two or more, and the only value is 'A/1'"):
        folds(dict.fromkeys(IDS, "A/1"))
