"""Scores agree with scikit-learn and with hand-made cases, and say what they cannot know."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_recall_fscore_support, recall_score, roc_auc_score

from leukokit.errors import DataError, PluginError
from leukokit.evaluation.intervals import Groups, proportion
from leukokit.evaluation.metrics import SCORES, ClassPoints, predictions_table, score, scores
from leukokit.evaluation.score_intervals import ClassBounds

CLASSES = ("Benign", "Early", "Pre", "Pro")


def drawn(
    seed: int, n: int, classes: tuple[str, ...], sharpness: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Draw true classes, each present, and probabilities that favor them."""
    rng = np.random.default_rng(seed)
    number = np.concatenate([np.arange(len(classes)), rng.integers(0, len(classes), n - len(classes))])
    logits = rng.normal(size=(n, len(classes)))
    logits[np.arange(n), number] += sharpness
    proba = np.exp(logits)
    return np.array(classes)[number], proba / proba.sum(axis=1, keepdims=True)


def from_matrix(matrix: list[list[int]]) -> tuple[list[str], np.ndarray]:
    """Truth and hard predictions that give a confusion matrix."""
    true, rows = [], []
    for i, row in enumerate(matrix):
        for j, count in enumerate(row):
            true += [CLASSES[i]] * count
            rows += [np.eye(len(matrix))[j]] * count
    return true, np.array(rows)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(3, 5), n=st.integers(12, 80))
def test_scores_agree_with_scikit_learn(seed: int, k: int, n: int) -> None:
    """Every score equals scikit-learn's where every class is present."""
    classes = tuple(f"class-{i}" for i in range(k))
    true, proba = drawn(seed, n, classes)
    metrics = scores(true, proba, classes).points
    predicted = np.array(classes)[proba.argmax(axis=1)]
    precision, recall, f1, support = precision_recall_fscore_support(
        true, predicted, labels=classes, zero_division=0
    )
    assert metrics.accuracy == pytest.approx(np.mean(true == predicted))
    assert metrics.macro_f1 == pytest.approx(f1_score(true, predicted, labels=classes, average="macro"))
    assert metrics.macro_precision == pytest.approx(precision.mean())
    assert metrics.macro_recall == pytest.approx(recall.mean())
    assert metrics.auc_ovo == pytest.approx(roc_auc_score(true, proba, multi_class="ovo", labels=classes))
    assert metrics.auc_ovr == pytest.approx(roc_auc_score(true, proba, multi_class="ovr", labels=classes))
    for index, name in enumerate(classes):
        scores_of_class = metrics.per_class[name]
        assert (scores_of_class.precision or 0.0) == pytest.approx(precision[index])
        assert scores_of_class.recall == pytest.approx(recall[index])
        assert scores_of_class.specificity == pytest.approx(recall_score(true != name, predicted != name))
        assert scores_of_class.f1 == pytest.approx(f1[index])
        assert scores_of_class.support == support[index]
        assert scores_of_class.auc_ovr == pytest.approx(roc_auc_score(true == name, proba[:, index]))


def test_two_classes_have_one_area_under_the_curve() -> None:
    """With two classes one-vs-one and one-vs-rest are the plain area under the ROC curve."""
    true, proba = drawn(3, 60, ("cell", "no cell"))
    metrics = scores(true, proba, ("cell", "no cell")).points
    plain = roc_auc_score(true == "cell", proba[:, 0])
    assert metrics.auc_ovo == pytest.approx(plain)
    assert metrics.auc_ovr == pytest.approx(plain)


def test_hand_made_matrix_gives_hand_made_numbers() -> None:
    """Four in five right of one class and half of the other, by pencil."""
    true, proba = from_matrix([[4, 1], [2, 2]])
    metrics = scores(true, proba, CLASSES[:2]).points
    assert metrics.accuracy == pytest.approx(6 / 9)
    assert asdict(metrics.per_class["Benign"]) == pytest.approx(
        {"precision": 4 / 6, "recall": 4 / 5, "specificity": 2 / 4, "f1": 8 / 11}
        | {"support": 5, "predicted": 6, "auc_ovr": 0.65}
    )
    assert metrics.macro_f1 == pytest.approx((8 / 11 + 4 / 7) / 2)
    assert list(metrics.per_class) == ["Benign", "Early"]
    assert metrics.matrix == ((4, 1), (2, 2))


def test_accuracy_and_macro_f1_are_not_swapped() -> None:
    """With 50 images a class, as in the paper, accuracy equals macro recall and F1 differs."""
    true, proba = from_matrix([[32, 15, 2, 1], [9, 33, 6, 2], [1, 4, 40, 5], [0, 1, 14, 35]])
    metrics = scores(true, proba, CLASSES).points
    assert metrics.accuracy == pytest.approx(140 / 200)
    assert metrics.macro_recall == pytest.approx(140 / 200)
    by_hand = np.mean([2 * 32 / (50 + 42), 2 * 33 / (50 + 53), 2 * 40 / (50 + 62), 2 * 35 / (50 + 43)])
    assert metrics.macro_f1 == pytest.approx(by_hand)
    assert metrics.macro_f1 != pytest.approx(metrics.accuracy, abs=1e-4)


