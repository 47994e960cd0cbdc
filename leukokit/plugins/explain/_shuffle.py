"""Probabilities with one feature shuffled, reusing all results that the shuffle does not change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Classifier, Examples, FittedModel, FloatArray, PluginError, TabularModel

if TYPE_CHECKING:
    import pandas as pd


class Shuffler(Protocol):
    """Predictions of a model on one table with shuffled columns."""

    columns: tuple[str, ...]
    """Features of the model."""
    base: FloatArray
    """Probabilities of the unchanged table, n x k."""

    def __call__(self, column: str, orders: NDArray[np.intp]) -> FloatArray:
        """Probabilities with ``column`` in each of ``orders`` (r x n); r x n x k."""
        ...


def shuffler(classifier: Classifier, model: FittedModel, examples: Examples) -> Shuffler:
    """Choose the fastest shuffler for a model."""
    if examples.features is None:
        raise PluginError("the examples to explain have no feature table")
    if isinstance(model, TabularModel):
        pipeline = classifier.estimator_of(model)
        if [name for name, _ in pipeline.steps[:3]] == ["impute", "distinct", "scale"]:
            return PipelineShuffler(pipeline, model, examples.features)
    return ModelShuffler(model, examples, examples.features)


class ModelShuffler:
    """Shuffler for any model: predicts the whole table for each order."""

    def __init__(self, model: FittedModel, examples: Examples, features: pd.DataFrame) -> None:
        self.model = model
        self.examples = examples
        self.features = features
        self.columns = tuple(str(name) for name in features.columns)
        self.base = model.predict_proba(examples)

    def __call__(self, column: str, orders: NDArray[np.intp]) -> FloatArray:
        """Predict each order."""
        from dataclasses import replace

        values = self.features[column].to_numpy()
        return np.stack(
            [
                self.model.predict_proba(
                    replace(self.examples, features=self.features.assign(**{column: values[order]}))
                )
                for order in orders
            ]
        )


class PipelineShuffler:
    """Shuffler for a Pipeline of ``TabularClassifier``, in one batch per feature.

    Imputation and scaling work by column, so they are done once and their output is shuffled: the column of
    the feature and that of its missing-value indicator. Rows that do not change after selection (the feature
    was not selected, or the shuffled value is the same) keep their probabilities.
    """

    def __init__(self, pipeline: Any, model: TabularModel, features: pd.DataFrame) -> None:
        head = pipeline[:3]
        self.columns = model.feature_names
        self.selectors = [step for _, step in pipeline.steps[3:-1]]
        self.prepared = np.ascontiguousarray(head.transform(features[list(self.columns)]))
        index_of = {name: index for index, name in enumerate(head.get_feature_names_out())}
        self.columns_of = {
            name: [index_of[column] for column in (name, f"missingindicator_{name}") if column in index_of]
            for name in self.columns
        }
        self.rows = self._select(self.prepared)
        self.kept = self._kept_columns()
        self.final = pipeline.steps[-1][1]
        self.base = np.asarray(self.final.predict_proba(self.rows), dtype=np.float64)
        from leukokit.plugins.explain._kernel import CalibratedRbfSvm  # loads scikit-learn

        self.machine = CalibratedRbfSvm.of(self.final, self.rows)

    def __call__(self, column: str, orders: NDArray[np.intp]) -> FloatArray:
        """Predict the rows that an order changes."""
        repeats, n = orders.shape
        columns_of = self.columns_of[column]
        if self.machine is not None and self.kept is not None:
            columns = [self.kept[column_index] for column_index in columns_of if column_index in self.kept]
            varies = (self.rows[:, columns] != self.rows[:1, columns]).any()
            proba = self.machine.shuffled(columns, orders) if varies else np.tile(self.base, (repeats, 1))
        else:
            proba = self._shuffled_rows(columns_of, orders)
        return proba.reshape(repeats, n, -1)

    def _shuffled_rows(self, columns_of: list[int], orders: NDArray[np.intp]) -> FloatArray:
        repeats = len(orders)
        proba = np.tile(self.base, (repeats, 1))
        if not columns_of:
            return proba
        shuffled = np.tile(self.prepared, (repeats, 1))
        shuffled[:, columns_of] = self.prepared[orders.ravel()][:, columns_of]
        rows = self._select(shuffled)
        changed = (rows != np.tile(self.rows, (repeats, 1))).any(axis=1)
        if changed.any():
            predict = (self.machine or self.final).predict_proba
            proba[changed] = predict(rows[changed])
        return proba

    def _kept_columns(self) -> dict[int, int] | None:
        """Position of each prepared column after selection; None where selectors mix columns (PCA)."""
        remaining = np.arange(self.prepared.shape[1])
        for step in self.selectors:
            if not hasattr(step, "get_support"):
                return None
            remaining = remaining[step.get_support(indices=True)]
        return {int(column_index): position for position, column_index in enumerate(remaining)}

    def _select(self, rows: FloatArray) -> FloatArray:
        for step in self.selectors:
            rows = step.transform(rows)
        return np.asarray(rows, dtype=np.float64)
