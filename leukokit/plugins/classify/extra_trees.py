"""Extremely randomized trees."""

from __future__ import annotations

from typing import Any

from leukokit.api import Field, TabularClassifier
from leukokit.plugins.classify._trees import TREE, ForestParams, check_trees


class ExtraTreesParams(ForestParams):
    """Parameters of :class:`ExtraTrees`."""

    bootstrap: bool = Field(False, description="Whether each tree sees a bootstrap sample, or all samples.")


class ExtraTrees(TabularClassifier):
    """Trees with columns and thresholds drawn at each split.

    Source: Geurts, Ernst and Wehenkel 2006, doi 10.1007/s10994-006-6226-1.
    """

    Params = ExtraTreesParams
    params: ExtraTreesParams
    trusted = (TREE,)

    def estimator(self, *, seed: int, folds: Any) -> Any:  # noqa: ARG002 - no calibration
        """Build the forest."""
        from sklearn.ensemble import ExtraTreesClassifier

        return ExtraTreesClassifier(**self.params.model_dump(), random_state=seed, n_jobs=1)

    def check_loaded(self, estimator: Any) -> None:
        """Refuse trees whose nodes point outside them."""
        check_trees(estimator.estimators_, estimator.n_features_in_, len(estimator.classes_))
