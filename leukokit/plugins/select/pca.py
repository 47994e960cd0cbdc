"""Principal components."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Strict

from leukokit.api import Field, Params, Selector

Count = Annotated[int, Strict(), Field(ge=1, le=10**6)]
Share = Annotated[float, Strict(), Field(gt=0, lt=1)]


class PcaParams(Params):
    """Parameters of the projection."""

    n_components: Count | Share = Field(
        0.95,
        description=(
            "A whole number from 1: that many components, at most as many as the table has columns and rows; "
            "a number between 0 and 1: as many as explain that share of the variance."
        ),
    )
    whiten: bool = Field(False, description="Scale each component to variance 1.")


class Pca(Selector):
    """Replaces the features by their principal components.

    Notes
    -----
    Jolliffe and Cadima 2016, doi 10.1098/rsta.2015.0202. Full singular value decomposition: no random start.
    """

    Params = PcaParams
    params: PcaParams

    def transformer(self, *, seed: int) -> Any:  # noqa: ARG002 - nothing is drawn
        """Build the unfitted transformer."""
        from sklearn.decomposition import PCA

        return PCA(self.params.n_components, whiten=self.params.whiten, svd_solver="full")
