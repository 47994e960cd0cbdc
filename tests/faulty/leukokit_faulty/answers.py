"""Components that break where a run only asks what they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import model_validator

from leukokit.api import (
    Dataset,
    FeatureExtractor,
    Field,
    Labels,
    Params,
    Part,
    Planes,
    Preprocessor,
    RGBImage,
    Sample,
    Segmenter,
)
from leukokit_faulty.misdeeds import do


class AnswersParams(Params):
    """Where what goes wrong."""

    place: str = Field("nowhere", description="Method.")
    misdeed: str = Field("none", description="What is done there.")

    @model_validator(mode="after")
    def _checked(self) -> AnswersParams:
        self.at("Params")
        return self

    def at(self, place: str) -> None:
        """Do the misdeed if this is its place."""
        if place == self.place:
            do(self.misdeed)


class FaultyLearner(Preprocessor):
    """Changes nothing."""

    Params = AnswersParams
    params: AnswersParams

    def __init__(self, params: AnswersParams | None = None) -> None:
        super().__init__(params)
        self.params.at("__init__")
        self._learned: Mapping[str, Any] = {}

    def fingerprint(self) -> str:
        """Answer."""
        self.params.at("fingerprint")
        return ""

    def needs_fit(self) -> bool:
        """Answer."""
        self.params.at("needs_fit")
        return True

    def fit(self, images: Iterable[RGBImage]) -> None:
        """Count."""
        self._learned = {"count": np.array(sum(1 for _ in images))}

    def state(self) -> Mapping[str, Any]:
        """Answer."""
        self.params.at("state")
        if self._learned:
            self.params.at("state after fit")
        return self._learned

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the state."""
        self.params.at("restore")
        self._learned = dict(state)

    def apply(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> RGBImage:
        """Give it back."""
        return image


class FaultyNames(FeatureExtractor):
    """One mean."""

    Params = AnswersParams
    params: AnswersParams

    def roles(self) -> tuple[str, ...]:
        """Answer."""
        self.params.at("roles")
        return ()

    def names(self) -> tuple[str, ...]:
        """Answer."""
        self.params.at("names")
        return ("mean",)

    def nullable(self) -> frozenset[str]:
        """Answer."""
        self.params.at("nullable")
        return frozenset()

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        """Mean of all pixels."""
        return {"mean": float(planes.rgb.mean())}


class FaultyRoles(Segmenter):
    """Finds nothing."""

    Params = AnswersParams
    params: AnswersParams

    def roles(self) -> tuple[str, ...]:
        """Answer."""
        self.params.at("roles")
        return ("nucleus",)

    def segment(self, image: RGBImage, *, rng: np.random.Generator | None = None) -> Labels:
        """Never called."""
        raise NotImplementedError


class FaultySplits(Dataset):
    """Empty."""

    Params = AnswersParams
    params: AnswersParams

    def samples(self) -> Sequence[Sample]:
        """Give none."""
        return ()

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        """Answer."""
        self.params.at("splits")
        return {}

    def default_split(self) -> str | None:
        """Answer."""
        self.params.at("default_split")
        return None
