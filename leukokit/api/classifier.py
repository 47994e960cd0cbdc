"""Classifiers: examples to a fitted model with probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from leukokit.api.component import Component
from leukokit.api.selector import Selector
from leukokit.arrays import FloatArray, RGBImage

if TYPE_CHECKING:
    import pandas as pd


class Consumes(StrEnum):
    """What a classifier learns from."""

    FEATURES = "features"
    IMAGES = "images"


class Images(Protocol):
    """Preprocessed images that are read when asked for; never all in memory."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> RGBImage: ...

    def __iter__(self) -> Iterator[RGBImage]: ...


@dataclass(frozen=True)
class Examples:
    """Rows for training or prediction.

    Attributes
    ----------
    ids : sequence of str
        Sample ids, n of them.
    labels : str array (n,) or None
        True classes; None for prediction.
    groups : str array (n,) or None
        Group of each sample; a group stays in one fold.
    features : DataFrame (n x d) or None
        float64 columns, NaN where declared missing; index is ``ids``.
    images : Images or None
        n preprocessed images, uint8 H x W x 3.
    """

    ids: Sequence[str]
    labels: NDArray[np.str_] | None = None
    groups: NDArray[np.str_] | None = None
    features: pd.DataFrame | None = None
    images: Images | None = None

    def __len__(self) -> int:
        return len(self.ids)


class Progress(Protocol):
    """Listens to a long fit."""

    def stage(self, name: str, total: int) -> None:
        """Tell that a stage begins, with ``total`` units of work."""
        ...

    def advance(self, count: int = 1) -> None:
        """Tell that ``count`` units of the stage are done."""
        ...

    def say(self, text: str) -> None:
        """Give a fact worth a line."""
        ...


@dataclass(frozen=True)
class Workspace:
    """Where a long fit keeps what must survive a kill, and what it shows while it goes on.

    Attributes
    ----------
    checkpoints : Path
        An existing folder. The same recipe, data and seed find it again as it was left; it is removed once
        the fit has ended well.
    artifacts : Path
        An existing folder whose files belong to the result: ``training/`` of the run directory.
    progress : Progress
        Told of stages and facts.
    """

    checkpoints: Path
    artifacts: Path
    progress: Progress


class FittedModel(Protocol):
    """What ``Classifier.fit`` returns and ``Classifier.load`` brings back."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes in the order of the probability columns."""
        ...

    def predict_proba(self, examples: Examples) -> FloatArray:
        """Probabilities, float64 n x k, rows sum to 1."""
        ...

    def save(self, folder: Path) -> None:
        """Write the model into an existing folder, without pickle."""
        ...


class Classifier(Component):
    """Learns classes from features, images or both."""

    consumes: ClassVar[frozenset[Consumes]] = frozenset({Consumes.FEATURES})

    def fit(
        self,
        train: Examples,
        validation: Examples | None = None,
        *,
        seed: int,
        select: Sequence[Selector] = (),
        workspace: Workspace | None = None,
    ) -> FittedModel:
        """Fit on the training part.

        Parameters
        ----------
        train : Examples
            With labels. Nothing else may be learnt from.
        validation : Examples, optional
            For early stopping and calibration where a method uses them.
        seed : int
            Seed of every random draw.
        select : sequence of Selector
            Steps between the prepared table and the model; only for classifiers of features.
        workspace : Workspace, optional
            Where long fits keep checkpoints, logs and images; nothing is kept where omitted.
        """
        raise NotImplementedError

    def load(self, folder: Path, *, select: Sequence[Selector] = ()) -> FittedModel:
        """Read back what ``FittedModel.save`` wrote; refuses anything it did not write itself.

        Parameters
        ----------
        folder : Path
            Where the model was saved.
        select : sequence of Selector
            The selectors that ``fit`` was given.
        """
        raise NotImplementedError

    def helping(self) -> str:
        """Whom this process is, where it only helps another one to fit; empty where it fits for itself.

        A run of a process that helps publishes nothing: the process that it helps publishes the same.
        """
        return ""

    def estimator_of(self, model: FittedModel) -> Any:
        """Return the library object inside a fitted model (a scikit-learn Pipeline, a Keras model)."""
        raise NotImplementedError
