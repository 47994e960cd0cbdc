"""Groups whose images lie in several parts of a split."""

from __future__ import annotations

from leukokit.api import Part
from leukokit.evaluation.divided_groups import divided_groups
from leukokit.evaluation.splits import Fold

TRAIN, VALIDATION, TEST = Part.TRAIN, Part.VALIDATION, Part.TEST
GROUPS = {"a1": "a", "a2": "a", "b1": "b", "b2": "b", "c1": "c", "c2": "c"}


def test_an_image_is_leaked_where_the_model_is_made_from_its_group():
    """Validation chooses settings, so it counts for test images; training images are never leaked."""
    fold = Fold(
        "holdout",
        {"a1": TRAIN, "a2": VALIDATION, "b1": VALIDATION, "b2": TEST, "c1": TEST, "c2": TEST, "x": TEST},
    )
    found = divided_groups([fold], GROUPS)
    assert found.leaked == ("a2", "b2")
    assert (found.held_out, found.known, found.share) == (6, 5, 2 / 6)
    assert found.parts == {"a": {TRAIN: 1, VALIDATION: 1}, "b": {VALIDATION: 1, TEST: 1}}


def test_each_image_of_several_folds_counts_once():
    """Folds by image test everything once; folds by group lose nothing."""
    by_image = [
        Fold("fold-1", {"a1": TEST, "a2": TRAIN, "b1": TEST, "b2": TEST}),
        Fold("fold-2", {"a1": TRAIN, "a2": TEST, "b1": TRAIN, "b2": TRAIN}),
    ]
    found = divided_groups(by_image, GROUPS)
    assert (found.leaked, found.held_out) == (("a1", "a2"), 4)
    assert found.parts == {"a": {TEST: 2, TRAIN: 2}}
    by_group = [
        Fold("fold-1", {"a1": TEST, "a2": TEST, "b1": TRAIN}),
        Fold("fold-2", {"a1": TRAIN, "a2": TRAIN, "b1": TEST}),
    ]
    found = divided_groups(by_group, GROUPS)
    assert (found.leaked, found.parts, found.share) == ((), {}, 0.0)


def test_without_groups_nothing_is_known():
    """The share of no image is 0."""
    found = divided_groups([Fold("holdout", {"a": TRAIN, "b": TEST})], {})
    assert (found.held_out, found.known, found.leaked) == (1, 0, ())
    assert divided_groups([], GROUPS).share == 0.0
