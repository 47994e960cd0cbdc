"""Probabilities with one feature shuffled, without doing again what the shuffle leaves as it was."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Classifier, Examples, FittedModel, FloatArray, TabularModel


class Shuffler(Protocol):
    """A model on one table."""

    columns: tuple[str, ...]
    """Features that the model takes."""
    base: FloatArray
    """Probabilities of the table as it is, n x k."""

    def __call__(self, column: str, orders: NDArray[np.intp]) -> FloatArray:
        """Probabilities with ``column`` in each of ``orders`` (r x n); r x n x k."""
        ...


def shuffler(classifier: Classifier, model: FittedModel, examples: Examples) -> Shuffler:
    """Choose the quickest way for a model."""
    if isinstance(model, TabularModel):
        pipeline = classifier.estimator_of(model)
        if [name for name, _ in pipeline.steps[:3]] == ["impute", "distinct", "scale"]:
            return PipelineShuffler(pipeline, model, examples)
    return ModelShuffler(model, examples)


class ModelShuffler:
    """Any model: the whole table is predicted for each order."""

    def __init__(self, model: FittedModel, examples: Examples) -> None:
        assert examples.features is not None
        self.model = model
        self.examples = examples
        self.columns = tuple(str(name) for name in examples.features.columns)
        self.base = model.predict_proba(examples)

    def __call__(self, column: str, orders: NDArray[np.intp]) -> FloatArray:
        """Predict each order."""
        from dataclasses import replace

        table: Any = self.examples.features
        values = table[column].to_numpy()
        return np.stack(
            [
                self.model.predict_proba(
                    replace(self.examples, features=table.assign(**{column: values[order]}))
                )
                for order in orders
            ]
        )


class PipelineShuffler:
    """A Pipeline of ``TabularClassifier``, in one batch a feature.

    Imputation and scaling work column by column, so they are done once and their output is shuffled: the
    feature's own column and its missing-indicator. Rows that come out of selection as they were (the feature
    was not selected, or the shuffle put back the same value) keep their probabilities.
    """

    def __init__(self, pipeline: Any, model: TabularModel, examples: Examples) -> None:
        assert examples.features is not None
        head = pipeline[:3]
        self.columns = model.feature_names
        self.selectors = [step for _, step in pipeline.steps[3:-1]]
        self.prepared = np.ascontiguousarray(head.transform(examples.features[list(self.columns)]))
        places = {name: place for place, name in enumerate(head.get_feature_names_out())}
        self.places = {
            name: [places[each] for each in (name, f"missingindicator_{name}") if each in places]
            for name in self.columns
        }
        self.rows = self._select(self.prepared)
        self.kept = self._kept_columns()
        self.final = pipeline.steps[-1][1]
        self.base = np.asarray(self.final.predict_proba(self.rows), dtype=np.float64)
        from leukokit.plugins.explain._kernel import KernelMachine  # loads scikit-learn

        self.machine = KernelMachine.of(self.final, self.rows)

    def __call__(self, column: str, orders: NDArray[np.intp]) -> FloatArray:
        """Predict the rows that any order changed."""
        repeats, n = orders.shape
        places = self.places[column]
        if self.machine is not None and self.kept is not None:
            columns = [self.kept[place] for place in places if place in self.kept]
            varies = (self.rows[:, columns] != self.rows[:1, columns]).any()
            proba = self.machine.shuffled(columns, orders) if varies else np.tile(self.base, (repeats, 1))
        else:
            proba = self._shuffled_rows(places, orders)
        return proba.reshape(repeats, n, -1)

    def _shuffled_rows(self, places: list[int], orders: NDArray[np.intp]) -> FloatArray:
        repeats = len(orders)
        proba = np.tile(self.base, (repeats, 1))
        if not places:
            return proba
        shuffled = np.tile(self.prepared, (repeats, 1))
        shuffled[:, places] = self.prepared[orders.ravel()][:, places]
        rows = self._select(shuffled)
        changed = (rows != np.tile(self.rows, (repeats, 1))).any(axis=1)
        if changed.any():
            predict = (self.machine or self.final).predict_proba
            proba[changed] = predict(rows[changed])
        return proba

    def _kept_columns(self) -> dict[int, int] | None:
        """Where each prepared column ends up after selection; None where selectors mix columns (PCA)."""
        left = np.arange(self.prepared.shape[1])
        for step in self.selectors:
            if not hasattr(step, "get_support"):
                return None
            left = left[step.get_support(indices=True)]
        return {int(place): position for position, place in enumerate(left)}

    def _select(self, rows: FloatArray) -> FloatArray:
        for step in self.selectors:
            rows = step.transform(rows)
        return np.asarray(rows, dtype=np.float64)
