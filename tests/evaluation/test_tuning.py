"""Cross-validation compares fairly: same folds, groups whole, nothing learnt from held-out rows."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_selection import SelectKBest, f_classif

from leukokit.api import Examples, Field, Params, Selector, TabularClassifier
from leukokit.errors import DataError, UsageError
from leukokit.evaluation.tuning import Candidate, search, take
from leukokit.testing.tables import NaiveBayes, examples


class NeighborsParams(Params):
    n_neighbors: int = Field(1, ge=1, description="Neighbors.")


class Neighbors(TabularClassifier):
    """Remembers its training rows, so that a leaked near copy shows."""

    Params = NeighborsParams
    params: NeighborsParams

    def estimator(self, *, seed: int, folds: Any) -> Any:
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier(self.params.n_neighbors, algorithm="brute")


class TopParams(Params):
    k: int = Field(10, ge=1, description="Columns to keep.")


class Top(Selector):
    """The k columns that look best on the rows it is fitted on."""

    Params = TopParams
    params: TopParams

    def transformer(self, *, seed: int) -> Any:
        return SelectKBest(f_classif, k=self.params.k)


class Recording(NaiveBayes):
    """Keeps the ids that it was fitted on."""

    def __init__(self, params: Params | None = None) -> None:
        super().__init__(params)
        self.seen: list[set[str]] = []

    def fit(self, train: Examples, *args: Any, **kwargs: Any) -> Any:
        self.seen.append(set(train.ids))
        return super().fit(train, *args, **kwargs)


def noise(n: int = 80, d: int = 2000) -> Examples:
    """Labels by coin toss, columns of pure noise."""
    rng = np.random.default_rng(4)
    ids = [str(row) for row in range(n)]
    table = pd.DataFrame(rng.normal(size=(n, d)), index=ids, columns=[f"f{i}" for i in range(d)])
    return Examples(ids=ids, labels=np.array(["a", "b"])[np.arange(n) % 2], features=table)


def test_selection_inside_the_folds_stays_at_chance_on_noise() -> None:
    """On noise the score is chance; selecting on all rows first, the classic leak, beats it."""
    train = noise()
    honest = search([Candidate({}, NaiveBayes(), [Top()], train)], cv=5, scoring="accuracy", seed=0).table[
        "mean"
    ][0]
    chosen = SelectKBest(f_classif, k=10).fit(train.features, train.labels).get_support()
    assert train.features is not None
    leaked = Examples(ids=train.ids, labels=train.labels, features=train.features.loc[:, chosen])
    leaky_score = search([Candidate({}, NaiveBayes(), [], leaked)], cv=5, scoring="accuracy", seed=0).table[
        "mean"
    ][0]
    assert 0.3 < honest < 0.65
    assert leaky_score > 0.8


def test_groups_are_never_parted() -> None:
    """Near copies share a group and a fold: a classifier that remembers rows gains nothing from them."""
    rng = np.random.default_rng(5)
    views = np.repeat(rng.normal(size=(40, 30)), 4, axis=0) + rng.normal(0, 0.01, (160, 30))
    groups = np.repeat([f"patient-{i}" for i in range(40)], 4)
    ids = [str(row) for row in range(160)]
    train = Examples(
        ids=ids,
        labels=np.repeat(np.array(["a", "b"])[rng.permutation(40) % 2], 4),
        groups=groups,
        features=pd.DataFrame(views, index=ids, columns=[f"f{i}" for i in range(30)]),
    )
    grouped = search([Candidate({}, Neighbors(), [], train)], cv=5, scoring="accuracy", seed=0)
    for learn, held_out in grouped.folds:
        assert not set(groups[learn]) & set(groups[held_out])
    from dataclasses import replace

    parted = search(
        [Candidate({}, Neighbors(), [], replace(train, groups=None))], cv=5, scoring="accuracy", seed=0
    )
    assert grouped.table["mean"][0] < 0.7
    assert parted.table["mean"][0] > 0.95


def test_candidates_share_folds_and_stay_in_the_training_part() -> None:
    """Every candidate is fitted on the same five sets of rows, and each row is held out once."""
    train = examples()
    first, second = Recording(), Recording()
    result = search(
        [Candidate({"n": 1}, first, [], train), Candidate({"n": 2}, second, [], train)],
        cv=5,
        scoring="macro_f1",
        seed=3,
    )
    assert first.seen == second.seen
    assert len(first.seen) == 5
    assert all(seen <= set(train.ids) for seen in first.seen)
    held_out = np.concatenate([rows for _, rows in result.folds])
    assert sorted(held_out.tolist()) == list(range(len(train)))


def test_best_candidate_has_the_highest_mean() -> None:
    """The table has a row a candidate with its overrides, fold scores and rank."""
    train = examples()
    grid = [
        Candidate({"classify.params.n_neighbors": k}, Neighbors.create(n_neighbors=k), [], train)
        for k in (59, 5)
    ]
    result = search(grid, cv=3, scoring="accuracy", seed=0)
    assert list(result.table.columns) == [
        "classify.params.n_neighbors", "mean", "std", "fold_1", "fold_2", "fold_3", "rank",
    ]  # fmt: skip
    assert result.best == 1
    assert list(result.table["rank"]) == [2, 1]
    assert result.table["mean"][1] == pytest.approx(
        result.table.loc[1, ["fold_1", "fold_2", "fold_3"]].mean()
    )


def test_of_equals_the_first_wins() -> None:
    """Equal candidates share rank 1, and the first is best."""
    train = examples()
    result = search(
        [Candidate({"n": n}, NaiveBayes(), [], train) for n in range(3)], cv=3, scoring="auc_ovo", seed=0
    )
    assert result.best == 0
    assert list(result.table["rank"]) == [1, 1, 1]


def test_search_is_the_same_side_by_side() -> None:
    """Another ``map`` changes nothing; the same seed gives the same table."""
    train = examples()
    grid = [Candidate({"k": k}, Neighbors.create(n_neighbors=k), [Top.create(k=k)], train) for k in (1, 3)]

    def pooled(function: Any, items: Iterable[Any]) -> Iterable[float]:
        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(function, items))

    serial = search(grid, cv=4, scoring="auc_ovr", seed=1)
    pd.testing.assert_frame_equal(
        serial.table, search(grid, cv=4, scoring="auc_ovr", seed=1, run=pooled).table
    )


def test_class_too_small_for_the_folds_is_named() -> None:
    """The error names the class and how many groups it has."""
    train = take(examples(), np.array([0, 1, 2, 6, 7, 8, 12, 13]))
    with pytest.raises(DataError, match=r"class 'none' has 2 groups, too few for 3 folds"):
        search([Candidate({}, NaiveBayes(), [], train)], cv=3, scoring="accuracy", seed=0)


def test_one_patient_with_most_of_a_class_is_an_error() -> None:
    """Where groups cannot be spread so that every fold learns from every class, the class is named."""
    labels = np.array(["a"] * 12 + ["b"] * 12)
    groups = np.array(["p1"] * 6 + ["p2"] * 6 + ["p1"] * 6 + ["p2"] * 6)
    ids = [str(row) for row in range(24)]
    train = Examples(
        ids=ids, labels=labels, groups=groups, features=pd.DataFrame({"f": range(24)}, index=ids, dtype=float)
    )
    assert len(search([Candidate({}, NaiveBayes(), [], train)], cv=2, scoring="accuracy", seed=0).folds) == 2
    with pytest.raises(DataError, match="class 'a' has 2 groups, too few for 4 folds"):
        search([Candidate({}, NaiveBayes(), [], train)], cv=4, scoring="accuracy", seed=0)


def test_candidates_on_other_samples_are_refused() -> None:
    """Scores on different samples cannot be compared; the error names both settings."""
    train = examples()
    fewer = take(train, np.arange(60))
    with pytest.raises(DataError, match=r"\{'n': 1\} and \{'n': 2\} leave different samples"):
        search(
            [Candidate({"n": 1}, NaiveBayes(), [], train), Candidate({"n": 2}, NaiveBayes(), [], fewer)],
            cv=3,
            scoring="accuracy",
            seed=0,
        )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"scoring": "acuracy"},
            "unknown score 'acuracy'; expected one of accuracy, macro_f1, auc_ovo, auc_ovr",
        ),
        ({"cv": 1}, "1 folds are too few"),
        ({"candidates": []}, "no settings to try"),
    ],
)
def test_bad_searches_are_refused(given: dict[str, Any], message: str) -> None:
    """Mistakes in the tune section say what was expected."""
    call: dict[str, Any] = {
        "candidates": [Candidate({}, NaiveBayes(), [], examples())],
        "cv": 3,
        "scoring": "accuracy",
    } | given
    with pytest.raises(UsageError, match=message):
        search(call["candidates"], cv=call["cv"], scoring=call["scoring"], seed=0)


def test_taking_rows_leaves_images_unread() -> None:
    """Rows of images are looked up when asked for, by their own number."""
    few = take(examples(images=True, image_size=32), np.array([5, 2]))
    full = examples(images=True, image_size=32)
    assert few.images is not None
    assert full.images is not None
    assert len(few.images) == 2
    assert np.array_equal(few.images[1], full.images[2])
    assert [image.shape for image in few.images] == [(32, 32, 3)] * 2
    assert list(few.ids) == [full.ids[5], full.ids[2]]
