"""Classifiers of feature tables: scikit-learn Pipelines, saved with skops."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from leukokit.api.classifier import Classifier, Examples, FittedModel, Workspace
from leukokit.api.folds import Folds, class_counts, stratified_folds
from leukokit.api.selector import Selector
from leukokit.arrays import FloatArray
from leukokit.errors import DataError, LeukokitError
from leukokit.tabular import skops_file as _skops

if TYPE_CHECKING:
    import pandas as pd

MODEL_FILE = "model.skops"
# The dtype that SimpleImputer was fitted on, and a mask of columns.
_TRUSTED = ("numpy.dtype", "leukokit.api.columns.DistinctColumns")


@dataclass(frozen=True)
class TabularModel:
    """A fitted scikit-learn Pipeline that takes feature tables.

    Attributes
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Steps ``impute``, ``distinct``, ``scale``, ``select_<i>`` and ``classify``.
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
        if not len(examples.features):
            return np.empty((0, len(self.classes)))
        table = examples.features[list(self.feature_names)]
        with _one_thread():
            return np.asarray(self.pipeline.predict_proba(table), dtype=np.float64)

    def represented(self, features: pd.DataFrame) -> FloatArray:
        """Select and standardize features as the estimator gets them, float64 n x d."""
        with _one_thread():
            selected = self.pipeline[:-1].transform(features[list(self.feature_names)])
        return np.asarray(selected, dtype=np.float64)

    def save(self, folder: Path) -> None:
        """Write ``model.skops`` into ``folder``; the same model gives the same bytes."""
        _skops.write(folder / MODEL_FILE, self.pipeline)