def test_class_without_samples_is_null_with_a_note() -> None:
    """A class that the part lacks has null scores, stays out of the means, and is named.

    Only its specificity is known: one image in ten was taken for it.
    """
    true, proba = from_matrix([[5, 0, 0], [0, 4, 1], [0, 0, 0]])
    scored = scores(true, proba, CLASSES[:3])
    metrics = scored.points
    assert metrics.per_class["Pre"] == ClassPoints(
        support=0, predicted=1, precision=None, recall=None, specificity=0.9, f1=None, auc_ovr=None
    )
    bounds = proportion([True] * 9 + [False], Groups.of(None, 10))
    assert scored.class_bounds["Pre"] == ClassBounds(
        precision=None, recall=None, specificity=bounds, f1=None, auc_ovr=None
    )
    assert metrics.macro_recall == pytest.approx((1 + 0.8) / 2)
    assert metrics.macro_f1 == pytest.approx((1 + 8 / 9) / 2)
    assert metrics.auc_ovo == pytest.approx((1 + 0.9) / 2)  # pairs without the absent class
    assert metrics.notes == ("Pre: no samples in this part; left out of the macro means",)


def test_class_that_is_never_predicted_has_no_precision() -> None:
    """Its precision is null with a note, its recall a true zero."""
    true, proba = from_matrix([[5, 0], [3, 0]])
    metrics = scores(true, proba, CLASSES[:2]).points
    assert metrics.per_class["Early"].precision is None
    assert metrics.per_class["Early"].recall == 0.0
    assert metrics.macro_precision == pytest.approx((5 / 8 + 0) / 2)
    assert metrics.notes == (
        "Early: never predicted; its precision is undefined and counts as 0 in the macro mean",
    )


def test_part_of_one_class_has_no_area_under_the_curve() -> None:
    """Where there is nothing to tell apart, the areas are null instead of an exception."""
    metrics = scores(["Pre"] * 4, np.full((4, 2), 0.5), ("Pre", "Pro")).points
    assert metrics.auc_ovo is None
    assert metrics.auc_ovr is None
    assert metrics.accuracy == 1.0


def test_equal_probabilities_go_to_the_first_class() -> None:
    """Ties are decided by the order of classes, in scores and in the table alike."""
    proba = np.full((3, 2), 0.5)
    assert scores(["a", "a", "b"], proba, ("a", "b")).points.accuracy == pytest.approx(2 / 3)
    table = predictions_table(
        ["1", "2", "3"], ["x", "y", "z"], ["test"] * 3, ["a", "a", "b"], proba, ("a", "b")
    )
    assert list(table["predicted"]) == ["a", "a", "a"]


@pytest.mark.parametrize("name", SCORES)
def test_single_score_is_the_one_of_the_full_set(name: str) -> None:
    """The score that tuning ranks by is the one that is reported."""
    true, proba = drawn(5, 50, CLASSES)
    assert score(name, true, proba, CLASSES) == getattr(scores(true, proba, CLASSES).points, name)


def test_unknown_true_class_is_named() -> None:
    """A class that was not trained on is an error that names it and those known."""
    with pytest.raises(
        DataError,
        match=r"class 'Pro' is not in the training part; the classes of the model are Benign, Early",
    ):
        scores(["Benign", "Pro"], np.full((2, 2), 0.5), ("Benign", "Early"))


def test_nothing_to_score_is_an_error() -> None:
    """An empty part has no scores."""
    with pytest.raises(DataError, match="no samples to score"):
        scores([], np.empty((0, 2)), ("a", "b"))


@pytest.mark.parametrize(
    ("proba", "message"),
    [
        (np.full((2, 3), 1 / 3), r"shape \(2, 3\), expected \(2, 2\)"),
        (np.array([[0.5, 0.5], [np.nan, 0.5]]), "not finite in row 1"),
    ],
)
def test_bad_probabilities_are_refused(proba: np.ndarray, message: str) -> None:
    """Wrong shapes and NaN are errors of the classifier, with the row."""
    with pytest.raises(PluginError, match=message):
        scores(["a", "b"], proba, ("a", "b"))


def test_predictions_table_has_the_promised_columns() -> None:
    """Columns are id, path, part, true, predicted, probabilities; an unknown truth is empty."""
    table = predictions_table(["1"], ["a.jpg"], ["test"], [None], [[0.25, 0.75]], ("a", "b"))
    assert list(table.columns) == ["id", "path", "part", "true", "predicted", "p_a", "p_b"]
    assert table.to_csv(index=False).splitlines()[1] == "1,a.jpg,test,,b,0.25,0.75"


def test_predictions_table_may_be_empty() -> None:
    """No samples give a table with columns and no rows."""
    assert predictions_table([], [], [], [], np.empty((0, 2)), ("a", "b")).shape == (0, 7)
