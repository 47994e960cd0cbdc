"""Classifiers: from examples to a fitted model with probabilities."""

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
    """Preprocessed images, read on access; never all in memory."""

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
        Group of each sample; all samples of a group are in one fold.
    features : DataFrame (n x d) or None
        float64 columns, NaN where a feature is missing; index is ``ids``.
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
    """Receiver of progress messages of a long fit."""

    def stage(self, name: str, total: int) -> None:
        """Report that a stage with ``total`` units of work begins."""
        ...

    def advance(self, count: int = 1) -> None:
        """Report that ``count`` units of the stage are done."""
        ...

    def say(self, text: str) -> None:
        """Report a message of one line."""
        ...


@dataclass(frozen=True)
class Workspace:
    """Folders and progress messages of a long fit.

    Attributes
    ----------
    checkpoints : Path
        An existing folder, which an interrupted fit with the same recipe, data and seed gets again; it is
        removed after a successful fit.
    artifacts : Path
        An existing folder whose files belong to the result: ``training/`` of the run directory.
    progress : Progress
        Receiver of progress messages.
    """

    checkpoints: Path
    artifacts: Path
    progress: Progress


class FittedModel(Protocol):
    """Result of ``Classifier.fit`` and ``Classifier.load``."""

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
            With labels. The model may be fitted on these examples only.
        validation : Examples, optional
            For early stopping and calibration, where a method uses them.
        seed : int
            Seed of all random numbers.
        select : sequence of Selector
            Steps between the prepared table and the model; only for classifiers of features.
        workspace : Workspace, optional
            Folders for checkpoints, logs and figures of long fits; none are written where omitted.
        """
        raise NotImplementedError

    def load(self, folder: Path, *, select: Sequence[Selector] = ()) -> FittedModel:
        """Load a model saved by ``FittedModel.save``; other files are refused.

        Parameters
        ----------
        folder : Path
            Folder that the model was saved in.
        select : sequence of Selector
            The selectors given to ``fit``.
        """
        raise NotImplementedError

    def predict_represented(
        self, model: FittedModel, examples: Examples
    ) -> tuple[FloatArray, FloatArray | None]:
        """Predict, and give what the model sees of each image just before it decides.

        How far an image is from the training data is measured in these numbers; without them, in the feature
        table. Implement it where the model computes something better on its way.

        Returns
        -------
        probabilities : float64 array (n, k)
            Exactly those of ``model.predict_proba``.
        represented : float64 array (n, d) or None
            Such as the selected, standardized features, or the input of a network's last layer.
        """
        return model.predict_proba(examples), None

    def represented(self, model: FittedModel, examples: Examples) -> FloatArray | None:
        """Give what the model sees of each image, as :meth:`predict_represented` does, without predicting.

        Implement it where that saves time.
        """
        return self.predict_represented(model, examples)[1]

    def estimator_of(self, model: FittedModel) -> Any:
        """Return the library object inside a fitted model (a scikit-learn Pipeline, a Keras model)."""
        raise NotImplementedError
