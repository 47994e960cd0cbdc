"""The built-in selectors, alone and inside a classifier's pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from pydantic import ValidationError
from sklearn.feature_selection import mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from leukokit.api import Selector
from leukokit.plugins.select.information_gain import InformationGain
from leukokit.plugins.select.lda import Lda
from leukokit.plugins.select.pca import Pca
from leukokit.plugins.select.variance import Variance

SELECTORS = [
    InformationGain.create(k=3),
    InformationGain.create(threshold=0.2),
    Pca.create(n_components=2),
    Pca.create(n_components=0.9, whiten=True),
    Lda(),
    Lda.create(shrinkage="auto", n_components=1),
    Variance(),
]


def table(seed: int = 0, rows: int = 90) -> tuple[pd.DataFrame, np.ndarray]:
    """Three classes; `strong` and `weak` tell them apart, `noise_*` do not, `rare` hardly varies."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(["early", "pre", "pro"], rows // 3)
    step = np.repeat([0.0, 1.0, 2.0], rows // 3)
    columns = {f"noise_{i}": rng.normal(size=rows) for i in range(4)}
    columns["weak"] = step + rng.normal(size=rows)
    columns["strong"] = 4 * step + rng.normal(size=rows)
    columns["rare"] = np.r_[1.0, 1.0, np.zeros(rows - 2)]
    return pd.DataFrame(columns), labels


@pytest.mark.parametrize("selector", SELECTORS, ids=repr)
def test_saved_transformers_need_no_more_trust_than_declared(selector: Selector) -> None:
    """A fitted transformer goes through skops with the declared types alone and transforms the same."""
    features, labels = table()
    fitted = selector.transformer(seed=5).fit(features, labels)
    data = skops.io.dumps(fitted)
    assert set(skops.io.get_untrusted_types(data=data)) <= set(selector.trusted)
    loaded = skops.io.loads(data, trusted=list(selector.trusted))
    assert np.array_equal(fitted.transform(features), loaded.transform(features))


@pytest.mark.parametrize("selector", SELECTORS, ids=repr)
def test_transformers_name_their_columns(selector: Selector) -> None:
    """There is one name a column, and the same seed gives the same numbers."""
    features, labels = table()
    first = selector.transformer(seed=5).fit(features, labels)
    second = selector.transformer(seed=5).fit(features, labels)
    assert len(first.get_feature_names_out()) == first.transform(features).shape[1]
    assert np.array_equal(first.transform(features), second.transform(features))


@pytest.mark.parametrize("selector", SELECTORS, ids=repr)
def test_selectors_stand_in_a_pipeline(selector: Selector) -> None:
    """After scaling and before a classifier, the pipeline learns what the features tell."""
    features, labels = table()
    pipeline = make_pipeline(StandardScaler(), selector.transformer(seed=5), LogisticRegression())
    others, truth = table(seed=1)
    assert pipeline.fit(features, labels).score(others, truth) > 0.8


def kept(selector: Selector, features: pd.DataFrame, labels: Any = None) -> list[str]:
    return list(selector.transformer(seed=5).fit(features, labels).get_feature_names_out())


def test_information_gain_keeps_the_columns_that_tell_most() -> None:
    """The column that parts the classes best comes first, then the one that does so weakly."""
    features, labels = table()
    assert kept(InformationGain.create(k=1), features, labels) == ["strong"]
    assert set(kept(InformationGain.create(k=2), features, labels)) == {"strong", "weak"}


def test_scores_are_scikit_learns_for_continuous_columns() -> None:
    """On a table without two-valued columns the scores equal ``mutual_info_classif`` with the same seed."""
    features, labels = table()
    features = features.drop(columns="rare")
    fitted = InformationGain.create(k=2, neighbors=4).transformer(seed=11).fit(features, labels)
    assert np.array_equal(
        fitted.scores_, mutual_info_classif(features, labels, n_neighbors=4, random_state=11)
    )


@pytest.mark.parametrize("values", [(0.0, 1.0), (-0.577, 1.732)], ids=["as it is", "standardized"])
def test_information_of_a_two_valued_column_is_counted_exactly(values: tuple[float, float]) -> None:
    """A column that takes its other value in one of two equal classes carries ln 2 nats, a constant none."""
    labels = np.repeat([0, 1], 10)
    features = np.column_stack([np.where(labels == 1, values[1], values[0]), np.zeros(20)])
    fitted = InformationGain.create(k=1).transformer(seed=0).fit(features, labels)
    assert fitted.scores_ == pytest.approx([np.log(2), 0.0])


def test_more_columns_wanted_than_there_are_keeps_all() -> None:
    """The default of 40 on a table of seven columns is no mistake."""
    features, labels = table()
    assert kept(InformationGain(), features, labels) == list(features.columns)


def test_threshold_that_no_column_reaches_says_what_the_best_reaches() -> None:
    """An empty table would only break further on."""
    features, labels = table()
    with pytest.raises(ValueError, match=r"no feature carries 9 nats.*the best carries .*lower threshold"):
        InformationGain.create(threshold=9).transformer(seed=0).fit(features, labels)


def test_selection_sees_only_the_rows_it_is_fitted_on() -> None:
    """A column that tells the classes apart only outside the training rows is not kept."""
    features, labels = table(rows=180)
    train = np.arange(180) % 2 == 0
    features["leak"] = np.random.default_rng(9).normal(size=180)
    features.loc[~train, "leak"] += 50 * (labels[~train] == "pro")
    names = kept(InformationGain.create(k=2), features[train], labels[train])
    assert "leak" not in names
    assert "leak" in kept(InformationGain.create(k=2), features[~train], labels[~train])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"k": 5, "threshold": 0.1},
            r"exactly one of `k` and `threshold`; found both \(k: 5, threshold: 0.1\)",
        ),
        ({"k": None}, "exactly one of `k` and `threshold`; found neither"),
        ({"k": 0}, "greater than or equal to 1"),
    ],
)
def test_information_gain_takes_exactly_one_criterion(params: dict[str, Any], message: str) -> None:
    """Both or neither is refused; a threshold alone replaces the default k."""
    with pytest.raises(ValidationError, match=message):
        InformationGain.create(**params)
    assert InformationGain.create(threshold=0.1).params.k is None


