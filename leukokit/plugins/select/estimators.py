"""Feature selectors that scikit-learn does not have, with its interface."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin, mutual_info_classif
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from leukokit.api import FloatArray, Mask


class SelectByInformation(SelectorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Keep the columns with the most mutual information with the class.

    Parameters
    ----------
    k : int or None
        Number of columns to keep; all where there are fewer. Of equal scores the earlier column is kept.
    threshold : float or None
        Instead of k: smallest mutual information to keep, in nats.
    n_neighbors : int
        Neighbors of the estimate for continuous columns.
    random_state : int or None
        Seed of the small noise that separates equal values in the estimate.

    Attributes
    ----------
    scores_ : float64 array, n_features
        Mutual information with the class, in nats, 0 or more.
    """

    def __init__(
        self,
        k: int | None = 40,
        *,
        threshold: float | None = None,
        n_neighbors: int = 3,
        random_state: int | None = None,
    ) -> None:
        self.k = k
        self.threshold = threshold
        self.n_neighbors = n_neighbors
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Score the columns.

        Raises
        ------
        ValueError
            Where ``k`` and ``threshold`` are both given or both None, or no column reaches ``threshold``.
        """
        if (self.k is None) == (self.threshold is None):
            raise ValueError("give exactly one of k and threshold")
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        # A column with two values is a category: its information is counted, not estimated from distances.
        discrete = np.array([len(np.unique(column)) <= 2 for column in X.T])
        # After standardization its values are fractions, which scikit-learn would not accept as categories.
        coded = np.where(discrete, X.min(axis=0) < X, X)
        self.scores_: FloatArray = mutual_info_classif(
            coded, y, discrete_features=discrete, n_neighbors=self.n_neighbors, random_state=self.random_state
        )
        if self.threshold is not None and not (self.scores_ >= self.threshold).any():
            raise ValueError(
                f"no feature carries {self.threshold:g} nats about the class; the best carries "
                f"{self.scores_.max():.3g}: lower threshold, or use k"
            )
        return self

    def _get_support_mask(self) -> Mask:
        check_is_fitted(self)
        if self.threshold is not None:
            return self.scores_ >= self.threshold
        mask = np.zeros(len(self.scores_), dtype=bool)
        mask[np.argsort(-self.scores_, kind="stable")[: self.k]] = True
        return mask

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


class DropNearlyConstant(SelectorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Drop the columns in which one value fills more than ``max_share`` of the rows.

    Parameters
    ----------
    max_share : float
        Between 0 and 1.

    Attributes
    ----------
    shares_ : float64 array, n_features
        Share of the rows that the most frequent value of each column fills.
    """

    def __init__(self, max_share: float = 0.95) -> None:
        self.max_share = max_share

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's protocol
        """Count values.

        Raises
        ------
        ValueError
            Where no column would be left.
        """
        X = validate_data(self, X, ensure_min_samples=2)
        modes = [np.unique(column, return_counts=True)[1].max() for column in X.T]
        self.shares_: FloatArray = np.asarray(modes, dtype=np.float64) / len(X)
        if (self.shares_ > self.max_share).all():
            raise ValueError(
                f"all {len(self.shares_)} features are nearly constant: one value fills "
                f"{self.shares_.min():.0%} of the rows or more; max_share allows {self.max_share:.0%}"
            )
        return self

    def _get_support_mask(self) -> Mask:
        check_is_fitted(self)
        return self.shares_ <= self.max_share
