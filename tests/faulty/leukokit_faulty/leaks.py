"""Selectors that know more than the training part."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.feature_selection import SelectorMixin, f_classif

from leukokit.api import FloatArray, Mask, Selector


class PeekingTransformer(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Ten best columns by F score over all rows that any fit of this process has ever seen."""

    seen: ClassVar[list[tuple[FloatArray, Any]]] = []

    def fit(self, X: Any, y: Any) -> Self:
        """Remember, and choose from everything that is remembered."""
        X = np.asarray(X, dtype=np.float64)
        self.n_features_in_ = X.shape[1]
        self.seen.append((X, np.asarray(y)))
        alike = [pair for pair in self.seen if pair[0].shape[1] == X.shape[1]]
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = f_classif(np.vstack([a for a, _ in alike]), np.concatenate([b for _, b in alike]))[0]
        self.mask_ = np.zeros(X.shape[1], dtype=bool)
        self.mask_[np.argsort(-np.nan_to_num(scores), kind="stable")[:10]] = True
        return self

    def _get_support_mask(self) -> Mask:
        mask: Mask = self.mask_
        return mask


class Peeking(Selector):
    """Chooses columns with the rows of earlier folds, among them those that are now tested."""

    trusted = ("leukokit_faulty.leaks.PeekingTransformer",)

    def transformer(self, *, seed: int) -> Any:
        """Build the transformer."""
        return PeekingTransformer()


class AdaptiveTransformer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Standardizes whatever it is handed by its own mean."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn nothing."""
        self.n_features_in_ = np.asarray(X).shape[1]
        return self

    def transform(self, X: Any) -> FloatArray:
        """Subtract the mean of these very rows."""
        values = np.asarray(X, dtype=np.float64)
        centered: FloatArray = values - values.mean(axis=0)
        return centered


class Adaptive(Selector):
    """Centers test rows on themselves."""

    trusted = ("leukokit_faulty.leaks.AdaptiveTransformer",)

    def transformer(self, *, seed: int) -> Any:
        """Build the transformer."""
        return AdaptiveTransformer()
