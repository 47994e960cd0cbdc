"""Views that overlap are candidates however far apart; what everybody has in common is no clue."""

from __future__ import annotations

import numpy as np
import pytest

import leukokit
from leukokit.audit.pairs.overlap import Features, features
from leukokit.audit.pairs.similar import similar_pairs


def with_descriptors(descriptors):
    """Give a picture of which only the descriptors matter."""
    points = np.zeros((len(descriptors), 2), dtype=np.float32)
    thumb = np.zeros((48, 48), np.uint8)
    return Features(points, np.asarray(descriptors, np.uint8), thumb, thumb, (224, 224), 1.0)


def random_pictures(count, seed=0, points=300):
    rng = np.random.default_rng(seed)
    return [with_descriptors(rng.integers(0, 256, (points, 32))) for _ in range(count)]


def test_two_views_of_one_field_are_a_candidate():
    """Among forty fields, whatever lies between them."""
    dataset = leukokit.component("dataset", "smears", per_class=10, seed=8, size=400)
    fields = [dataset.render(sample) for sample in dataset.samples()]
    left = [features(np.ascontiguousarray(field[50:274, 10:234])) for field in fields]
    right = [features(np.ascontiguousarray(field[50:274, 100:324])) for field in fields]

    pairs = {tuple(pair) for pair in similar_pairs([*left, *right]).tolist()}

    assert sum((i, i + 40) in pairs for i in range(40)) >= 38
    assert len(pairs) <= 8 * 80


@pytest.mark.parametrize(("shared", "candidate"), [(3, False), (4, True)])
def test_four_words_in_common_make_a_candidate(shared, candidate):
    """Fewer are chance."""
    pictures = random_pictures(6)
    words = pictures[1].descriptors.view(np.uint32)
    words[:shared, 2] = pictures[4].descriptors.view(np.uint32)[10 : 10 + shared, 2]

    assert similar_pairs(pictures).tolist() == ([[1, 4]] if candidate else [])


def test_what_many_pictures_have_is_no_clue():
    """Such as the label of a scale bar."""
    pictures = random_pictures(20)
    for picture in pictures:
        picture.descriptors[:50] = pictures[0].descriptors[:50]

    assert similar_pairs(pictures).shape == (0, 2)


def test_one_word_of_many_points_counts_once():
    """A picture of a hundred equal cells is not like another that has one of them."""
    pictures = random_pictures(4)
    pictures[0].descriptors[:100] = pictures[0].descriptors[0]
    pictures[3].descriptors[0] = pictures[0].descriptors[0]
    pictures[3].descriptors.view(np.uint32)[0, 3:] += np.uint32(1)  # three words are left in common

    assert similar_pairs(pictures).shape == (0, 2)


def test_most_words_in_common_come_first_where_there_are_too_many(monkeypatch):
    """Their number is bounded."""
    monkeypatch.setattr("leukokit.audit.pairs.similar._MOST_A_PICTURE", 1)
    pictures = random_pictures(3)
    for i, (a, b) in enumerate([(0, 1), (0, 2), (1, 2)]):
        rows = slice(60 * i, 60 * i + 4 + i)
        pictures[a].descriptors[rows] = pictures[b].descriptors[rows]
    pictures.append(
        with_descriptors(np.vstack([pictures[0].descriptors[200:210], pictures[1].descriptors[:200]]))
    )

    pairs = similar_pairs(pictures).tolist()

    assert len(pairs) == 4
    assert [1, 3] in pairs
    assert pairs == sorted(pairs)


@pytest.mark.parametrize("pictures", [[], [None], [None, with_descriptors(np.empty((0, 32)))]])
def test_pictures_without_points_are_no_candidates(pictures):
    """Unreadable or flat."""
    assert similar_pairs(pictures).shape == (0, 2)


def test_rows_of_unreadable_pictures_are_kept():
    """Numbers are positions in what was given."""
    a, b = random_pictures(2)
    b.descriptors[:5] = a.descriptors[:5]

    assert similar_pairs([None, a, None, b]).tolist() == [[1, 3]]
