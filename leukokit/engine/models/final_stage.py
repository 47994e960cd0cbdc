"""The final model: fitted on all data of the recipe after the folds have measured how well such models do.

No image is left to test it on, and all files about it say so. Its calibration and thresholds
are learnt from the predictions of the headline's folds for their validation parts, as in scikit-learn's
``CalibratedClassifierCV(ensemble=False)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from leukokit.api import Part
from leukokit.engine.models.attention_stage import trained_attention
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.models.fold_stage import FoldStage
from leukokit.engine.models.group_stage import attention_of, pooled_validation
from leukokit.engine.models.pooled_predictions import PooledPredictions, pooled_predictions
from leukokit.engine.pipeline.answer import FittedAnswer, choose_answer
from leukokit.engine.pipeline.averaged import AveragedPipelines
from leukokit.engine.pipeline.decisions import decide
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.pipeline.layout import FINAL
from leukokit.engine.protocols import Division
from leukokit.engine.run_result import FoldRun
from leukokit.engine.unlike.fit import fitted_unlike
from leukokit.engine.unlike.limits import FittedUnlike, References
from leukokit.errors import DataError, LeukokitError
from leukokit.evaluation.balance import balanced_rows
from leukokit.evaluation.calibration import fit_calibration
from leukokit.evaluation.splits import Fold
from leukokit.recipe import Recipe


def asks_for_final(recipe: Recipe, divisions: Sequence[Division]) -> bool:
    """Whether a model is fitted on all data: where the recipe says so, or where some split has folds."""
    if recipe.classify is None or not divisions:
        return False
    folds = any(len(division.folds) > 1 for division in divisions)
    return (recipe.model.final or ("refit" if folds else "none")) == "refit"


def averages_folds(recipe: Recipe, divisions: Sequence[Division]) -> bool:
    """Whether the models of the headline's folds predict further images together.

    Raises
    ------
    DataError
        Where the recipe says so, and there are no folds.
    """
    if recipe.model.final != "folds" or recipe.classify is None or not divisions:
        return False
    if len(divisions[0].folds) < 2:
        raise DataError(
            "'final: folds' averages the models of several folds, and the split has one",
            where=f"{recipe.path or recipe.name}: final",
            hint="Use a split with several folds, such as {method: kfold, folds: 5}, or final: refit",
        )
    return True


def average_folds(
    recipe: Recipe, fitted: Mapping[str, FittedFold], groups: Mapping[str, str]
) -> AveragedPipelines:
    """Put the pipelines of the folds together, with thresholds from all their validation parts.

    Parameters
    ----------
    groups : mapping of sample id to str
        Group of each image that has one.

    Raises
    ------
    LeukokitError
        Where the folds know different classes.
    """
    members = tuple(fold.pipeline for fold in fitted.values())
    for name, member in zip(fitted, members, strict=True):
        if member.classes != members[0].classes:
            raise LeukokitError(
                f"the training part of fold {name} has the classes {', '.join(member.classes)}, that of the "
                f"first fold {', '.join(members[0].classes)}",
                hint="Their probabilities cannot be averaged: use fewer folds, or final: refit",
            )
    classes = members[0].classes
    validation = pooled_predictions(fitted, Part.VALIDATION)
    chosen = None
    if validation is not None and validation.classes == classes:
        chosen = np.array(validation.true, dtype=np.str_), validation.proba
    decisions = decide(recipe.model, classes, chosen)
    attention = tuple(pooling for fold in fitted.values() for pooling in attention_of(fold))
    answer = choose_answer(recipe.model, classes, pooled_validation(fitted, groups), attention)
    return AveragedPipelines(recipe.name, members, decisions.operating_point, decisions.refer, answer)


def fit_final(stage: FoldStage, fitted: Mapping[str, FittedFold]) -> FoldRun | None:
    """Fit on all data; where that cannot be done the run goes on with a warning.

    Parameters
    ----------
    fitted : mapping of fold name to FittedFold
        Models of the headline's folds.
    """
    try:
        run, fitted_on_all = stage.refit(_all_data(stage))
    except LeukokitError as error:
        stage.observer.warn(f"there is no final model: {error}")
        return None
    pipeline = _decided(fitted_on_all, pooled_predictions(fitted, Part.VALIDATION))
    pipeline = replace(
        pipeline,
        unlike=_unlike(stage, fitted_on_all, fitted),
        answer=_answer(fitted_on_all, stage, fitted),
    )
    count = len(fitted_on_all.best.examples[Part.TRAIN])
    stage.observer.say(f"the final model is fitted on all {count} images; nothing is left to test it on")
    return replace(run, fitted=replace(fitted_on_all, pipeline=pipeline))


def _answer(final: FittedFold, stage: FoldStage, folds: Mapping[str, FittedFold]) -> FittedAnswer | None:
    """Choose how to answer for groups on the validation parts of the folds.

    Attention learns on all groups, for as many epochs as it did in the folds (their median).
    """
    validation = pooled_validation(folds, stage.groups)
    if any(fold.classes != final.classes for fold in folds.values()):
        validation = None
    answer = choose_answer(stage.recipe.model, final.classes, validation)
    if answer is None or not answer.attends:
        return answer
    before = [pooling.epochs for fold in folds.values() for pooling in attention_of(fold)]
    attention = trained_attention(
        final,
        stage.groups,
        store=stage.store,
        observer=stage.observer,
        epochs=round(float(np.median(before))),
    )
    return replace(answer, attention=attention)


def _all_data(stage: FoldStage) -> Fold:
    """Put every labeled image that any fold uses into the training part, balanced as asked for."""
    model = stage.recipe.model
    samples = [
        item.sample
        for item in stage.data.items
        if item.sample.label is not None and item.sample.id in stage.wanted
    ]
    spec = model.evaluate[0].split if model.evaluate else model.split
    if spec is not None and spec.balance is not None:
        ids = np.array([sample.id for sample in samples], dtype=np.str_)
        labels = np.array([sample.label for sample in samples], dtype=np.str_)
        rows = balanced_rows(ids, labels, spec.balance.to, stage.recipe.seed, "training part")
        samples = [samples[row] for row in rows.tolist()]
    return Fold(FINAL, {sample.id: Part.TRAIN for sample in samples})


def _unlike(stage: FoldStage, final: FittedFold, folds: Mapping[str, FittedFold]) -> FittedUnlike | None:
    """Take all data for references; limits come from the held-out images of the folds."""
    held_out, spec = stage.held_out(final), stage.recipe.model.unlike
    before = [fold.held_out for fold in folds.values() if fold.held_out is not None]
    if held_out is None or spec is None or not before:
        return None
    spaces = [name for name in held_out.references.spaces if all(name in each.choosing() for each in before)]
    pooled = {name: np.concatenate([each.choosing()[name] for each in before]) for name in spaces}
    references = References({name: held_out.references.spaces[name] for name in spaces})
    chosen = replace(held_out, references=references, distances={Part.VALIDATION: pooled})
    return replace(fitted_unlike(chosen, pooled, spec.false_alarms), chosen_on=before[0].chosen_on)


def _decided(fitted: FittedFold, validation: PooledPredictions | None) -> FittedPipeline:
    """Add calibration and thresholds from the validation parts of the folds."""
    pipeline, model = fitted.pipeline, fitted.best.recipe.model
    chosen = None
    if validation is not None and validation.classes == pipeline.classes:
        if model.calibrate is not None:
            calibration = fit_calibration(
                model.calibrate, validation.codes, validation.raw, validation.classes
            )
            pipeline = replace(pipeline, calibration=calibration)
        chosen = np.array(validation.true, dtype=np.str_), pipeline.calibrated(validation.raw)
    decisions = decide(model, pipeline.classes, chosen)
    return replace(pipeline, operating_point=decisions.operating_point, refer=decisions.refer)
