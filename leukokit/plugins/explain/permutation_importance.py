"""Permutation importance of features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from leukokit.api import (
    Classifier,
    DataError,
    Examples,
    Explainer,
    Explanation,
    Field,
    FittedModel,
    FloatArray,
    LeukokitError,
    Params,
)
from leukokit.plugins.explain._shuffle import shuffler


class PermutationImportanceParams(Params):
    """Parameters of :class:`PermutationImportance`."""

    repeats: int = Field(10, ge=1, le=1000, description="Number of shuffles of each feature.")
    scoring: Literal["accuracy", "macro_f1", "log_loss"] = Field(
        "accuracy",
        description="Score whose loss is measured; 'log_loss' also changes where no prediction does.",
    )


class PermutationImportance(Explainer):
    """Loss of score when one feature is shuffled between samples.

    The raw feature is shuffled with its missing values, and so is its missing-value indicator. If two
    features carry the same information, shuffling one of them has little effect. Source: Breiman 2001, doi
    10.1023/A:1010933404324; Fisher, Rudin and Dominici 2019, JMLR 20 (177).
    """

    Params = PermutationImportanceParams
    params: PermutationImportanceParams

    def explain(
        self, classifier: Classifier, model: FittedModel, examples: Examples, *, seed: int
    ) -> Explanation:
        """Shuffle each feature in turn.

        Returns
        -------
        Explanation
            ``table`` with ``feature``, ``importance_mean`` and ``importance_std`` (population, over repeats),
            in units of the score, the most important first.

        Raises
        ------
        LeukokitError
            Where there is no feature table.
        DataError
            Where there are no labels or fewer than two samples.
        """
        import pandas as pd

        if examples.features is None:
            raise LeukokitError("permutation importance shuffles features, and this model has none")
        if examples.labels is None or len(examples) < 2:
            raise DataError("permutation importance needs two samples or more with labels")
        number = {name: index for index, name in enumerate(model.classes)}
        true = np.array([number.get(str(name), -1) for name in examples.labels])
        score = _SCORES[self.params.scoring]
        rng = np.random.default_rng(seed)
        # The same orders for every feature, so that differences between features are not random.
        orders = rng.permuted(np.tile(np.arange(len(examples)), (self.params.repeats, 1)), axis=1)
        with threadpool_limits(limits=1):  # the last digits would depend on the number of threads
            shuffle = shuffler(classifier, model, examples)
            base = score(true, shuffle.base)
            losses = {
                column: [base - score(true, proba) for proba in shuffle(column, orders)]
                for column in shuffle.columns
            }
        table = pd.DataFrame(
            {
                "feature": list(losses),
                "importance_mean": [float(np.mean(values)) for values in losses.values()],
                "importance_std": [float(np.std(values)) for values in losses.values()],
            }
        )
        order = np.argsort(-table["importance_mean"].to_numpy(), kind="stable")
        return Explanation(table=table.iloc[order].reset_index(drop=True))


def _accuracy(true: NDArray[np.intp], proba: FloatArray) -> float:
    return float(np.mean(proba.argmax(axis=1) == true))


def _macro_f1(true: NDArray[np.intp], proba: FloatArray) -> float:
    predicted = proba.argmax(axis=1)
    return float(
        np.mean(
            [
                2
                * np.sum((true == class_number) & (predicted == class_number))
                / (np.sum(true == class_number) + np.sum(predicted == class_number))
                for class_number in np.unique(true)
            ]
        )
    )


def _negative_log_loss(true: NDArray[np.intp], proba: FloatArray) -> float:
    true_proba = np.where(true >= 0, proba[np.arange(len(true)), true], 0.0)
    return float(np.mean(np.log(np.maximum(true_proba, 1e-15))))


_SCORES: dict[str, Callable[[NDArray[Any], FloatArray], float]] = {
    "accuracy": _accuracy,
    "macro_f1": _macro_f1,
    "log_loss": _negative_log_loss,
}
