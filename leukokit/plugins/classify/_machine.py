"""A support vector machine whose kernel width follows the number of columns."""

from __future__ import annotations

from typing import Any, Self

from sklearn.svm import SVC


class WidthByColumns(SVC):  # type: ignore[misc]  # scikit-learn is untyped
    """Machine with ``gamma`` = ``over_d`` / columns; the number of columns is known when it is fitted.

    Parameters
    ----------
    over_d : float
        Above 0. 1 is scikit-learn's ``gamma='auto'``.
    kernel, C, degree, class_weight, random_state
        As of :class:`sklearn.svm.SVC`.
    """

    def __init__(
        self,
        over_d: float = 1.0,
        *,
        kernel: str = "rbf",
        C: float = 1.0,
        degree: int = 3,
        class_weight: str | None = None,
        random_state: int | None = None,
    ) -> None:
        super().__init__(
            kernel=kernel, C=C, degree=degree, class_weight=class_weight, random_state=random_state
        )
        self.over_d = over_d

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the machine."""
        self.gamma = self.over_d / X.shape[1]
        fitted: Self = super().fit(X, y, sample_weight)
        return fitted
