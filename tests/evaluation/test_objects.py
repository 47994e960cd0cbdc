"""Objects are paired by overlap, each once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leukokit.api import LabelImage
from leukokit.evaluation.objects import IOUS, ids_at_border, iou_matrix, match_objects, without_ids

label_images = arrays(np.int32, (5, 6), elements=st.integers(0, 4))


def row(*ids: int) -> LabelImage:
    """One row of pixels."""
    return np.array([ids], np.int32)


def test_ten_thresholds() -> None:
    """From .5 to .95."""
    assert IOUS == (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def test_one_object_of_three_quarters() -> None:
    """Three of four pixels: a pair up to an IoU of .75, at six thresholds of ten."""
    counts = match_objects(row(0, 1, 1, 1), row(1, 1, 1, 1))
    assert (counts.matched, counts.missed, counts.extra) == (1, 0, 0)
    assert counts.matched_mean == pytest.approx(0.6)
    assert counts.matched_iou == 0.75


def test_a_split_object_is_paired_once() -> None:
    """Two halves both reach .5; one of them is a pair, the other one is extra."""
    counts = match_objects(row(1, 1, 2, 2), row(7, 7, 7, 7))
    assert (counts.matched, counts.missed, counts.extra) == (1, 0, 1)


def test_merged_objects_are_missed() -> None:
    """One object over two true ones of a third each matches none."""
    counts = match_objects(row(1, 1, 1, 1, 1, 1), row(1, 1, 0, 0, 2, 2))
    assert (counts.matched, counts.missed, counts.extra) == (0, 2, 1)


def test_nothing_against_nothing() -> None:
    """No objects, no counts."""
    counts = match_objects(row(0, 0), row(0, 0))
    assert (counts.matched, counts.missed, counts.extra, counts.matched_iou) == (0, 0, 0, 0.0)


@given(label_images)
def test_an_image_matches_itself(image: LabelImage) -> None:
    """Every object, at every threshold; new numbers change nothing."""
    n = len(np.unique(image[image > 0]))
    counts = match_objects(np.where(image > 0, 11 - image, 0).astype(np.int32), image)
    assert (counts.matched, counts.missed, counts.extra) == (n, 0, 0)
    assert counts.matched_mean == counts.matched_iou == n


@given(label_images, label_images)
def test_counts_add_up(found: LabelImage, true: LabelImage) -> None:
    """Pairs and the others make all objects of either side; both sides may change places."""
    counts, turned = match_objects(found, true), match_objects(true, found)
    assert counts.matched + counts.missed == len(np.unique(true[true > 0]))
    assert counts.matched + counts.extra == len(np.unique(found[found > 0]))
    assert counts.matched == turned.matched
    assert counts.matched_mean <= counts.matched
    assert 0.5 * counts.matched <= counts.matched_iou <= counts.matched
    overlaps = iou_matrix(found, true)
    assert counts.matched >= np.count_nonzero(overlaps > 0.5)


def test_ids_at_the_border_and_their_removal() -> None:
    """Corners and sides; inner objects stay."""
    image = np.array([[1, 0, 0, 0], [0, 2, 0, 3], [0, 0, 0, 0]], np.int32)
    assert ids_at_border(image).tolist() == [1, 3]
    assert np.unique(without_ids(image, ids_at_border(image))).tolist() == [0, 2]