class TabularClassifier(Classifier):
    """Base of the classifiers of features: a subclass implements :meth:`estimator`.

    Missing values are replaced by the training median, with an indicator column that an audit can see.
    Columns that are constant over the training part or equal to another one are dropped; the others are
    standardized, selected and classified. All steps are one Pipeline, fitted on the training part.

    Attributes
    ----------
    trusted : tuple of str
        Types, as ``package.module.Class``, that a saved estimator holds beyond the safe list of skops.
        Loading must not run code for any of them.
    needs_folds : bool
        True where the estimator is calibrated on inner folds of the training part.
    """

    trusted: ClassVar[tuple[str, ...]] = ()
    needs_folds: ClassVar[bool] = False

    def estimator(self, *, seed: int, folds: Folds) -> Any:
        """Build the unfitted scikit-learn classifier.

        Parameters
        ----------
        seed : int
            ``random_state`` of the estimator.
        folds : Folds
            Inner folds of the training rows, 5 or as many as the rarest class allows, by group; empty where
            ``needs_folds`` is False.
        """
        raise NotImplementedError

    def check_train(self, counts: dict[str, int]) -> None:
        """Refuse a training part that the method cannot learn from.

        Parameters
        ----------
        counts : dict of str to int
            Number of training samples of each class, two classes or more.

        Raises
        ------
        DataError
            With class and count.
        """

    def check_loaded(self, estimator: Any) -> None:
        """Refuse a loaded estimator with inconsistent arrays.

        Compiled code uses the indices in a model without checks, and a manipulated file may contain any.

        Raises
        ------
        ValueError
            With the inconsistency.
        """

    def pipeline(self, *, seed: int, folds: Folds = (), select: Sequence[Selector] = ()) -> Any:
        """Build the unfitted Pipeline: impute, drop uninformative columns, scale, select, classify."""
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler

        from leukokit.api.columns import DistinctColumns

        steps: list[tuple[str, Any]] = [
            ("impute", SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)),
            ("distinct", DistinctColumns()),
            ("scale", StandardScaler()),
        ]
        steps += [(f"select_{i}", selector.transformer(seed=seed)) for i, selector in enumerate(select)]
        steps.append(("classify", self.estimator(seed=seed, folds=folds)))
        return Pipeline(steps)

    def fit(
        self,
        train: Examples,
        validation: Examples | None = None,  # noqa: ARG002 - no classical method here learns from it
        *,
        seed: int,
        select: Sequence[Selector] = (),
        workspace: Workspace | None = None,  # noqa: ARG002 - fits in seconds, keeps no checkpoints
    ) -> TabularModel:
        """Fit the Pipeline on the training table.

        Raises
        ------
        DataError
            Where there are fewer than two classes, too few samples of one, or no column that varies.
        """
        if train.features is None or train.labels is None:
            raise LeukokitError(f"{type(self).__name__} needs a feature table with labels to fit")
        counts = class_counts(train.labels)
        if len(counts) < 2:
            raise DataError(
                f"{type(self).__name__} needs two classes or more to train on, found {len(counts)}",
                where="training part",
            )
        self.check_train(counts)
        table = train.features
        if not (table.nunique() > (~table.isna().any()).astype(int)).any():
            raise DataError(
                f"none of the {table.shape[1]} features varies over the training part",
                hint="Choose other features, or check that the segmentation finds cells",
            )
        folds = _inner_folds(train.labels, train.groups, seed=seed) if self.needs_folds else ()
        pipeline = self.pipeline(seed=seed, folds=folds, select=select)
        try:
            with _one_thread():
                return TabularModel(pipeline.fit(table, train.labels))
        except ValueError as error:  # a selector or an estimator that cannot work with this table
            raise DataError(
                f"{type(self).__name__} cannot be fitted: {error}", where="training part"
            ) from error

    def load(self, folder: Path, *, select: Sequence[Selector] = ()) -> TabularModel:
        """Read ``model.skops``; types that are not on the allow-list are refused before anything is built.

        Parameters
        ----------
        folder : Path
            Folder given to ``TabularModel.save``.
        select : sequence of Selector
            The selectors the model was fitted with, for the types that they trust.

        Raises
        ------
        LeukokitError
            Where the file contains anything but a Pipeline of this classifier.
        """
        from sklearn.pipeline import Pipeline

        path = folder / MODEL_FILE
        trusted = {*_TRUSTED, *self.trusted, *(name for selector in select for name in selector.trusted)}
        pipeline = _skops.read(path, trusted)
        expected = type(self.estimator(seed=0, folds=()))
        try:
            if type(pipeline) is not Pipeline or type(pipeline.steps[-1][1]) is not expected:
                raise ValueError(f"it holds no Pipeline that ends with {expected.__name__}")
            self.check_loaded(pipeline.steps[-1][1])
        except Exception as error:  # a manipulated file may lack any attribute
            raise LeukokitError(
                f"the model file does not hold a {type(self).__name__}: {error}",
                where=str(path),
                hint="Only load models that leukokit wrote, with the classifier of the same recipe",
            ) from error
        return TabularModel(pipeline)

    def predict_represented(
        self, model: FittedModel, examples: Examples
    ) -> tuple[FloatArray, FloatArray | None]:
        """Predict, and give the selected, standardized features."""
        return model.predict_proba(examples), self.represented(model, examples)

    def represented(self, model: FittedModel, examples: Examples) -> FloatArray | None:
        """Give the selected, standardized features."""
        if not isinstance(model, TabularModel) or examples.features is None:
            return None
        return model.represented(examples.features)

    def estimator_of(self, model: FittedModel) -> Any:
        """Return the fitted scikit-learn Pipeline."""
        if not isinstance(model, TabularModel):
            raise LeukokitError(f"{type(self).__name__} did not make this model")
        return model.pipeline


def _one_thread() -> AbstractContextManager[object]:
    """Keep BLAS and OpenMP to one thread: the last digits of their sums depend on the number of threads."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits


def _inner_folds(
    labels: NDArray[np.str_], groups: NDArray[np.str_] | None, *, seed: int, max_folds: int = 5
) -> Folds:
    """Divide the training rows into as many folds as the classes allow, at most ``max_folds``."""
    rarest = min(class_counts(labels, groups).values())
    for n_splits in range(min(max_folds, rarest), 2, -1):
        try:
            return stratified_folds(labels, groups, n_splits=n_splits, seed=seed)
        except DataError:  # large groups: fewer folds may be possible
            continue
    try:
        return stratified_folds(labels, groups, n_splits=2, seed=seed)
    except DataError as error:
        raise DataError(
            f"cannot calibrate probabilities: {error.what}", where="training part", hint=error.hint
        ) from error
