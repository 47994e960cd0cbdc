"""Rows of a prediction: one image a row, in the order in which the images were given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leukokit.api import FloatArray, Sample
from leukokit.engine.images.plan import Rejection
from leukokit.engine.pipeline.decisions import Decision, FittedOperatingPoint, FittedReferral
from leukokit.engine.unlike.limits import DISTANCES, UNLIKE

REJECTED = "rejected"
"""``status`` of an image that could not be used."""
IMAGE, PREDICTED, DECISION, STATUS = "image", "predicted", "decision", "status"
PROBABILITY = "p_"
"""In front of a class: the name of the column of its probability."""


@dataclass(frozen=True)
class Deciding:
    """What turns the probabilities and distances of an image into a decision.

    Attributes
    ----------
    classes : tuple of str
        In the order of the probability columns.
    operating_point : FittedOperatingPoint or None
        None where no class is known to be healthy.
    refer : FittedReferral or None
        None where no threshold was chosen.
    unlike : bool
        Whether it is known how far images are from the training data.
    """

    classes: tuple[str, ...]
    operating_point: FittedOperatingPoint | None
    refer: FittedReferral | None
    unlike: bool

    def columns(self) -> list[str]:
        """Names of the columns, in order."""
        return [
            IMAGE,
            PREDICTED,
            *(f"{PROBABILITY}{name}" for name in self.classes),
            DECISION,
            *(["positive"] if self.operating_point is not None else []),
            *([f"{UNLIKE}_{name}" for name in DISTANCES] if self.unlike else []),
            STATUS,
            "stage",
            "reason",
            "detail",
        ]

    def decisions(self, proba: FloatArray, distances: Mapping[str, FloatArray]) -> list[str]:
        """Decide each image: unlike the training data, left to an expert, or accepted."""
        refers = self.refer.refers(proba) if self.refer is not None else np.zeros(len(proba), dtype=bool)
        farther = np.zeros(len(proba), dtype=bool)
        for distance in distances.values():
            farther |= distance > 1  # NaN, where it is not known, is not farther
        return [
            (Decision.UNLIKE if far else Decision.REFER if left else Decision.ACCEPT).value
            for far, left in zip(farther, refers, strict=True)
        ]


@dataclass(frozen=True)
class PredictedImages:
    """Consecutive images, and what was predicted of those that could be used.

    Attributes
    ----------
    samples : sequence of Sample (n,)
    keys : sequence of str (n,)
        Digests of their contents.
    status : sequence of str (n,)
        ``ok``, another status of the segmentation, or ``rejected``.
    rejections : sequence of Rejection or None (n,)
    used : bool array (n,)
        Which could be used: m of them.
    raw, proba : float64 array (m, k)
        Probabilities of the model, and after calibration.
    distances : mapping of str to float64 array (m,)
        How far they are from the training data, over the limit; NaN where it is not known.
    represented : tuple of float64 array (m, d)
        What each pipeline's model sees of them, where the answers for groups ask for it; else empty.
    """

    samples: Sequence[Sample]
    keys: Sequence[str]
    status: Sequence[str]
    rejections: Sequence[Rejection | None]
    used: NDArray[np.bool_]
    raw: FloatArray
    proba: FloatArray
    distances: Mapping[str, FloatArray]
    represented: tuple[FloatArray, ...] = ()

    def table(self, deciding: Deciding) -> pd.DataFrame:
        """Lay out one row an image; see :meth:`Predictor.predict` for the columns."""
        classes, used, proba = deciding.classes, self.used, self.proba
        columns: dict[str, Sequence[str] | NDArray[Any]] = {
            IMAGE: [sample.id for sample in self.samples],
            PREDICTED: _for_all(used, np.array(classes, dtype=object)[proba.argmax(axis=1)]),
        }
        columns |= {
            f"{PROBABILITY}{name}": _numbers(used, proba[:, number]) for number, name in enumerate(classes)
        }
        columns[DECISION] = _for_all(used, deciding.decisions(proba, self.distances))
        if deciding.operating_point is not None:
            columns["positive"] = _for_all(used, deciding.operating_point.positive(proba, classes))
        if deciding.unlike:
            unknown = np.full(int(used.sum()), np.nan)
            columns |= {
                f"{UNLIKE}_{name}": _numbers(used, self.distances.get(name, unknown)) for name in DISTANCES
            }
        columns[STATUS] = list(self.status)
        for name in ("stage", "reason", "detail"):
            columns[name] = ["" if why is None else getattr(why, name) for why in self.rejections]
        return pd.DataFrame(columns)


def _for_all(used: NDArray[np.bool_], values: Sequence[str] | NDArray[Any]) -> NDArray[Any]:
    """Values of the images that were used; None for the others."""
    column = np.full(len(used), None, dtype=object)
    column[used] = values
    return column


def _numbers(used: NDArray[np.bool_], values: FloatArray) -> FloatArray:
    """Numbers of the images that were used; NaN for the others."""
    column = np.full(len(used), np.nan)
    column[used] = values
    return column
