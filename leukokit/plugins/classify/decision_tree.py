"""A single decision tree."""

from __future__ import annotations

from typing import Any, Literal

from leukokit.api import Field, TabularClassifier
from leukokit.plugins.classify._trees import TREE, TreeParams, check_trees


class DecisionTreeParams(TreeParams):
    """Parameters of :class:`DecisionTree`."""

    criterion: Literal["gini", "entropy", "log_loss"] = Field(
        "gini", description="Measure of impurity that a split lowers."
    )
    ccp_alpha: float = Field(
        0.0, ge=0, le=1, description="Minimal cost-complexity pruning; larger prunes more, 0 not at all."
    )


class DecisionTree(TabularClassifier):
    """Classification tree (CART; Breiman et al. 1984, isbn 978-0412048418)."""

    Params = DecisionTreeParams
    params: DecisionTreeParams
    trusted = (TREE,)

    def estimator(self, *, seed: int, folds: Any) -> Any:  # noqa: ARG002 - no calibration
        """Build the tree."""
        from sklearn.tree import DecisionTreeClassifier

        return DecisionTreeClassifier(**self.params.model_dump(), random_state=seed)

    def check_loaded(self, estimator: Any) -> None:
        """Refuse a tree whose nodes point outside it."""
        check_trees([estimator], estimator.n_features_in_, len(estimator.classes_))
