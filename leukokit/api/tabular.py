"""Classifiers of feature tables: a scikit-learn Pipeline inside, saved through skops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from leukokit.api.classifier import Classifier, Examples, FittedModel
from leukokit.api.selector import Selector
from leukokit.api.types import FloatArray
from leukokit.errors import LeukokitError

MODEL_FILE = "model.skops"


@dataclass(frozen=True)
class TabularModel:
    """A fitted scikit-learn Pipeline that takes feature tables.

    Attributes
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Steps ``impute``, ``scale``, ``select_<i>`` and ``classify``.
    """

    pipeline: Any

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes in the order of the probability columns."""
        return tuple(str(name) for name in self.pipeline.classes_)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Columns that the table must have, in order."""
        return tuple(str(name) for name in self.pipeline.feature_names_in_)

    def predict_proba(self, examples: Examples) -> FloatArray:
        """Probabilities, float64 n x k, rows sum to 1."""
        if examples.features is None:
            raise LeukokitError("this model takes a feature table and was given none")
        absent = [name for name in self.feature_names if name not in examples.features.columns]
        if absent:
            raise LeukokitError(f"the feature table lacks {len(absent)} columns of the model: {absent[:5]}")
        table = examples.features[list(self.feature_names)]
        return np.asarray(self.pipeline.predict_proba(table), dtype=np.float64)

    def save(self, folder: Path) -> None:
        """Write ``model.skops`` into ``folder``."""
        import skops.io

        (folder / MODEL_FILE).write_bytes(skops.io.dumps(self.pipeline))


class TabularClassifier(Classifier):
    """Base of the classifiers of features: give an estimator, the rest is here.

    Missing values are replaced by the training median, with an indicator column that an audit can see; then
    columns are standardized, selected and classified, all in one Pipeline fitted on the training part.

    Attributes
    ----------
    trusted : tuple of str
        Types, as ``package.module.Class``, that skops may load beyond its own safe list.
    """

    trusted: ClassVar[tuple[str, ...]] = ()

    def estimator(self, *, seed: int, n_splits: int) -> Any:
        """Build the unfitted scikit-learn classifier.

        Parameters
        ----------
        seed : int
            ``random_state`` for whatever draws.
        n_splits : int
            The number of inner folds that the rarest training class allows (2 to 5), for calibration.
        """
        raise NotImplementedError

    def pipeline(self, *, seed: int, n_splits: int, select: Sequence[Selector] = ()) -> Any:
        """Build the unfitted Pipeline: impute, scale, select, classify."""
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler

        steps: list[tuple[str, Any]] = [
            ("impute", SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)),
            ("scale", StandardScaler()),
        ]
        steps += [(f"select_{i}", selector.transformer(seed=seed)) for i, selector in enumerate(select)]
        steps.append(("classify", self.estimator(seed=seed, n_splits=n_splits)))
        return Pipeline(steps)

    def fit(
        self,
        train: Examples,
        validation: Examples | None = None,  # noqa: ARG002 - no classical method here learns from it
        *,
        seed: int,
        select: Sequence[Selector] = (),
        folder: Path | None = None,  # noqa: ARG002 - fits in seconds, keeps no checkpoints
    ) -> TabularModel:
        """Fit the Pipeline on the training table."""
        if train.features is None or train.labels is None:
            raise LeukokitError(f"{type(self).__name__} needs a feature table with labels to fit")
        _, counts = np.unique(train.labels, return_counts=True)
        if len(counts) < 2:
            raise LeukokitError(f"{type(self).__name__} needs two classes or more to train on, found 1")
        n_splits = int(max(2, min(5, counts.min())))
        pipeline = self.pipeline(seed=seed, n_splits=n_splits, select=select)
        return TabularModel(pipeline.fit(train.features, train.labels))

    def load(self, folder: Path) -> TabularModel:
        """Read ``model.skops``; any type that is not on the allow-list is refused before it is built."""
        import skops.io

        data = (folder / MODEL_FILE).read_bytes()
        unknown = sorted(set(skops.io.get_untrusted_types(data=data)) - set(self.trusted))
        if unknown:
            raise LeukokitError(
                f"the model file holds types that are not allowed: {', '.join(unknown)}",
                where=str(folder / MODEL_FILE),
                hint="Only load models that leukokit wrote",
            )
        return TabularModel(skops.io.loads(data, trusted=list(self.trusted)))

    def estimator_of(self, model: FittedModel) -> Any:
        """Return the fitted scikit-learn Pipeline."""
        if not isinstance(model, TabularModel):
            raise LeukokitError(f"{type(self).__name__} did not make this model")
        return model.pipeline
