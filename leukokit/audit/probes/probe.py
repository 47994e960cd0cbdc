"""Probes: how well the class can be predicted from properties that have nothing to do with cells.

Each probe is a support vector machine on a few numbers, fitted on the training part and scored on the test
part, like the audited model. A model can reach the accuracy of a probe without learning anything about cells
(shortcut learning; Geirhos et al. 2020, doi 10.1038/s42256-020-00257-z).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.audit.findings import AuditLevel, Limit
from leukokit.evaluation.intervals import FEW_GROUPS, Bounds, Groups, clopper_pearson, proportion
from leukokit.record.audit import AuditedModel, AuditProbe

LARGEST_TRAINING = 4000
"""Largest number of training images of a probe; the time of a fit grows with its square."""

LARGEST_CHOICE = 1000
"""Largest number of training images for the choice among several blocks of columns."""

_C = 10.0
_INNER = 4  # a quarter of the training part decides which of several blocks of columns predicts best


@dataclass(frozen=True, slots=True)
class ProbeFold:
    """One fold: training rows and test rows of a probe, and its name."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]
    name: str = ""


@dataclass(frozen=True, slots=True)
class ModelScore:
    """Accuracy of the audited model on the test part of the probes.

    Attributes
    ----------
    name : str
        Name of the classifier.
    part : str
        Part of the split.
    accuracy : float
    low, high : float or None
        95 % interval.
    chance : float
        Share of the largest class in that part: the accuracy of the best constant prediction.
    right : mapping of (fold, id) to bool
        Whether it is right on each image of that part; empty where that is not known.
    """

    name: str
    part: str
    accuracy: float
    low: float | None
    high: float | None
    chance: float
    right: Mapping[tuple[str, str], bool] = field(default_factory=dict)

    def record(self) -> AuditedModel:
        """Give it as audit.json holds it."""
        return AuditedModel(
            name=self.name,
            part=self.part,
            accuracy=self.accuracy,
            low=self.low,
            high=self.high,
            chance=self.chance,
        )


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Result of a probe.

    Attributes
    ----------
    name : str
        ``color``, ``frame``, ``corner``, ``red_cells``, ``glass``, ``sharpness``, ``file``,
        ``segmentation`` or ``missing``.
    what : str
        Its input, in one sentence.
    columns : int
        Number of input columns.
    accuracy, low, high : float or None
        On the test part, with the 95 % interval; None where no column varies. The interval alone is None
        where a class has too few groups.
    chance : float
        Share of the largest class in the test part.
    share_of_gain : float or None
        Gain of the probe over chance as a share of the model's gain; None where no model is known.
    model_accuracy : float or None
    level : AuditLevel
    right : tuple of bool
        Whether it is right on each test image, folds one after the other; empty where no column varies.
    """

    name: str
    what: str
    columns: int
    accuracy: float | None
    low: float | None
    high: float | None
    chance: float
    share_of_gain: float | None
    model_accuracy: float | None
    level: AuditLevel
    right: tuple[bool, ...] = ()

    def record(self) -> AuditProbe:
        """Give it as audit.json holds it."""
        return AuditProbe(
            name=self.name,
            what=self.what,
            columns=self.columns,
            accuracy=self.accuracy,
            low=self.low,
            high=self.high,
            chance=self.chance,
            share_of_gain=self.share_of_gain,
            model_accuracy=self.model_accuracy,
            level=self.level.value,
        )


@dataclass(frozen=True, slots=True)
class ProbeData:
    """Images that probes are fitted and scored on.

    Attributes
    ----------
    labels, groups : str array (n,)
        Class and group of each image.
    folds : sequence of ProbeFold
        Folds; the predictions of their test parts are pooled.
    model : ModelScore or None
        The audited model on the same test part.
    seed : int
    """

    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
    folds: Sequence[ProbeFold]
    model: ModelScore | None
    seed: int

    @property
    def chance(self) -> float:
        """Share of the largest class among the test images."""
        tested = np.concatenate([fold.test for fold in self.folds])
        return float(np.unique(self.labels[tested], return_counts=True)[1].max() / len(tested))


def probe(
    name: str,
    what: str,
    blocks: Mapping[str, FloatArray],
    data: ProbeData,
    limit: Limit,
) -> ProbeResult:
    """Fit a probe on the training part of every fold and score its pooled test predictions.

    Parameters
    ----------
    name, what : str
        As in ``ProbeResult``.
    blocks : mapping of str to float64 array (n, d)
        Usually one. Of several, one is chosen per fold on the training part alone.
    data : ProbeData
    limit : Limit
        Limit of the gain over chance as a share of the possible gain. A probe whose interval contains chance
        is ok.
    """
    chance = data.chance
    known = data.model.accuracy if data.model is not None else None
    useful = {key: block for key, block in blocks.items() if block.shape[1] and np.ptp(block, axis=0).any()}
    if not useful:
        return ProbeResult(
            name,
            f"{what} (the same in all images)",
            0,
            None,
            None,
            None,
            chance,
            None,
            known,
            AuditLevel.SKIPPED,
        )
    codes = np.unique(data.labels, return_inverse=True)[1]
    predictions = []
    used = []
    for fold in data.folds:
        key = _best_block(useful, codes, data.groups, fold.train)
        used.append(key)
        predictions.append(_predict(useful[key], codes, fold.train, fold.test))
    tested = np.concatenate([fold.test for fold in data.folds])
    predicted = np.concatenate(predictions)
    accuracy = float(np.mean(predicted == codes[tested]))
    right = predicted == codes[tested]
    groups = Groups.of(data.groups[tested], len(tested), data.labels[tested])
    bounds = accuracy_bounds(right, groups)
    gain = (accuracy - chance) / (1 - chance) if chance < 1 else 0.0
    level = limit.level(gain) if bounds.low > chance else AuditLevel.OK
    if len(blocks) > 1:
        what = f"{what}, {max(sorted(set(used)), key=used.count)}"
    return ProbeResult(
        name,
        what,
        useful[used[0]].shape[1],
        accuracy,
        None if groups.unknown else bounds.low,
        None if groups.unknown else bounds.high,
        chance,
        _share(accuracy, known, chance),
        known,
        level,
        tuple(right.tolist()),
    )


def accuracy_bounds(right: NDArray[np.bool_], groups: Groups) -> Bounds:
    """Compute the 95 % interval of an accuracy, wider where groups are few.

    With four patients, of whom three are predicted well, many images do not make the accuracy sure. So below
    ``FEW_GROUPS`` the interval is at least as wide as the exact binomial one of as many trials as groups.
    Where groups are too few for an interval to be shown, it is of use for a level only: classes are left out
    of it.
    """
    groups = replace(groups, strata=None) if groups.unknown else groups
    bounds = proportion(right, groups)
    if groups.independent or groups.count >= FEW_GROUPS:
        return bounds
    low, high = clopper_pearson(float(right.mean()) * groups.count, groups.count)
    if low >= bounds.low and high <= bounds.high:
        return bounds
    return Bounds(min(low, bounds.low), max(high, bounds.high), "exact binomial over groups")


def _share(accuracy: float, model: float | None, chance: float) -> float | None:
    if model is None or model <= chance:
        return None
    return (accuracy - chance) / (model - chance)


def _best_block(
    blocks: Mapping[str, FloatArray],
    codes: NDArray[np.intp],
    groups: NDArray[np.str_],
    train: NDArray[np.intp],
) -> str:
    """Choose the block that predicts best on a quarter of the training part, without splitting groups."""
    names = list(blocks)
    if len(names) == 1:
        return names[0]
    _, numbers = np.unique(groups[train], return_inverse=True)
    held_out = _held_out_groups(numbers, codes[train])
    fit, check = train[~held_out[numbers]], train[held_out[numbers]]
    if not len(check) or len(np.unique(codes[fit])) < len(np.unique(codes[train])):
        return names[0]
    fit = _thinned(fit, codes, LARGEST_CHOICE)
    scores = [float(np.mean(_predict(blocks[key], codes, fit, check) == codes[check])) for key in names]
    return names[int(np.argmax(scores))]


def _held_out_groups(numbers: NDArray[np.intp], codes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Mark every fourth group of each class, in order of appearance."""
    first = np.unique(numbers, return_index=True)[1]
    held_out = np.zeros(len(first), dtype=bool)
    for label in np.unique(codes):
        own = [number for number in numbers[np.sort(first)] if codes[first[number]] == label]
        held_out[own[_INNER - 1 :: _INNER] or own[1:2]] = True
    return held_out


def _predict(
    values: FloatArray, codes: NDArray[np.intp], train: NDArray[np.intp], test: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Fit on the training rows and predict the test rows."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    train = _thinned(train, codes, LARGEST_TRAINING)
    varying = np.ptp(values[train], axis=0) > 0
    kinds = np.unique(codes[train])
    if not varying.any() or len(kinds) < 2:
        most = kinds[np.unique(codes[train], return_counts=True)[1].argmax()]
        return np.full(len(test), most, dtype=np.intp)
    model = make_pipeline(StandardScaler(), SVC(C=_C, kernel="rbf", class_weight="balanced"))
    model.fit(values[train][:, varying], codes[train])
    return np.asarray(model.predict(values[test][:, varying]), dtype=np.intp)


def _thinned(train: NDArray[np.intp], codes: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """Keep at most ``most`` rows, evenly spaced within each class."""
    if len(train) <= most:
        return train
    ordered = train[np.argsort(codes[train], kind="stable")]
    return ordered[np.linspace(0, len(ordered) - 1, most).astype(np.intp)]
