"""Selection by mutual information."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import model_validator

from leukokit.api import Field, Params, Selector


class InformationGainParams(Params):
    """Parameters of the selection; exactly one of ``k`` and ``threshold`` holds."""

    k: int | None = Field(
        40, ge=1, le=10**6, description="Number of features to keep; all where the table has fewer."
    )
    threshold: float | None = Field(
        None, ge=0, description="Instead of k: smallest mutual information with the class to keep, in nats."
    )
    neighbors: int = Field(
        3, ge=1, le=50, description="Nearest neighbors of the estimate; more: less variance, more bias."
    )

    @model_validator(mode="before")
    @classmethod
    def _threshold_instead(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("threshold") is not None and "k" not in data:
            return {**data, "k": None}
        return data

    @model_validator(mode="after")
    def _exactly_one(self) -> InformationGainParams:
        if (self.k is None) == (self.threshold is None):
            given = "neither" if self.k is None else f"both (k: {self.k}, threshold: {self.threshold})"
            raise ValueError(f"give exactly one of `k` and `threshold`; found {given}")
        return self


class InformationGain(Selector):
    """Keeps the features with the most mutual information with the class.

    Notes
    -----
    The information gain of a feature is its mutual information with the class, here in nats and estimated for
    continuous features from nearest neighbors (Ross 2014, doi 10.1371/journal.pone.0087357); two-valued
    columns, such as the indicators of missing values, are counted exactly. The paper selects by information
    gain (section 5); it gives no number of features.
    """

    Params = InformationGainParams
    params: InformationGainParams
    trusted: ClassVar[tuple[str, ...]] = ("leukokit.plugins.select.estimators.SelectByInformation",)

    def transformer(self, *, seed: int) -> Any:
        """Build the unfitted transformer."""
        from leukokit.plugins.select.estimators import SelectByInformation

        return SelectByInformation(
            k=self.params.k,
            threshold=self.params.threshold,
            n_neighbors=self.params.neighbors,
            random_state=seed,
        )
