"""Permutation importance agrees with the plain way of shuffling, and is quick where the plain way is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from leukokit.api import Classifier, DataError, Examples, LeukokitError, Selector
from leukokit.plugins.classify.random_forest import RandomForest
from leukokit.plugins.classify.svm import Svm
from leukokit.plugins.explain._shuffle import ModelShuffler, PipelineShuffler, shuffler
from leukokit.plugins.explain.permutation_importance import PermutationImportance
from leukokit.plugins.select.information_gain import InformationGain
from leukokit.plugins.select.pca import Pca
from leukokit.testing.tables import SIGNAL, examples


def two_classes(data: Examples) -> Examples:
    assert data.labels is not None
    return replace(data, labels=np.where(data.labels == "early", "early", "other"))


@pytest.mark.parametrize(
    ("classifier", "select"),
    [
        (Svm(), ()),
        (Svm.create(calibration="isotonic"), ()),
        (Svm.create(calibration="temperature"), (InformationGain.create(k=3),)),
        (Svm(), (Pca.create(n_components=3),)),
        (Svm.create(kernel="linear"), ()),
        (RandomForest.create(n_estimators=5), (InformationGain.create(k=3),)),
    ],
    ids=["svm", "isotonic", "selected", "pca", "linear", "forest"],
)
@pytest.mark.parametrize("binary", [False, True])
def test_quick_way_gives_the_probabilities_of_the_plain_way(
    classifier: Classifier, select: tuple[Selector, ...], binary: bool
) -> None:
    """Shuffled probabilities are those of predicting the whole shuffled table, to rounding."""
    train, test = examples(), examples(1, n=40)
    if binary:
        train, test = two_classes(train), two_classes(test)
    model = classifier.fit(train, seed=0, select=select)
    quick, plain = shuffler(classifier, model, test), ModelShuffler(model, test, test.features)
    assert isinstance(quick, PipelineShuffler)
    orders = np.random.default_rng(0).permuted(np.tile(np.arange(40), (3, 1)), axis=1)
    for column in plain.columns:
        np.testing.assert_allclose(quick(column, orders), plain(column, orders), atol=1e-9)


def test_feature_that_was_not_selected_has_exactly_no_importance() -> None:
    """What the model never sees cannot matter, to the last digit."""
    classifier = Svm()
    model = classifier.fit(examples(), seed=0, select=[InformationGain.create(k=2)])
    explanation = PermutationImportance.create(scoring="log_loss").explain(
        classifier, model, examples(1), seed=0
    )
    table: Any = explanation.table
    assert (table["importance_mean"] == 0).sum() >= 5
    assert table["importance_mean"].iloc[0] > 0.05


def test_table_is_sorted_and_of_the_raw_features() -> None:
    """One row a column of the table, the most important first; indicators are not features of their own."""
    classifier = Svm()
    model = classifier.fit(examples(), seed=0)
    table: Any = PermutationImportance().explain(classifier, model, examples(1), seed=0).table
    expected: Any = examples().features
    assert sorted(table["feature"]) == sorted(expected.columns)
    assert table["importance_mean"].is_monotonic_decreasing
    assert str(table["feature"].iloc[0]).startswith("signal")


def test_missing_values_move_with_their_feature() -> None:
    """Where only the absence of a value tells the class, shuffling the feature costs accuracy."""
    rng = np.random.default_rng(0)
    n = 120
    ids = [str(row) for row in range(n)]
    labels = np.array(["found", "none"])[np.arange(n) % 2]
    area = np.where(labels == "none", np.nan, rng.normal(50, 1, n))
    table = pd.DataFrame({"area": area, "other": rng.normal(size=n)}, index=ids)
    data = Examples(ids=ids, labels=labels, features=table)
    classifier = Svm()
    model = classifier.fit(data, seed=0)
    table: Any = PermutationImportance().explain(classifier, model, data, seed=0).table
    assert table["feature"].iloc[0] == "area"
    assert table["importance_mean"].iloc[0] > 0.3


@pytest.mark.parametrize("scoring", ["accuracy", "macro_f1", "log_loss"])
def test_same_seed_same_table_other_seed_other_table(scoring: str) -> None:
    """The seed alone decides the shuffles."""
    classifier = Svm()
    model = classifier.fit(examples(), seed=0)
    explainer = PermutationImportance.create(scoring=scoring, repeats=2)
    tables: list[Any] = [
        explainer.explain(classifier, model, examples(1), seed=seed).table for seed in (1, 1, 2)
    ]
    assert tables[0].equals(tables[1])
    assert not tables[0].equals(tables[2])


def test_model_of_another_kind_is_explained_the_plain_way() -> None:
    """A plugin's own model, with no Pipeline inside, works too."""

    class Threshold:
        classes = ("early", "other")

        def predict_proba(self, data: Examples) -> np.ndarray:
            assert data.features is not None
            early = (data.features[SIGNAL].to_numpy() > 120).astype(float)
            return np.column_stack([early, 1 - early])

        def save(self, folder: Any) -> None:
            raise NotImplementedError

    table: Any = PermutationImportance().explain(Svm(), Threshold(), two_classes(examples()), seed=0).table
    assert table["feature"].iloc[0] == SIGNAL
    assert (table["importance_mean"].iloc[1:] == 0).all()


def test_samples_without_labels_are_refused() -> None:
    """Loss of score needs the truth; the error says so."""
    classifier = Svm()
    model = classifier.fit(examples(), seed=0)
    with pytest.raises(DataError, match="needs two samples or more with labels"):
        PermutationImportance().explain(classifier, model, replace(examples(), labels=None), seed=0)
    with pytest.raises(LeukokitError, match="shuffles features, and this model has none"):
        PermutationImportance().explain(classifier, model, replace(examples(), features=None), seed=0)
