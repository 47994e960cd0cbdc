"""Histogram-based gradient boosting."""

from __future__ import annotations

from typing import Any, Literal

from leukokit.api import Field, Params, TabularClassifier
from leukokit.plugins.classify._trees import check_nodes


class GradientBoostingParams(Params):
    """Parameters of :class:`GradientBoosting`."""

    max_iter: int = Field(100, ge=1, le=10_000, description="Number of rounds, with one tree per class.")
    learning_rate: float = Field(0.1, gt=0, le=1, description="Factor of each tree's contribution.")
    max_leaf_nodes: int = Field(31, ge=2, le=10_000, description="Largest number of leaves of a tree.")
    max_depth: int | None = Field(None, ge=1, le=1000, description="Largest depth of a tree; null: no limit.")
    min_samples_leaf: int = Field(20, ge=1, le=10_000, description="Fewest training samples in a leaf.")
    l2_regularization: float = Field(0.0, ge=0, le=1e6, description="L2 penalty of the leaves' values.")
    class_weight: Literal["balanced"] | None = Field(
        None,
        description="'balanced': weights inversely proportional to class frequency; null: equal weights.",
    )


class GradientBoosting(TabularClassifier):
    """Boosted trees on binned columns.

    Sources: Friedman 2001, doi 10.1214/aos/1013203451; binning as in LightGBM, Ke et al. 2017, NeurIPS 30.
    There is no early stopping: it would hold out a random tenth of the training part without regard to
    groups.
    """

    Params = GradientBoostingParams
    params: GradientBoostingParams
    # An array of nodes and two of bit sets. skops does not trust it because compiled code follows its
    # indices: see check_loaded.
    trusted = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)

    def estimator(self, *, seed: int, folds: Any) -> Any:  # noqa: ARG002 - no calibration
        """Build the classifier."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            **self.params.model_dump(), early_stopping=False, categorical_features=None, random_state=seed
        )

    def check_loaded(self, estimator: Any) -> None:
        """Refuse trees whose nodes point outside them or ask for categories, which no feature here has."""
        from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

        for trees in estimator._predictors:
            for tree in trees:
                nodes = tree.nodes
                if nodes.dtype != PREDICTOR_RECORD_DTYPE or nodes["is_categorical"].any():
                    raise ValueError("a tree has nodes of another kind")
                check_nodes(
                    nodes["is_leaf"] == 0,
                    nodes["left"],
                    nodes["right"],
                    nodes["feature_idx"],
                    estimator.n_features_in_,
                )
