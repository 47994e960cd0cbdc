"""The columns that carry news: those that vary and do not repeat another."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data


class DistinctColumns(SelectorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Keep columns that vary over the fitted rows and differ from every earlier column.

    A constant column cannot be scaled: later values would enter as they are, in thousands of pixels beside
    standard scores, and outweigh everything learnt. And where no cell is found all features of cells are
    missing together: sixty equal indicators would count one fact sixty times, and put a sample of a rare kind
    further from every other than all its features together could make up for.

    Attributes
    ----------
    support_ : bool array, n_features
        True for the columns that stay.
    """

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's protocol
        """Find the columns."""
        X = validate_data(self, X)
        first: dict[bytes, int] = {}
        for place, column in enumerate(X.T):
            first.setdefault(column.tobytes(), place)
        self.support_: NDArray[np.bool_] = np.zeros(X.shape[1], dtype=np.bool_)
        self.support_[list(first.values())] = True
        self.support_ &= np.ptp(X, axis=0) > 0
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self.support_
