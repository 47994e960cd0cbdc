"""The model card that lies beside every saved model."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from leukokit._version import __version__
from leukokit.api import Consumes, Part
from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.models.model_stage import MODEL
from leukokit.engine.pipeline.layout import FINAL
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.run_result import RunResult, fitted_folds
from leukokit.ids import utf8, written_id
from leukokit.recipe import Recipe
from leukokit.record.files import VERDICT
from leukokit.record.metrics import Metrics
from leukokit.record.scores import Interval, PartScores
from leukokit.record.verdict import VerdictRecord

CARD = "model_card.md"
_SCORES = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "auc_ovo": "AUC one-vs-one",
    "auc_ovr": "AUC one-vs-rest",
}
_MARKDOWN = re.compile(r"([\\`*\[\]|])")


def write_model_cards(result: RunResult, directory: RunDirectory) -> None:
    """Write a card beside every model, the final one included; comes after the verdict, which it repeats."""
    run = FinishedRun(directory.path)
    verdict = VERDICT.find(run.path)
    fitted = fitted_folds(result.folds)
    if result.final is not None and result.final.fitted is not None:
        made = result.final.fitted
        text = model_card(made, run.metrics, verdict, stamp=result.stamp, folds=len(fitted), final=True)
        directory.write(f"{MODEL}/{FINAL}/{CARD}", utf8(text))
    for name, fold in fitted.items():
        folder = f"{MODEL}/{name}" if len(fitted) > 1 else MODEL
        text = model_card(fold, run.metrics, verdict, stamp=result.stamp, folds=len(fitted))
        directory.write(f"{folder}/{CARD}", utf8(text))


def model_card(
    fitted: FittedFold,
    metrics: Metrics,
    verdict: VerdictRecord | None,
    *,
    stamp: str | None,
    folds: int,
    final: bool = False,
) -> str:
    """Markdown that says what the model is, how well it does and how far to trust that.

    Parameters
    ----------
    metrics : Metrics
    verdict : VerdictRecord or None
        None where it could not be made.
    folds : int
        Models of this run; the scores are those of all of them together.
    final : bool
        Whether the model is the one that was fitted on all data, which no score is of.
    """
    recipe = fitted.best.recipe
    assert recipe.classify is not None
    train = fitted.best.examples[Part.TRAIN]
    assert train.labels is not None
    assert train.groups is not None
    test = metrics.test
    return (
        _environment()
        .get_template("model_card.md.j2")
        .render(
            recipe=recipe,
            params=recipe.classify.component.params.model_dump(mode="json"),
            consumes=sorted(recipe.classify.component.consumes),
            classes=fitted.classes,
            final=final,
            steps=_steps(recipe),
            version=__version__,
            stamp=stamp,
            trained=len(train),
            groups=len(set(train.groups.tolist())),
            counts=sorted(Counter(train.labels.tolist()).items()),
            test=test,
            scores=_scores(test) if test else [],
            by_group=metrics.by_group,
            answer=fitted.pipeline.answer,
            group_scores=_scores(groups) if (groups := _groups(metrics)) else [],
            folds=folds,
            verdict=verdict,
        )
    )


def _groups(metrics: Metrics) -> PartScores | None:
    return None if metrics.by_group is None else metrics.by_group.test


def _steps(recipe: Recipe) -> list[str]:
    """List what an image goes through; some models never see what a recipe segments and measures besides."""
    assert recipe.classify is not None
    steps = [bound.use for bound in recipe.preprocess]
    if Consumes.FEATURES in recipe.classify.component.consumes:
        steps += [recipe.segment.use] if recipe.segment else []
        steps += [bound.use for bound in recipe.features]
    return steps


def _scores(test: PartScores) -> list[tuple[str, str]]:
    rows = []
    for key, shown in _SCORES.items():
        interval = None if test.intervals is None else test.intervals.of(key)
        rows.append((shown, _with_bounds(test.of(key), interval)))
    point = test.operating_point
    if point is not None:
        against = f"{' or '.join(point.positive)} against {' or '.join(point.negative)}"
        rows += [
            (f"{name}, {against}", _with_bounds(None if rate is None else rate.value, rate))
            for name, rate in (("sensitivity", point.sensitivity), ("specificity", point.specificity))
        ]
    if test.calibration is not None:
        applied = test.calibration.methods[test.calibration.applied]
        bounds = Interval(low=applied.ece_low, high=applied.ece_high)
        rows.append(("expected calibration error", _with_bounds(applied.ece, bounds)))
    return rows


def _with_bounds(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return "-"
    if interval is not None and interval.reason is not None:
        return f"{value:.3f} (interval: {_markdown_text(interval.reason)})"
    if interval is None or interval.low is None:
        return f"{value:.3f}"
    return f"{value:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def _markdown_text(text: object) -> str:
    """Escape text of any origin: a name makes no link, no table cell and no new line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(written_id(text).split()))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("leukokit.report", "templates"),
        autoescape=True,  # Markdown may hold HTML, and names of classes come from folders
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["text"] = _markdown_text
    made.filters["share"] = lambda value: "-" if value is None else f"{value:.3f}"
    return made
