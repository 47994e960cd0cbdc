"""Selection of informative columns: those that vary and are not equal to another one."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data


class DistinctColumns(SelectorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Keep columns that vary over the fitted rows and differ from every earlier column.

    A constant column cannot be standardized: other values in later rows would have thousands of times the
    scale of the standardized columns and dominate the model. And where no cell is found all features of cells
    are missing together: sixty equal missing-value indicators would give one fact sixty times the weight.

    Attributes
    ----------
    support_ : bool array, n_features
        True for the columns that stay.
    """

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's protocol
        """Find the columns."""
        X = validate_data(self, X)
        first: dict[bytes, int] = {}
        for index, column in enumerate(X.T):
            first.setdefault(column.tobytes(), index)
        self.support_: NDArray[np.bool_] = np.zeros(X.shape[1], dtype=np.bool_)
        self.support_[list(first.values())] = True
        self.support_ &= np.ptp(X, axis=0) > 0
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self.support_
