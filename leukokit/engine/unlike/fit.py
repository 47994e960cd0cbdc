"""Learn what images like the training data look like: references from training, limits from validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray, Part
from leukokit.engine.unlike.arrays import reference_arrays, references_from
from leukokit.engine.unlike.limits import FEATURES, ChosenOn, FittedUnlike, References
from leukokit.evaluation.likeness import Reference, choose_limits, left_out_distances


@dataclass(frozen=True)
class FeatureLikeness:
    """What the fit of the model leaves behind of the space that it sees images in.

    Attributes
    ----------
    reference : Reference
        The training part.
    distances : mapping of Part to float64 array (n,)
        Of every held-out part; of the training part with each image left out, where there is no validation.
    """

    reference: Reference
    distances: Mapping[Part, FloatArray]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as arrays by name."""
        held_out: dict[str, NDArray[Any]] = {part.value: rows for part, rows in self.distances.items()}
        return reference_arrays(References({FEATURES: self.reference})) | held_out

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> FeatureLikeness:
        """Read it back.

        Raises
        ------
        KeyError, ValueError
            Where something is missing or has another form.
        """
        parts = {part: arrays[part.value].astype(np.float64) for part in Part if part.value in arrays}
        return cls(references_from((FEATURES,), arrays).spaces[FEATURES], parts)


@dataclass(frozen=True)
class PartTraits:
    """Stain and scale of the images of a part, float64 n x 9 and n x 1, by the name of the space."""

    rows: Mapping[str, FloatArray]
    groups: NDArray[np.str_]


@dataclass(frozen=True)
class HeldOut:
    """References of a fold, and how far the held-out images are from them.

    Attributes
    ----------
    references : References
    distances : mapping of Part to mapping of space to float64 array (n,)
    """

    references: References
    distances: Mapping[Part, Mapping[str, FloatArray]]

    @property
    def chosen_on(self) -> ChosenOn:
        """Which images the limits are chosen on."""
        return "validation" if Part.VALIDATION in self.distances else "training"

    def choosing(self) -> Mapping[str, FloatArray]:
        """Give the distances that the limits are chosen on."""
        return self.distances[Part.VALIDATION if Part.VALIDATION in self.distances else Part.TRAIN]


def feature_likeness(
    train: FloatArray, groups: NDArray[np.str_], held_out: Mapping[Part, FloatArray], *, seed: int
) -> FeatureLikeness:
    """Learn the space that the model sees images in.

    Parameters
    ----------
    train : float64 array (n, d)
    groups : str array (n,)
    held_out : mapping of Part to float64 array (m, d)
        Validation and test, as far as there are any.
    """
    reference = Reference.of(train, seed=seed)
    distances = {part: reference.distances(rows) for part, rows in held_out.items()}
    if Part.VALIDATION not in held_out:
        distances[Part.TRAIN] = _left_out(train, groups, seed)
    return FeatureLikeness(reference, distances)


def held_out_distances(features: FeatureLikeness, traits: Mapping[Part, PartTraits], *, seed: int) -> HeldOut:
    """Add stain and scale: references from the training part, distances of the same parts as in features."""
    train = traits[Part.TRAIN]
    usable = {name: rows for name, rows in train.rows.items() if np.isfinite(rows).any()}
    seen = {FEATURES: features.reference} if features.reference.points.shape[1] else {}
    references = References(
        seen | {name: Reference.of(_known(rows), seed=seed) for name, rows in usable.items()}
    )
    distances: dict[Part, dict[str, FloatArray]] = {}
    for part, of_features in features.distances.items():
        if part is Part.TRAIN:
            others = {name: _left_out(rows, train.groups, seed) for name, rows in usable.items()}
        else:
            others = references.distances(traits[part].rows)
        distances[part] = {**({FEATURES: of_features} if seen else {}), **others}
    return HeldOut(references, distances)


def fitted_unlike(held_out: HeldOut, choosing: Mapping[str, FloatArray], share: float) -> FittedUnlike:
    """Choose the limits.

    Parameters
    ----------
    choosing : mapping of space to float64 array (n,)
        Distances of images that the model was not fitted on.
    share : float
        Of them that may lie beyond some limit.
    """
    limits = choose_limits({name: choosing[name] for name in held_out.references.spaces}, share)
    images = len(next(iter(choosing.values())))
    return FittedUnlike(held_out.references, limits, share, held_out.chosen_on, images)


def _known(rows: FloatArray) -> FloatArray:
    return rows[np.isfinite(rows).any(axis=1)]


def _left_out(rows: FloatArray, groups: NDArray[np.str_], seed: int) -> FloatArray:
    """Distances of the images that have a number, with each group left out."""
    known = np.isfinite(rows).any(axis=1)
    distances = np.full(len(rows), np.nan)
    chosen = np.flatnonzero(known)
    distances[chosen] = left_out_distances(rows[chosen], groups[chosen], seed=seed)
    return distances
