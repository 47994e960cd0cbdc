"""Tune, fit, predict and explain on one fold's examples; kept in the cache under what it depends on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from leukokit.api import Classifier, FittedModel, FloatArray, Part, Selector, Workspace
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import array_digest, digest, identity, library_versions
from leukokit.engine.cache.memo import read_kept
from leukokit.engine.cache.store import Store
from leukokit.engine.components.call import ComponentCall
from leukokit.engine.components.inputs import inputs_unchanged
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.execution.trials import trial_runner
from leukokit.engine.explanations.stage import Subject, explain_model
from leukokit.engine.images.stored_images import StoredImages
from leukokit.engine.models.fit_directories import FitFolders, FitProgress, checkpoint_folder, gathered
from leukokit.engine.models.fitted_fold import CandidateTable, FittedFold
from leukokit.engine.models.isolated_fit import fit_isolated
from leukokit.engine.models.labeled_examples import LabeledExamples
from leukokit.engine.models.leak_check import company_leak, memory_leaks
from leukokit.engine.models.model_check import first_rows, keep_expected, model_fault
from leukokit.engine.observer import Observer
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.unlike.fit import FeatureLikeness, feature_likeness
from leukokit.engine.validation import checked_classes
from leukokit.errors import RunFailed
from leukokit.evaluation.tuning import Candidate, search

MODEL = "model"
TRAINING = "training"
FIT_REVISION = 3
"""Raised when other facts are kept of a fit."""
_FACTS = "facts.json"
_TUNING = "tuning.csv"
_PROBABILITIES = "probabilities.npz"
_LIKENESS = "likeness.npz"
_EXPLAINED = "explained"


def fit_fold(
    candidates: Sequence[CandidateTable],
    *,
    store: Store | None,
    scratch: Path,
    folders: FitFolders,
    executor: Executor,
    observer: Observer,
    explain: bool = True,
) -> FittedFold:
    """Fit the best candidate on the training part and let it speak of validation and test.

    Parameters
    ----------
    candidates : sequence of CandidateTable
        One, or as many as the grid has points; never empty.
    scratch : Path
        A folder for what is fitted; made here.
    folders : FitFolders
        Where the fit shows what it does, and where checkpoints go without a cache.
    executor : Executor
        Who tries settings, where there are several.
    explain : bool
        Whether the recipe's explainers look at the model.
    """
    key = _key(candidates)
    fold = None if store is None else _known(candidates, key, store, scratch)
    if fold is None:
        scratch.mkdir(parents=True)
        title = _title(candidates)
        opened = checkpoint_folder(key, title, store=store, elsewhere=folders.checkpoints, observer=observer)
        with opened as checkpoints:
            fitted = fit_isolated(
                _fit,
                candidates,
                scratch,
                checkpoints.path,
                folders.artifacts,
                components=_classifier(candidates[0]),
                tuned=candidates[0].recipe.model.tune is not None,
                executor=executor,
                observer=observer,
            )
            _check_model(candidates, scratch, executor, observer)
            if store is not None and store.put_folder(key, title, scratch):
                checkpoints.forget()
        fold = _read(candidates, scratch, reused=False, model=fitted)
    if not explain:
        return fold
    return _explained(fold, key, store=store, executor=executor, observer=observer)


def known_fold(candidates: Sequence[CandidateTable], *, store: Store, scratch: Path) -> FittedFold | None:
    """Take what the cache holds of a fold; None where it holds nothing. Nothing is fitted."""
    return _known(candidates, _key(candidates), store, scratch)


def _known(candidates: Sequence[CandidateTable], key: str, store: Store, scratch: Path) -> FittedFold | None:
    read = partial(_read, candidates, reused=True)
    return read_kept(key, read, scratch, store=store, title=_title(candidates))


def _title(candidates: Sequence[CandidateTable]) -> str:
    return f"{candidates[0].classify.entry.name} of {candidates[0].recipe.name}"


def _key(candidates: Sequence[CandidateTable]) -> str:
    def rows(examples: LabeledExamples) -> list[str]:
        parts = [digest(list(examples.ids)), array_digest(examples.labels), array_digest(examples.groups)]
        if examples.features is not None:
            parts += [digest(list(examples.features.columns)), array_digest(examples.features.to_numpy())]
        if examples.images is not None:
            assert isinstance(examples.images, StoredImages)
            parts.append(examples.images.key())
        return parts

    first = candidates[0].recipe
    return digest(
        "model",
        FIT_REVISION,
        library_versions(),
        code_digest(
            __name__,
            "leukokit.engine.models.leak_check",
            "leukokit.engine.prediction.blocks",
            "leukokit.evaluation.likeness",
        ),
        first.seed,
        first.model.tune.model_dump(mode="json") if first.model.tune else None,
        first.model.unlike is not None,
        [identity(bound) for bound in (candidates[0].classify, *first.select)],
        [
            [
                dict(candidate.overrides),
                {part.value: rows(candidate.examples[part]) for part in sorted(candidate.examples)},
            ]
            for candidate in candidates
        ],
    )


def _classifier(candidate: CandidateTable) -> tuple[Classifier, list[Selector]]:
    return candidate.classify.component, [bound.component for bound in candidate.recipe.select]


def _fit(
    candidates: Sequence[CandidateTable],
    folder: Path,
    checkpoints: Path,
    artifacts: Path,
    executor: Executor,
    *,
    observer: Observer,
) -> FittedModel:
    seed = candidates[0].recipe.seed
    best = 0
    tune = candidates[0].recipe.model.tune
    if tune is not None:
        observer.stage("tuning", len(candidates))
        settings = [
            Candidate(candidate.overrides, *_classifier(candidate), candidate.examples[Part.TRAIN])
            for candidate in candidates
        ]
        run = trial_runner(settings, executor)
        with ComponentCall(settings[0].classifier, "fit", *settings[0].select):
            ranking = search(settings, cv=tune.cv, scoring=tune.scoring, seed=seed, run=run)
        observer.advance(len(candidates))
        best = ranking.best
        ranking.table.to_csv(folder / _TUNING, index=False, lineterminator="\n")
    chosen = candidates[best]
    classifier, select = _classifier(chosen)
    train = chosen.examples[Part.TRAIN]
    if not len(train):
        raise RunFailed("the training part is empty", hint="Give the split a training part")
    predicted = _predicted_parts(chosen)
    validation = chosen.examples[Part.VALIDATION] if Part.VALIDATION in predicted else None
    observer.stage("fitting", 1)
    progress = FitProgress(observer)
    with gathered(artifacts, folder / TRAINING):
        workspace = Workspace(checkpoints, artifacts, progress)
        parts = {"training part": train, "validation part": validation}
        with ComponentCall(classifier, "fit", *select), inputs_unchanged(parts, classifier, *select):
            model = classifier.fit(train, validation, seed=seed, select=select, workspace=workspace)
    if not progress.staged:
        observer.advance()
    (folder / MODEL).mkdir()
    with ComponentCall(classifier, "save", *select):
        model.save(folder / MODEL)
        classes = checked_classes(model.classes, type(classifier).__name__)
    pipeline = _pipeline(chosen, classes, lambda: model)
    represented: dict[Part, FloatArray] = {}
    probabilities = {}
    for part in predicted:
        probabilities[part.value], represented[part] = pipeline.predicted(chosen.examples[part])
    np.savez(folder / _PROBABILITIES, **probabilities)  # type: ignore[arg-type]
    if chosen.recipe.model.unlike is not None:
        _keep_likeness(folder, pipeline, train, represented, seed)
    leaks = memory_leaks(select, train, seed=seed)
    if predicted:
        examples = chosen.examples[predicted[-1]]
        with ComponentCall(classifier, "predict_proba", *select):
            company = company_leak(model, examples, probabilities[predicted[-1].value], seed=seed)
        leaks += [company] if company is not None else []
    expected = probabilities[predicted[-1].value] if predicted else pipeline.raw(first_rows(train))
    keep_expected(folder, expected)
    types = {name: table.dtype.str for name, table in probabilities.items()}
    facts = {"best": best, "classes": list(classes), "leaks": leaks, "types": types}
    (folder / _FACTS).write_text(json.dumps(facts))
    return model


def _keep_likeness(
    folder: Path,
    pipeline: FittedPipeline,
    train: LabeledExamples,
    held_out: Mapping[Part, FloatArray],
    seed: int,
) -> None:
    """Compare the held-out images with the training part as the model sees them."""
    likeness = feature_likeness(pipeline.represented(train), train.groups, held_out, seed=seed)
    np.savez(folder / _LIKENESS, **likeness.arrays())  # type: ignore[arg-type]


def _check_model(
    candidates: Sequence[CandidateTable], folder: Path, executor: Executor, observer: Observer
) -> None:
    """Load the model back, and note beside the other facts why it cannot be used."""
    facts = json.loads((folder / _FACTS).read_text())
    chosen = candidates[facts["best"]]
    classifier, select = _classifier(chosen)
    examples = chosen.examples[[Part.TRAIN, *_predicted_parts(chosen)][-1]]
    facts["fault"] = model_fault(classifier, select, folder, examples, executor=executor, observer=observer)
    (folder / _FACTS).write_text(json.dumps(facts))


def _predicted_parts(chosen: CandidateTable) -> list[Part]:
    return [part for part in (Part.VALIDATION, Part.TEST) if len(chosen.examples.get(part, ()))]


def _pipeline(
    chosen: CandidateTable, classes: Sequence[str], load_model: Callable[[], FittedModel]
) -> FittedPipeline:
    return FittedPipeline.of(chosen.recipe, chosen.plan, chosen.scale, classes, load_model)


def _explained(
    fitted: FittedFold, key: str, *, store: Store | None, executor: Executor, observer: Observer
) -> FittedFold:
    """Add what the explainers say of the last part that was held out."""
    predicted = _predicted_parts(fitted.best)
    recipe = fitted.best.recipe
    if not predicted or not recipe.explain:
        return fitted
    part = predicted[-1]
    classifier, select = _classifier(fitted.best)
    subject = Subject(
        key=key,
        classifier=classifier,
        model=fitted.pipeline.load_model,
        select=tuple(select),
        folder=fitted.folder / MODEL,
        classes=fitted.classes,
        part=part,
        examples=fitted.best.examples[part],
        probabilities=fitted.probabilities[part],
    )
    explanations = explain_model(
        recipe.explain,
        subject,
        seed=recipe.seed,
        store=store,
        scratch=fitted.folder / _EXPLAINED,
        executor=executor,
        observer=observer,
    )
    return replace(fitted, explanations=explanations)


def _read(
    candidates: Sequence[CandidateTable], folder: Path, *, reused: bool, model: FittedModel | None = None
) -> FittedFold:
    """Read what ``_fit`` wrote: a fitted run and a cached one take the same way from here on.

    ``model`` saves loading what is in memory anyway.

    Raises
    ------
    ValueError, or any other error of the readers
        Where the files hold something else.
    """
    facts = json.loads((folder / _FACTS).read_text())
    with np.load(folder / _PROBABILITIES, allow_pickle=False) as arrays:
        probabilities = {Part(name): arrays[name] for name in arrays.files}
    tuning = folder / _TUNING
    chosen = candidates[facts["best"]]
    classes = len(facts["classes"])
    expected = {part: (len(chosen.examples[part]), classes) for part in _predicted_parts(chosen)}
    if expected != {part: table.shape for part, table in probabilities.items()}:
        raise ValueError(f"{_PROBABILITIES} is not of the images that were held out")
    if facts["types"] != {part.value: table.dtype.str for part, table in probabilities.items()}:
        raise ValueError(f"{_PROBABILITIES} has another type of numbers")
    if not (folder / MODEL).is_dir():
        raise ValueError(f"there is no {MODEL}")
    likeness = None
    if chosen.recipe.model.unlike is not None:
        with np.load(folder / _LIKENESS, allow_pickle=False) as arrays:
            likeness = FeatureLikeness.from_arrays(dict(arrays))
    classifier, select = _classifier(chosen)

    @cache
    def loaded() -> FittedModel:
        if model is not None:
            return model
        with ComponentCall(classifier, "load", *select):
            return classifier.load(folder / MODEL, select=select)

    return FittedFold(
        best=chosen,
        pipeline=_pipeline(chosen, facts["classes"], loaded),
        tuning=pd.read_csv(tuning) if tuning.exists() else None,
        leaks=tuple(facts["leaks"]),
        probabilities=probabilities,
        explanations={},
        reused=reused,
        folder=folder,
        fault=facts["fault"],
        likeness=likeness,
    )
