"""What all classifiers of features share: preparation of the table, and refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from leukokit.api import DataError, Examples, LeukokitError, Selector
from leukokit.testing.tables import NaiveBayes, examples


def table_of(**columns: Any) -> Examples:
    """Twelve samples of two classes."""
    ids = [str(row) for row in range(12)]
    features = pd.DataFrame({"size": np.arange(12.0)} | columns, index=ids)
    return Examples(ids=ids, labels=np.array(["a"] * 6 + ["b"] * 6), features=features)


def prepared(train: Examples) -> pd.DataFrame:
    """Give the table as it reaches the selectors, with the names of its columns."""
    head = NaiveBayes().fit(train, seed=0).pipeline[:3]
    return pd.DataFrame(head.transform(train.features), columns=head.get_feature_names_out())


def test_missing_values_become_the_median_with_an_indicator() -> None:
    """A column with gaps is filled with its median and gains an indicator by its own name."""
    gaps = np.array([np.nan] * 3 + [1.0] * 4 + [9.0] * 5)
    columns = prepared(table_of(area=gaps))
    assert list(columns.columns) == ["size", "area", "missingindicator_area"]
    assert (columns["missingindicator_area"].to_numpy() > 0).tolist() == [True] * 3 + [False] * 9
    assert columns["area"][0] == columns["area"][11]  # the median, 9
    np.testing.assert_allclose(columns.mean(), 0, atol=1e-12)
    np.testing.assert_allclose(columns.std(ddof=0), 1)


def test_values_missing_together_have_one_indicator() -> None:
    """Features that are missing for one reason say so once, not once each."""
    gaps = np.array([np.nan] * 3 + [1.0] * 4 + [9.0] * 5)
    columns = prepared(table_of(area=gaps, width=gaps * 2, other=np.roll(gaps, 3)))
    assert [name for name in columns.columns if "indicator" in name] == [
        "missingindicator_area",
        "missingindicator_other",
    ]
    assert {"size", "area", "width", "other"} <= set(columns.columns)


def test_repeated_column_is_taken_once() -> None:
    """A feature that two extractors give under two names counts once."""
    assert list(prepared(table_of(again=np.arange(12.0))).columns) == ["size"]


def test_column_without_values_is_dropped_with_its_indicator() -> None:
    """A column that is missing throughout is dropped; values that it holds later change nothing."""
    train = table_of(absent=np.full(12, np.nan))
    assert list(prepared(train).columns) == ["size"]
    model = NaiveBayes().fit(train, seed=0)
    assert train.features is not None
    later = replace(train, features=train.features.assign(absent=5000.0))
    assert np.array_equal(model.predict_proba(train), model.predict_proba(later))


def test_column_constant_in_training_cannot_move_a_prediction() -> None:
    """A feature that never varied in training is dropped instead of entering unscaled."""
    train = table_of(count=np.ones(12))
    model = NaiveBayes().fit(train, seed=0)
    assert train.features is not None
    later = replace(train, features=train.features.assign(count=40.0))
    assert np.array_equal(model.predict_proba(train), model.predict_proba(later))


def test_missing_value_in_a_column_that_was_whole_in_training() -> None:
    """A gap that training never saw is filled with the median, without an indicator."""
    train = table_of()
    model = NaiveBayes().fit(train, seed=0)
    assert train.features is not None
    gap = replace(train, features=train.features * np.nan)
    middle = replace(train, features=train.features * 0 + 5.5)
    assert np.array_equal(model.predict_proba(gap), model.predict_proba(middle))


def test_other_columns_of_a_table_are_ignored() -> None:
    """A table with more columns, in another order, gives the same probabilities."""
    train = examples()
    model = NaiveBayes().fit(train, seed=0)
    table: Any = train.features
    wider = replace(train, features=table.assign(extra=1.0)[["extra", *table.columns[::-1]]])
    assert np.array_equal(model.predict_proba(train), model.predict_proba(wider))
    assert model.feature_names == tuple(table.columns)


def test_table_where_nothing_varies_is_refused() -> None:
    """The error says how many features there are and what to look at."""
    flat = table_of(size=np.ones(12), gone=np.full(12, np.nan))
    with pytest.raises(DataError, match="none of the 2 features varies over the training part"):
        NaiveBayes().fit(flat, seed=0)


def test_indicator_alone_is_enough_to_learn_from() -> None:
    """A column with one value and gaps varies through its gaps."""
    train = table_of(size=np.where(np.arange(12) < 6, 1.0, np.nan))
    model = NaiveBayes().fit(train, seed=0)
    assert model.predict_proba(train).argmax(axis=1).tolist() == [0] * 6 + [1] * 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": None}, "needs a feature table with labels"),
        ({"features": None}, "needs a feature table with labels"),
        ({"labels": np.full(90, "early")}, "needs two classes or more to train on, found 1"),
    ],
)
def test_training_parts_that_teach_nothing_are_refused(change: dict[str, Any], message: str) -> None:
    """No labels, no table or one class are errors in plain words."""
    with pytest.raises(LeukokitError, match=message):
        NaiveBayes().fit(replace(examples(), **change), seed=0)


def test_prediction_without_the_columns_names_them() -> None:
    """Missing columns are counted and named."""
    model = NaiveBayes().fit(examples(), seed=0)
    table: Any = examples().features
    with pytest.raises(LeukokitError, match=r"lacks 2 columns of the model: \['signal_0', 'signal_1'\]"):
        model.predict_proba(replace(examples(), features=table.drop(columns=["signal_0", "signal_1"])))
    with pytest.raises(LeukokitError, match="takes a feature table and was given none"):
        model.predict_proba(replace(examples(), features=None))


def test_no_rows_give_no_probabilities() -> None:
    """An empty table is predicted as an empty array with a column a class."""
    model = NaiveBayes().fit(examples(), seed=0)
    table: Any = examples().features
    assert model.predict_proba(Examples(ids=[], features=table.iloc[:0])).shape == (0, 3)


class Stubborn(Selector):
    """Cannot be fitted on any table."""

    def transformer(self, *, seed: int) -> Any:
        from sklearn.feature_selection import VarianceThreshold

        return VarianceThreshold(threshold=1e9)


def test_selector_that_cannot_work_is_an_error_of_the_data() -> None:
    """What a transformer says of the table reaches the user, with the part that it is about."""
    with pytest.raises(DataError, match=r"training part: NaiveBayes cannot be fitted: No feature in X meets"):
        NaiveBayes().fit(examples(), seed=0, select=[Stubborn()])


class Lambda(Selector):
    """Holds a function that no file can hold."""

    def transformer(self, *, seed: int) -> Any:
        from sklearn.preprocessing import FunctionTransformer

        return FunctionTransformer(lambda table: table)


def test_selector_with_a_lambda_is_refused(tmp_path: Any) -> None:
    """A function made on the spot is never loaded from a file."""
    model = NaiveBayes().fit(examples(), seed=0, select=[Lambda()])
    model.save(tmp_path)
    with pytest.raises(LeukokitError, match=r"types that are not allowed: .*<lambda>"):
        NaiveBayes().load(tmp_path, select=[Lambda()])
