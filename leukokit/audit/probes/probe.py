"""Probes: how well the class can be told from what has nothing to do with cells.

Each probe is a support vector machine on a few numbers, fitted on the training part and asked about the test
part, as the audited model is. What it reaches, a model may reach without having learnt anything of use
(shortcut learning; Geirhos et al. 2020, doi 10.1038/s42256-020-00257-z).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray
from leukokit.audit.findings import Level, Limit
from leukokit.evaluation.intervals import FEW_GROUPS, LEVEL, Bounds, Groups, proportion
from leukokit.record.audit import AuditedModel, AuditProbe

LARGEST_TRAINING = 4000
"""Images a probe learns from at most; the time of a support vector machine grows with their square."""

LARGEST_CHOICE = 1000
"""Images that the choice among several blocks of columns learns from at most."""

_C = 10.0
_INNER = 4  # a quarter of the training part decides which of several blocks of columns is the most telling


@dataclass(frozen=True, slots=True)
class Division:
    """One fold: rows that a probe learns from, and rows it is asked about."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class ModelScore:
    """Accuracy of a model or a constant answer on the same test part.

    Attributes
    ----------
    name : str
        Classifier.
    part : str
        Part of the split.
    accuracy : float
    low, high : float or None
        95 % interval.
    chance : float
        Share of the largest class in that part: what the best constant answer reaches.
    """

    name: str
    part: str
    accuracy: float
    low: float | None
    high: float | None
    chance: float

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
class Probe:
    """What a probe reached.

    Attributes
    ----------
    name : str
        ``color``, ``frame``, ``corner``, ``file`` or ``missing``.
    what : str
        The numbers it was given, in one sentence.
    columns : int
        How many numbers.
    accuracy, low, high : float or None
        On the test part, with the 95 % interval; None where there was nothing to learn from.
    chance : float
        Share of the largest class in the test part.
    share_of_gain : float or None
        Gain of the probe over chance as a share of the model's; None where no model is known.
    model_accuracy : float or None
    level : Level
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
    level: Level

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
class Subject:
    """The images that probes are fitted on and asked about.

    Attributes
    ----------
    labels, groups : str array (n,)
        Class, and what belongs together.
    divisions : sequence of Division
        Folds; their test parts are pooled.
    model : ModelScore or None
        The audited model on the same test part.
    seed : int
    """

    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
    divisions: Sequence[Division]
    model: ModelScore | None
    seed: int

    @property
    def chance(self) -> float:
        """Share of the largest class among the images that are asked about."""
        asked = np.concatenate([each.test for each in self.divisions])
        return float(np.unique(self.labels[asked], return_counts=True)[1].max() / len(asked))


def probe(
    name: str,
    what: str,
    blocks: Mapping[str, FloatArray],
    subject: Subject,
    limit: Limit,
) -> Probe:
    """Fit a probe on every fold's training part and score it on the test parts together.

    Parameters
    ----------
    name, what : str
        As in ``Probe``.
    blocks : mapping of str to float64 array (n, d)
        Usually one. Of several, the fold's training part alone decides which is used.
    subject : Subject
    limit : Limit
        On the probe's gain over chance as a share of the possible gain. A probe whose interval reaches down
        to chance is ok whatever it says.
    """
    chance = subject.chance
    known = subject.model.accuracy if subject.model is not None else None
    useful = {key: block for key, block in blocks.items() if block.shape[1] and np.ptp(block, axis=0).any()}
    if not useful:
        return Probe(
            name, f"{what} (the same in all images)", 0, None, None, None, chance, None, known, Level.SKIPPED
        )
    codes = np.unique(subject.labels, return_inverse=True)[1]
    answers = []
    used = []
    for fold in subject.divisions:
        key = _most_telling(useful, codes, subject.groups, fold.train)
        used.append(key)
        answers.append(_answer(useful[key], codes, fold.train, fold.test))
    asked = np.concatenate([fold.test for fold in subject.divisions])
    predicted = np.concatenate(answers)
    accuracy = float(np.mean(predicted == codes[asked]))
    bounds = accuracy_bounds(predicted == codes[asked], Groups.of(subject.groups[asked], len(asked)))
    gain = (accuracy - chance) / (1 - chance) if chance < 1 else 0.0
    level = limit.level(gain) if bounds.low > chance else Level.OK
    if len(blocks) > 1:
        what = f"{what}, {max(sorted(set(used)), key=used.count)}"
    return Probe(
        name,
        what,
        useful[used[0]].shape[1],
        accuracy,
        bounds.low,
        bounds.high,
        chance,
        _share(accuracy, known, chance),
        known,
        level,
    )


def accuracy_bounds(right: NDArray[np.bool_], groups: Groups) -> Bounds:
    """Give the 95 % interval of an accuracy; cautious where groups are few.

    Four patients of whom three are told well prove nothing, however many images each has. So below
    ``FEW_GROUPS`` the interval is at least as wide as the exact binomial one of as many trials as groups.
    """
    found = proportion(right, groups)
    if groups.independent or groups.count >= FEW_GROUPS:
        return found
    from scipy.stats import beta

    hits, misses, tail = right.mean() * groups.count, (1 - right.mean()) * groups.count, (1 - LEVEL) / 2
    low = float(beta.ppf(tail, hits, misses + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, misses)) if misses > 0 else 1.0
    if low >= found.low and high <= found.high:
        return found
    return Bounds(min(low, found.low), max(high, found.high), "exact binomial over groups")


def _share(accuracy: float, model: float | None, chance: float) -> float | None:
    if model is None or model <= chance:
        return None
    return (accuracy - chance) / (model - chance)


def _most_telling(
    blocks: Mapping[str, FloatArray],
    codes: NDArray[np.intp],
    groups: NDArray[np.str_],
    train: NDArray[np.intp],
) -> str:
    """Choose the block that does best on a quarter of the training part, groups kept whole."""
    names = list(blocks)
    if len(names) == 1:
        return names[0]
    _, numbers = np.unique(groups[train], return_inverse=True)
    held = _held_groups(numbers, codes[train])
    fit, check = train[~held[numbers]], train[held[numbers]]
    if not len(check) or len(np.unique(codes[fit])) < len(np.unique(codes[train])):
        return names[0]
    fit = _thinned(fit, codes, LARGEST_CHOICE)
    scores = [float(np.mean(_answer(blocks[key], codes, fit, check) == codes[check])) for key in names]
    return names[int(np.argmax(scores))]


def _held_groups(numbers: NDArray[np.intp], codes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Mark every fourth group of each class, in order of appearance."""
    first = np.unique(numbers, return_index=True)[1]
    held = np.zeros(len(first), dtype=bool)
    for label in np.unique(codes):
        own = [number for number in numbers[np.sort(first)] if codes[first[number]] == label]
        held[own[_INNER - 1 :: _INNER] or own[1:2]] = True
    return held


def _answer(
    values: FloatArray, codes: NDArray[np.intp], train: NDArray[np.intp], asked: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Fit on some rows and predict others; nothing but the training rows is looked at before."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    train = _thinned(train, codes, LARGEST_TRAINING)
    varying = np.ptp(values[train], axis=0) > 0
    kinds = np.unique(codes[train])
    if not varying.any() or len(kinds) < 2:
        most = kinds[np.unique(codes[train], return_counts=True)[1].argmax()]
        return np.full(len(asked), most, dtype=np.intp)
    model = make_pipeline(StandardScaler(), SVC(C=_C, kernel="rbf", class_weight="balanced"))
    model.fit(values[train][:, varying], codes[train])
    return np.asarray(model.predict(values[asked][:, varying]), dtype=np.intp)


def _thinned(train: NDArray[np.intp], codes: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """Take evenly spaced rows of each class where there are too many."""
    if len(train) <= most:
        return train
    ordered = train[np.argsort(codes[train], kind="stable")]
    return ordered[np.linspace(0, len(ordered) - 1, most).astype(np.intp)]
