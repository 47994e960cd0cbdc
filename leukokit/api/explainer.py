"""Explainers of fitted models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from leukokit.api.classifier import Classifier, Consumes, Examples, FittedModel
from leukokit.api.component import Component
from leukokit.arrays import FloatArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Explanation:
    """Result of an explainer.

    Attributes
    ----------
    table : DataFrame or None
        Importances, one row per feature, written to ``explanations/<name>.csv``.
    heat_maps : mapping of sample id to float64 array H x W
        Values in 0..1 on the grid of the preprocessed image; empty for explainers of tables.
    targets : mapping of sample id to str
        Class whose score each heat map explains.
    note : str
        Note for readers of the maps, such as the layer they were computed at.
    """

    table: pd.DataFrame | None = None
    heat_maps: dict[str, FloatArray] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    note: str = ""


class Explainer(Component):
    """Explains a fitted model on examples that it was not trained on.

    Attributes
    ----------
    explains : frozenset of Consumes
        Models that can be explained: those that learn from ``features``, from ``images``, or from both.
    """

    explains: ClassVar[frozenset[Consumes]] = frozenset({Consumes.FEATURES})

    def explain(
        self, classifier: Classifier, model: FittedModel, examples: Examples, *, seed: int
    ) -> Explanation:
        """Explain ``model`` on ``examples`` (with labels)."""
        raise NotImplementedError
