"""Random forest."""

from __future__ import annotations

from typing import Any

from leukokit.api import Field, TabularClassifier
from leukokit.plugins.classify._trees import TREE, ForestParams, check_trees


class RandomForestParams(ForestParams):
    """Parameters of :class:`RandomForest`."""

    bootstrap: bool = Field(True, description="Whether each tree sees a bootstrap sample, or all samples.")


class RandomForest(TabularClassifier):
    """Trees on bootstrap samples with columns drawn at each split.

    Source: Breiman 2001, doi 10.1023/A:1010933404324.
    """

    Params = RandomForestParams
    params: RandomForestParams
    trusted = (TREE,)

    def estimator(self, *, seed: int, folds: Any) -> Any:  # noqa: ARG002 - no calibration
        """Build the forest."""
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(**self.params.model_dump(), random_state=seed, n_jobs=1)

    def check_loaded(self, estimator: Any) -> None:
        """Refuse trees whose nodes point outside them."""
        check_trees(estimator.estimators_, estimator.n_features_in_, len(estimator.classes_))
