"""Tune parameters by cross-validation within the training part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leukokit.api.classifier import Classifier, Examples, Images
from leukokit.api.folds import Folds, stratified_folds
from leukokit.api.selector import Selector
from leukokit.arrays import RGBImage
from leukokit.errors import DataError, UsageError
from leukokit.evaluation.metrics import SCORES, score

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Candidate:
    """One setting to try.

    Attributes
    ----------
    overrides : mapping of str to value
        Values that replace those of the recipe, such as ``{"classify.params.C": 96}``.
    classifier : Classifier
        With the setting's parameters.
    select : sequence of Selector
        Its selectors, fitted anew in each fold.
    train : Examples
        The training part, with labels. Settings may differ in features, never in samples.
    """

    overrides: Mapping[str, object]
    classifier: Classifier
    select: Sequence[Selector]
    train: Examples


@dataclass(frozen=True)
class TuneResult:
    """Result of tuning.

    Attributes
    ----------
    table : DataFrame
        One row per candidate, in the given order: a column per override, ``mean``, ``std`` (population, over
        folds), ``fold_1`` ..., ``rank`` (1 is best; equals share a rank).
    best : int
        Row of the best candidate, the first of equals; so list the simplest first.
    scoring : str
        Name of the score that ranks candidates.
    folds : Folds
        The folds, the same for all candidates, as row numbers of the training part.
    """

    table: pd.DataFrame
    best: int
    scoring: str
    folds: Folds


@dataclass(frozen=True)
class Trial:
    """One candidate on one fold, as plain data that can be sent to another process.

    All folds of a candidate share ``train``; ``learn`` and ``held_out`` are row numbers in it, so trials that
    are pickled together contain each table once.
    """

    classifier: Classifier
    select: Sequence[Selector]
    train: Examples
    learn: NDArray[np.intp]
    held_out: NDArray[np.intp]
    scoring: str
    seed: int
    setting: str = ""
    """For messages, such as ``classify.C=10``."""


def search(
    candidates: Sequence[Candidate],
    *,
    cv: int,
    scoring: str,
    seed: int,
    run: Callable[[Callable[[Trial], float], Iterable[Trial]], Iterable[float]] = map,
) -> TuneResult:
    """Score every candidate on the same folds of the training part.

    Imputation, scaling, selection and calibration are part of the fit and are fitted in each fold on its
    learning rows only. Samples of one group stay in one fold.

    Parameters
    ----------
    candidates : sequence of Candidate
        Settings to try, the simplest first: the first of equals wins.
    cv : int
        Number of folds, 2 or more.
    scoring : str
        One of ``accuracy``, ``macro_f1``, ``auc_ovo``, ``auc_ovr``.
    seed : int
        Seed of the folds and of every fit.
    run : callable
        Applies a function to an iterable in order, as ``map`` does; the ``map`` of a process pool runs trials
        side by side with the same result.

    Raises
    ------
    UsageError
        Where there are no candidates, fewer than two folds, or the score is unknown.
    DataError
        Where a class is too small for ``cv`` folds (naming class and count), candidates differ in samples, or
        a fold cannot be scored.
    """
    import pandas as pd

    if not candidates:
        raise UsageError("tuning was given no settings to try", hint="Give tune.grid at least one value")
    if scoring not in SCORES:
        raise UsageError(
            f"unknown score {scoring!r}; expected one of {', '.join(SCORES)}", where="tune.scoring"
        )
    if cv < 2:
        raise UsageError(f"{cv} folds are too few; expected 2 or more", where="tune.cv")
    labels, groups = _shared_samples(candidates)
    folds = stratified_folds(labels, groups, n_splits=cv, seed=seed)
    trials = (
        Trial(
            classifier=candidate.classifier,
            select=candidate.select,
            train=candidate.train,
            learn=learn,
            held_out=held_out,
            scoring=scoring,
            seed=seed,
            setting=", ".join(f"{name}={value}" for name, value in candidate.overrides.items()),
        )
        for candidate in candidates
        for learn, held_out in folds
    )
    values = np.array(list(run(_score_trial, trials)), dtype=np.float64).reshape(len(candidates), len(folds))
    # Means that differ in the last digits are equal: summation order must not choose a model.
    means = np.round(values.mean(axis=1), 12)
    table = pd.DataFrame([dict(candidate.overrides) for candidate in candidates])
    table["mean"] = means
    table["std"] = values.std(axis=1)
    for number in range(len(folds)):
        table[f"fold_{number + 1}"] = values[:, number]
    table["rank"] = 1 + (means[None, :] > means[:, None]).sum(axis=1)
    return TuneResult(table=table, best=int(means.argmax()), scoring=scoring, folds=folds)


def take(examples: Examples, rows: NDArray[np.intp]) -> Examples:
    """Return some rows of ``examples`` without reading images."""
    return replace(
        examples,
        ids=[examples.ids[row] for row in rows],
        labels=None if examples.labels is None else examples.labels[rows],
        groups=None if examples.groups is None else examples.groups[rows],
        features=None if examples.features is None else examples.features.iloc[rows],
        images=None if examples.images is None else _SomeImages(examples.images, rows),
    )


@dataclass(frozen=True)
class _SomeImages:
    """A subset of the images, read on access."""

    images: Images
    rows: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> RGBImage:
        return self.images[int(self.rows[index])]

    def __iter__(self) -> Iterator[RGBImage]:
        return (self.images[int(row)] for row in self.rows)


def _score_trial(trial: Trial) -> float:
    learn, held_out = take(trial.train, trial.learn), take(trial.train, trial.held_out)
    model = trial.classifier.fit(learn, seed=trial.seed, select=trial.select)
    truth: Any = held_out.labels
    value = score(trial.scoring, truth, model.predict_proba(held_out), model.classes)
    if value is None:
        raise DataError(
            f"{trial.scoring} is undefined on a fold with one class only",
            hint="Ask for fewer folds or for another score",
        )
    return value


def _shared_samples(candidates: Sequence[Candidate]) -> tuple[NDArray[np.str_], NDArray[np.str_] | None]:
    first = candidates[0].train
    if first.labels is None:
        raise DataError("tuning needs a training part with labels")
    for candidate in candidates[1:]:
        if candidate.train is not first and list(candidate.train.ids) != list(first.ids):
            raise DataError(
                f"the settings {dict(candidates[0].overrides)} and {dict(candidate.overrides)} leave "
                "different samples in the training part, so their scores cannot be compared",
                hint="Tune settings that reject images in runs of their own",
            )
    return first.labels, first.groups
