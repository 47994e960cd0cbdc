"""Multinomial logistic regression."""

from __future__ import annotations

from typing import Any, Literal

from leukokit.api import Field, Params, TabularClassifier


class LogisticParams(Params):
    """Parameters of :class:`Logistic`."""

    C: float = Field(1.0, gt=0, le=1e6, description="Inverse strength of the L2 penalty.")
    max_iter: int = Field(
        1000, ge=10, le=100_000, description="Largest number of steps of the L-BFGS solver."
    )
    class_weight: Literal["balanced"] | None = Field(
        None,
        description="'balanced': weights inversely proportional to class frequency; null: equal weights.",
    )


class Logistic(TabularClassifier):
    """Linear class scores through a softmax, with an L2 penalty.

    Source: Cox 1958, doi 10.1111/j.2517-6161.1958.tb00292.x. Its probabilities need no calibration on
    held-out samples: the fit maximizes their likelihood.
    """

    Params = LogisticParams
    params: LogisticParams

    def estimator(self, *, seed: int, folds: Any) -> Any:  # noqa: ARG002 - no calibration
        """Build the classifier."""
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(**self.params.model_dump(), random_state=seed)
