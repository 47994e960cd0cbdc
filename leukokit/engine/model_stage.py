"""Tune, fit, predict and explain on one fold's table; kept in the cache under what it depends on."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leukokit.api import Classifier, Examples, FittedModel, FloatArray, Part, Selector
from leukokit.engine.identity import identity
from leukokit.engine.keys import array_digest, digest, library_versions
from leukokit.engine.observer import Observer
from leukokit.engine.store import Store
from leukokit.errors import LeukokitError, RunFailed
from leukokit.evaluation.tuning import Candidate, search
from leukokit.recipe import Recipe

MODEL = "model"
_FACTS = "facts.json"
_TUNING = "tuning.csv"
_PROBABILITIES = "probabilities.npz"


@dataclass(frozen=True)
class CandidateTable:
    """One setting of the tuned parameters, with the features it leads to.

    Attributes
    ----------
    overrides : mapping of str to object
        Empty where nothing is tuned.
    recipe : Recipe
        The recipe with the overrides in it.
    examples : mapping of Part to Examples
        Rows of each part, with labels and groups.
    """

    overrides: Mapping[str, Any]
    recipe: Recipe
    examples: Mapping[Part, Examples]


@dataclass(frozen=True)
class FittedFold:
    """A model and what it says of the parts it was not fitted on.

    Attributes
    ----------
    best : CandidateTable
        The setting that was fitted.
    tuning : DataFrame or None
        One row a setting, best first.
    probabilities : mapping of Part to float64 array n x k
    explanations : mapping of explainer name to DataFrame
    reused : bool
        True where everything came from the cache.
    folder : Path
        Holds ``model/``; lives as long as the caller keeps it.
    """

    best: CandidateTable
    tuning: pd.DataFrame | None
    classes: tuple[str, ...]
    probabilities: Mapping[Part, FloatArray]
    explanations: Mapping[str, pd.DataFrame]
    reused: bool
    folder: Path


def fit_fold(
    candidates: Sequence[CandidateTable], *, store: Store | None, scratch: Path, observer: Observer
) -> FittedFold:
    """Fit the best candidate on the training part and let it speak of validation and test.

    Parameters
    ----------
    candidates : sequence of CandidateTable
        One, or as many as the grid has points; never empty.
    scratch : Path
        An empty folder for what is fitted.
    """
    key = _key(candidates)
    kept = store.get_folder(key) if store is not None else None
    if kept is not None:
        shutil.copytree(kept, scratch, dirs_exist_ok=True)
        return _read(candidates, scratch, reused=True)
    recipe = candidates[0].recipe
    title = f"{recipe.classify.entry.name} of {recipe.name}" if recipe.classify else recipe.name
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder)
        _fit(candidates, draft, observer)
        if store is not None:
            store.put_folder(key, title, draft)
        shutil.copytree(draft, scratch, dirs_exist_ok=True)
    return _read(candidates, scratch, reused=False)


def _key(candidates: Sequence[CandidateTable]) -> str:
    def table(examples: Examples) -> list[str]:
        assert examples.features is not None
        assert examples.labels is not None
        assert examples.groups is not None
        return [
            digest(list(examples.ids), list(examples.features.columns)),
            array_digest(examples.features.to_numpy()),
            array_digest(examples.labels),
            array_digest(examples.groups),
        ]

    first = candidates[0].recipe
    stages = [bound for bound in (first.classify, *first.select, *first.explain) if bound is not None]
    return digest(
        "model",
        library_versions(),
        first.seed,
        first.model.tune.model_dump(mode="json") if first.model.tune else None,
        [identity(bound) for bound in stages],
        [
            [dict(each.overrides), {part.value: table(each.examples[part]) for part in sorted(each.examples)}]
            for each in candidates
        ],
    )


def _classifier(recipe: Recipe) -> tuple[Classifier, list[Selector]]:
    assert recipe.classify is not None
    return recipe.classify.component, [bound.component for bound in recipe.select]


def _fit(candidates: Sequence[CandidateTable], folder: Path, observer: Observer) -> None:
    seed = candidates[0].recipe.seed
    best = 0
    tune = candidates[0].recipe.model.tune
    if tune is not None:
        observer.stage("tuning", len(candidates))
        pairs = [_classifier(each.recipe) for each in candidates]
        found = search(
            [
                Candidate(each.overrides, classifier, select, each.examples[Part.TRAIN])
                for each, (classifier, select) in zip(candidates, pairs, strict=True)
            ],
            cv=tune.cv,
            scoring=tune.scoring,
            seed=seed,
        )
        observer.advance(len(candidates))
        best = found.best
        found.table.to_csv(folder / _TUNING, index=False, lineterminator="\n")
    chosen = candidates[best]
    classifier, select = _classifier(chosen.recipe)
    train = chosen.examples[Part.TRAIN]
    if not len(train):
        raise RunFailed("the training part is empty", hint="Give the split a training part")
    observer.stage("fitting", 1)
    model = classifier.fit(train, chosen.examples.get(Part.VALIDATION), seed=seed, select=select)
    observer.advance()
    (folder / MODEL).mkdir()
    model.save(folder / MODEL)
    held_out = [part for part in (Part.VALIDATION, Part.TEST) if len(chosen.examples.get(part, ()))]
    probabilities = {part.value: _checked(model, chosen.examples[part], classifier) for part in held_out}
    np.savez(folder / _PROBABILITIES, **probabilities)  # type: ignore[arg-type]
    facts = {"best": best, "classes": list(model.classes)}
    (folder / _FACTS).write_text(json.dumps(facts))
    if held_out:
        _explain(chosen, classifier, model, held_out[-1], folder, observer)


def _checked(model: FittedModel, examples: Examples, classifier: Classifier) -> FloatArray:
    proba = model.predict_proba(examples)
    expected = (len(examples), len(model.classes))
    if proba.shape != expected or not np.allclose(proba.sum(axis=1), 1, atol=1e-6):
        raise LeukokitError(
            f"{type(classifier).__name__} gave probabilities of shape {proba.shape}, expected {expected} "
            "with rows that sum to 1"
        )
    return proba


def _explain(
    chosen: CandidateTable,
    classifier: Classifier,
    model: FittedModel,
    part: Part,
    folder: Path,
    observer: Observer,
) -> None:
    for bound in chosen.recipe.explain:
        explainer = bound.component
        observer.stage(f"explaining with {bound.entry.name}", 1)
        found = explainer.explain(classifier, model, chosen.examples[part], seed=chosen.recipe.seed)
        observer.advance()
        if found.table is not None:
            target = folder / "explanations" / f"{bound.entry.name.replace('/', '.')}.csv"
            target.parent.mkdir(exist_ok=True)
            found.table.to_csv(target, index=False, lineterminator="\n")


def _read(candidates: Sequence[CandidateTable], folder: Path, *, reused: bool) -> FittedFold:
    """Read what ``_fit`` wrote: a fitted run and a cached one take the same way from here on."""
    facts = json.loads((folder / _FACTS).read_text())
    with np.load(folder / _PROBABILITIES, allow_pickle=False) as arrays:
        probabilities = {Part(name): arrays[name] for name in arrays.files}
    tuning = folder / _TUNING
    return FittedFold(
        best=candidates[facts["best"]],
        tuning=pd.read_csv(tuning) if tuning.exists() else None,
        classes=tuple(facts["classes"]),
        probabilities=probabilities,
        explanations={
            path.stem: pd.read_csv(path) for path in sorted((folder / "explanations").glob("*.csv"))
        },
        reused=reused,
        folder=folder,
    )
