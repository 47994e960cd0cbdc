"""Linear discriminant axes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from leukokit.api import Field, Params, Selector


class LdaParams(Params):
    """Parameters of the projection."""

    n_components: int | None = Field(
        None, ge=1, le=10**6, description="Number of axes, at most one less than classes; null for all."
    )
    shrinkage: Literal["auto"] | Annotated[float, Field(ge=0, le=1)] | None = Field(
        None,
        description=(
            "Shrinkage of the covariance toward a diagonal, 0..1, or `auto` (Ledoit and Wolf), for tables "
            "with few rows per column; null for none."
        ),
    )


class Lda(Selector):
    """Replaces the features by the axes that separate the classes best.

    Notes
    -----
    Fisher 1936, doi 10.1111/j.1469-1809.1936.tb02137.x; shrinkage: Ledoit and Wolf 2004,
    doi 10.1016/S0047-259X(03)00096-4.
    """

    Params = LdaParams
    params: LdaParams

    def transformer(self, *, seed: int) -> Any:  # noqa: ARG002 - nothing is drawn
        """Build the unfitted transformer."""
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        # The SVD solver works with collinear features, but has no shrinkage.
        solver = "svd" if self.params.shrinkage is None else "eigen"
        return LinearDiscriminantAnalysis(
            solver=solver, shrinkage=self.params.shrinkage, n_components=self.params.n_components
        )