@pytest.mark.parametrize("scaled", [False, True])
def test_variance_drops_what_hardly_varies_before_and_after_scaling(scaled: bool) -> None:
    """The share of the most frequent value decides, which scaling does not change."""
    features, labels = table()
    if scaled:
        features = pd.DataFrame(StandardScaler().fit_transform(features), columns=features.columns)
    assert "rare" not in kept(Variance(), features, labels)
    assert len(kept(Variance(), features, labels)) == features.shape[1] - 1
    assert "rare" in kept(Variance.create(max_share=0.99), features, labels)


def test_variance_refuses_a_table_in_which_nothing_varies() -> None:
    """The message tells the lowest share there is."""
    with pytest.raises(
        ValueError, match="all 2 features are nearly constant: one value fills 100% of the rows"
    ):
        Variance().transformer(seed=0).fit(np.ones((10, 2)))


def test_pca_keeps_the_share_of_variance_asked_for() -> None:
    """Just as many components as needed: one fewer explains less than the share."""
    features, _ = table()
    fitted = Pca.create(n_components=0.8).transformer(seed=0).fit(features)
    explained = fitted.explained_variance_ratio_
    assert explained.sum() >= 0.8
    full = Pca.create(n_components=features.shape[1]).transformer(seed=0).fit(features)
    assert full.explained_variance_ratio_[: len(explained) - 1].sum() < 0.8


def test_whitened_components_have_variance_one() -> None:
    """``whiten`` scales what comes out of the training rows."""
    features, _ = table()
    result = Pca.create(n_components=3, whiten=True).transformer(seed=0).fit_transform(features)
    assert result.var(axis=0, ddof=1) == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("value", [0, 1.0, -3, True])
def test_pca_takes_a_count_or_a_share(value: Any) -> None:
    """1.0 is neither a whole number nor a share below 1."""
    with pytest.raises(ValidationError, match="n_components"):
        Pca.create(n_components=value)


def test_lda_finds_the_axis_that_parts_two_classes() -> None:
    """In two blobs, elongated across the line that joins them, the classes part on one axis."""
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1], 200)
    points = rng.normal(size=(400, 2)) * (1.0, 10.0) + labels[:, None] * (6.0, 0.0)
    axis = Lda().transformer(seed=0).fit(points, labels).transform(points)
    assert axis.shape == (400, 1)
    gap = abs(axis[labels == 0].mean() - axis[labels == 1].mean())
    assert gap / axis[labels == 0].std() > 5
