"""Selection by variability."""

from __future__ import annotations

from typing import Any, ClassVar

from leukokit.api import Field, Params, Selector


class VarianceParams(Params):
    """Parameters of the selection."""

    max_share: float = Field(
        0.95,
        gt=0,
        lt=1,
        description="Largest share of training rows, 0..1, with the same value of a feature.",
    )


class Variance(Selector):
    """Drops features that are nearly constant: more than ``max_share`` of the training rows have one value.

    Notes
    -----
    In the pipeline all columns are standardized, with variance 1 or 0, so a threshold on the variance itself
    would have no effect. The share of the most frequent value does not depend on scale
    (near-zero variance, after Kuhn 2008, doi 10.18637/jss.v028.i05).
    """

    Params = VarianceParams
    params: VarianceParams
    trusted: ClassVar[tuple[str, ...]] = ("leukokit.plugins.select.estimators.DropNearlyConstant",)

    def transformer(self, *, seed: int) -> Any:  # noqa: ARG002 - nothing is drawn
        """Build the unfitted transformer."""
        from leukokit.plugins.select.estimators import DropNearlyConstant

        return DropNearlyConstant(max_share=self.params.max_share)
