"""Calibration, operating point and referral of a run: chosen on validation, shown on test."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
import pytest

import leukokit
from leukokit.api import Part
from leukokit.catalog import discover
from leukokit.cli._summary import print_summary
from leukokit.engine.models.calibration_stage import calibrated
from leukokit.engine.models.fitted_fold import FittedFold
from leukokit.engine.models.pooled_predictions import PooledPredictions
from leukokit.engine.models.results import fold_metrics
from leukokit.engine.models.statistics import PartStatistics, part_statistics
from leukokit.engine.pipeline.decisions import FittedOperatingPoint, decide
from leukokit.engine.run_result import RunResult
from leukokit.errors import DataError, RecipeError
from leukokit.evaluation.calibration import FittedCalibration
from leukokit.recipe import load_recipe
from leukokit.recipe.models import RecipeModel
from leukokit.record.scores import Target

RECIPE = """
leukokit: 1
name: small
seed: 5
audit: {{enabled: false}}
data: {{use: folder, params: {{root: {root}}}}}
split: {{method: holdout, test: 0.25, validation: 0.25}}
segment: {{use: multi_otsu}}
features: [intensity, morphology]
classify: {{use: logistic}}
"""

Leukokit = Callable[..., "subprocess.CompletedProcess[str]"]
CLASSES = ("Benign", "Early", "Pre", "Pro")


def asked(**sections: object) -> RecipeModel:
    return RecipeModel.model_validate({"leukokit": 1, "name": "x", "data": {"use": "smears"}, **sections})


def part(
    seed: int, n: int, fold: str = "f", *, sure: float = 2.0, classes: tuple[str, ...] = CLASSES
) -> PooledPredictions:
    """Draw a part of images in groups of two, by a model that is too sure of itself."""
    rng = np.random.default_rng(seed)
    k = len(classes)
    logits = 2 * rng.normal(size=(n, k))
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    number = [rng.choice(k, p=row) for row in honest]
    said = np.exp(sure * logits)
    said /= said.sum(axis=1, keepdims=True)
    ids = [f"{fold}-{seed}-{i}" for i in range(n)]
    groups = [f"{fold}-{seed}-g{i // 2}" for i in range(n)]
    return PooledPredictions(ids, [fold] * n, [classes[i] for i in number], groups, said, said, classes)


def joined(*parts: PooledPredictions) -> PooledPredictions:
    names = ("ids", "folds", "true", "groups")
    return PooledPredictions(
        *([value for each in parts for value in getattr(each, name)] for name in names),
        np.vstack([each.proba for each in parts]),
        np.vstack([each.raw for each in parts]),
        parts[0].classes,
    )


def statistics(
    rows: PooledPredictions, validation: PooledPredictions | None, recipe: RecipeModel
) -> PartStatistics:
    """Choose the thresholds of each fold on its validation part, as a run does, and use them on ``rows``."""
    decisions = {}
    for fold in rows.fold_rows:
        learn = None
        if validation is not None and fold in validation.fold_rows:
            inside = validation.fold_rows[fold]
            learn = np.array(validation.true)[inside], validation.proba[inside]
        decisions[fold] = decide(recipe, rows.classes, learn)
    return part_statistics(rows, validation, decisions, recipe, seed=5)


Run = Callable[..., RunResult]


@pytest.fixture(scope="module")
def run_small(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the small recipe with some sections changed; what is fitted once stays in the cache."""
    folder = tmp_path_factory.mktemp("statistics")
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.format(root=pictures))

    def run(**overrides: object) -> RunResult:
        return leukokit.run(
            recipe,
            overrides,
            out=folder / "runs",
            cache=folder / "cache",
            workers=1,
            executor="inline",
            report=False,
        )

    return run


@pytest.fixture(scope="module")
def plain(run_small: Run) -> RunResult:
    """Run the recipe as it is."""
    return run_small()


def the_fold(result: RunResult) -> FittedFold:
    fitted = result.folds[0].fitted
    assert fitted is not None
    return fitted


def test_every_number_has_its_interval_and_the_promised_keys() -> None:
    """The test part tells calibration three ways, the operating point, the curve and the band, as JSON."""
    validation, test = part(1, 200), part(2, 200)
    found = statistics(test, validation, asked())
    for record in (found.calibration, found.operating_point, found.coverage):
        assert record is not None
        assert type(record).model_validate_json(record.to_bytes()) == record
    assert set(found.calibration.methods) == {"none", "temperature", "isotonic"}
    assert found.calibration.applied == "none"
    assert found.calibration.temperature == pytest.approx(2.0, rel=0.25)
    methods = found.calibration.methods
    assert methods["temperature"].ece < methods["none"].ece
    point = found.operating_point
    assert point.negative == ("Benign",)
    assert point.positive == ("Early", "Pre", "Pro")
    assert point.chosen_on == "validation"
    assert point.target == Target(sensitivity=0.95)
    for name in ("sensitivity", "specificity", "ppv", "npv", "auc"):
        share = getattr(point, name)
        assert share.low <= share.value <= share.high
    refer = found.coverage.refer
    assert refer.target_risk == 0.01
    assert refer.errors_kept + refer.errors_referred == np.sum(test.proba.argmax(axis=1) != test.codes)
    assert found.coverage.curve[-1].coverage == 1.0


def test_the_test_part_decides_nothing() -> None:
    """Other labels and probabilities of the test part change no temperature and no threshold."""
    validation, test = part(1, 200), part(2, 200)
    spoilt = replace(
        test,
        true=test.true[::-1],
        proba=np.roll(test.proba, 1, axis=1) ** 3 / np.sum(test.proba**3, axis=1, keepdims=True),
        raw=np.roll(test.raw, 2, axis=1),
    )
    one = statistics(test, validation, asked())
    other = statistics(spoilt, validation, asked())
    assert one.calibration.temperature == other.calibration.temperature
    assert one.operating_point.threshold == other.operating_point.threshold
    assert one.coverage.refer.threshold == other.coverage.refer.threshold
    assert one.calibration.methods != other.calibration.methods  # the spoilt part itself is seen
    moved = statistics(test, part(3, 200, sure=1.0), asked())
    assert moved.calibration.temperature != one.calibration.temperature


def test_folds_choose_for_themselves() -> None:
    """Each fold's temperature and threshold come from its own validation part and go to its own test part."""
    a, b = part(1, 150, "a", sure=1.0), part(2, 150, "b", sure=3.0)
    test_a, test_b = part(3, 150, "a", sure=1.0), part(4, 150, "b", sure=3.0)
    both = statistics(joined(test_a, test_b), joined(a, b), asked())
    one = statistics(test_a, a, asked())
    two = statistics(test_b, b, asked())
    assert both.calibration.temperatures == {
        "a": one.calibration.temperature,
        "b": two.calibration.temperature,
    }
    assert both.calibration.temperature is None
    assert "from 0.9" in both.calibration.notes[0] or "from 1" in both.calibration.notes[0]
    thresholds = both.operating_point.thresholds
    assert thresholds == {"a": one.operating_point.threshold, "b": two.operating_point.threshold}
    hits = sum(
        each.operating_point.sensitivity.value * each.operating_point.sensitivity.n for each in (one, two)
    )
    assert both.operating_point.sensitivity.value * both.operating_point.sensitivity.n == pytest.approx(hits)
    kept = [each.coverage.refer.errors_kept for each in (one, two, both)]
    assert kept[0] + kept[1] == kept[2]


def test_without_validation_nothing_is_chosen() -> None:
    """The threshold is 0.5 and said to be fixed; no calibration is fitted, no band drawn."""
    found = statistics(part(2, 100), None, asked())
    assert found.calibration.fitted_on is None
    assert set(found.calibration.methods) == {"none"}
    assert found.operating_point.chosen_on == "fixed"
    assert found.operating_point.threshold == 0.5
    assert found.operating_point.target is None
    assert found.coverage.refer is None
    half = joined(part(1, 50, "a"), part(2, 50, "b"))
    assert statistics(half, part(3, 50, "a"), asked()).coverage.refer is None


def test_the_validation_part_says_that_it_chose_for_itself() -> None:
    """Its numbers are there, and marked as too good."""
    validation = part(1, 100)
    found = statistics(validation, validation, asked())
    assert set(found.calibration.methods) == {"none"}
    assert any("too good" in note for note in found.operating_point.notes)
    assert any("too good" in note for note in found.coverage.refer.notes)
    assert found.operating_point.sensitivity.value >= 0.95


def test_classes_without_a_healthy_one_have_no_operating_point() -> None:
    """Nothing is guessed; the recipe can name the class."""
    test = part(2, 80, classes=("few", "many"))
    assert statistics(test, None, asked()).operating_point is None
    named = asked(operating_point={"negative": ["few"], "sensitivity": 0.9})
    assert statistics(test, None, named).operating_point.positive == ("many",)


def test_pooled_numbers_cost_no_more_than_their_images() -> None:
    """Four times as many images take four times as long at most: nothing compares each image with each."""
    few, many = (joined(*(part(i, size, f"fold-{i}") for i in range(5))) for size in (163, 652))
    validations = joined(*(part(10 + i, 65, f"fold-{i}") for i in range(5)))
    times = []
    for tests in (few, few, many):  # the first one imports
        started = process_time()
        statistics(tests, validations, asked())
        times.append(process_time() - started)
    assert times[2] < 6 * times[1]


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_a_calibrated_run_predicts_what_its_file_says(plain: RunResult, run_small: Run, method: str) -> None:
    """What calibration.json makes of the model stands in predictions.csv; the card and scores tell it."""
    result = run_small(calibrate=method)
    content = json.loads((result.path / "model" / "calibration.json").read_text())
    columns = ["p_few", "p_many"]
    before, after = (pd.read_csv(each.path / "predictions.csv") for each in (plain, result))
    expected = FittedCalibration.from_json(content).apply(before[columns].to_numpy())
    assert after[columns].to_numpy() == pytest.approx(expected, abs=1e-12)
    assert not np.allclose(before[columns], after[columns])
    found = result.metrics["test"]["calibration"]
    assert found["applied"] == method
    rows = after[after["part"] == "test"]
    assert found["methods"][method]["accuracy"] == np.mean(rows["true"] == rows["predicted"])
    assert found["methods"]["none"] == plain.metrics["test"]["calibration"]["methods"]["none"]
    assert f"Calibration: {method}" in (result.path / "model" / "model_card.md").read_text()
    assert not (plain.path / "model" / "calibration.json").exists()
    assert the_fold(result).reused  # a calibration trains nothing anew


def test_a_planted_leak_changes_no_calibration(plain: RunResult) -> None:
    """Labels and probabilities of the test part are turned upside down: what is fitted stays."""
    fitted = the_fold(plain)
    for method in ("temperature", "isotonic"):
        wanted = fitted.best.recipe.with_overrides({"calibrate": method})
        honest = replace(fitted, best=replace(fitted.best, recipe=wanted))
        examples = dict(fitted.best.examples)
        labels = examples[Part.TEST].labels
        assert labels is not None
        examples[Part.TEST] = replace(
            examples[Part.TEST], labels=np.where(labels == "few", "many", "few").astype(np.str_)
        )
        probabilities = dict(fitted.probabilities)
        probabilities[Part.TEST] = probabilities[Part.TEST][:, ::-1]
        leaky = replace(
            fitted,
            best=replace(fitted.best, recipe=wanted, examples=examples),
            probabilities=probabilities,
        )
        assert calibrated(honest).calibration == calibrated(leaky).calibration
        other = dict(fitted.probabilities)
        other[Part.VALIDATION] = other[Part.VALIDATION][:, ::-1]
        assert calibrated(replace(honest, probabilities=other)).calibration != calibrated(honest).calibration


def test_folds_are_calibrated_each_by_its_own(run_small: Run) -> None:
    """Every fold leaves its calibration beside its model."""
    split = {"method": "kfold", "folds": 3, "validation": 0.2}
    result = run_small(split=split, calibrate="temperature")
    names = sorted(path.parent.name for path in (result.path / "model").rglob("calibration.json"))
    assert len(names) == 3
    temperatures = result.metrics["test"]["calibration"]["temperatures"]
    for name in names:
        content = json.loads((result.path / "model" / name / "calibration.json").read_text())
        assert content["temperature"] == pytest.approx(temperatures[name])


def test_one_threshold_reaches_scores_and_pipeline(plain: RunResult) -> None:
    """What a fold's pipeline decides by is what its scores are of: another threshold there moves them."""
    fitted = the_fold(plain)
    point, refer = fitted.pipeline.operating_point, fitted.pipeline.refer
    assert refer is not None
    assert plain.record.test is not None
    assert plain.record.test.coverage is not None
    assert plain.record.test.coverage.refer is not None
    assert plain.record.test.coverage.refer.threshold == refer.threshold
    assert point is None  # no class of this data set is known to be healthy
    elsewhere = replace(
        fitted.pipeline,
        operating_point=FittedOperatingPoint(("few",), 0.125, 0.9),
        refer=replace(refer, threshold=0.75),
    )
    named = replace(
        fitted.best, recipe=fitted.best.recipe.with_overrides({"operating_point.negative": ["few"]})
    )
    told = fold_metrics({"x": replace(fitted, pipeline=elsewhere, best=named)}, seed=5)
    for part in (Part.VALIDATION, Part.TEST):
        scores = told[part]
        assert scores.operating_point is not None
        assert scores.operating_point.threshold == 0.125
        assert scores.coverage is not None
        assert scores.coverage.refer is not None
        assert scores.coverage.refer.threshold == 0.75


def test_metrics_come_from_the_fitted_folds_alone(plain: RunResult) -> None:
    """Asked again, they are the same to the last digit."""
    again = fold_metrics({"x": the_fold(plain)}, seed=5)
    for name in ("validation", "test"):
        assert again[Part(name)].plain() == plain.metrics[name]


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        (
            {"split": {"method": "holdout", "test": 0.3, "validation": 0}, "calibrate": "temperature"},
            ["'calibrate' learns from the validation part", "split.validation"],
        ),
        (
            {"split": {"method": "kfold", "folds": 3}, "calibrate": "isotonic"},
            ["'calibrate' learns from the validation part", "split.validation"],
        ),
        ({"operating_point": {"negative": ["fwe"]}}, ["there is no class 'fwe'", "few, many"]),
        ({"operating_point": {"negative": ["few", "many"]}}, ["every class is negative"]),
    ],
)
def test_what_cannot_work_is_told_before_anything_runs(
    run_small: Run, sections: dict[str, object], words: list[str]
) -> None:
    """The error says the way out; `leukokit check` divides the samples by the same function."""
    with pytest.raises(DataError) as caught:
        run_small(**sections)
    for word in words:
        assert word in str(caught.value)
    assert caught.value.exit_code == 2


def test_check_tells_it_too(recipe: Path, cli: Leukokit) -> None:
    """Exit code 2 from the command that runs nothing."""
    done = cli("check", recipe, "--set", "split.validation=0", "--set", "calibrate=temperature")
    assert done.returncode == 2
    assert "'calibrate' learns from the validation part" in done.stderr


def test_the_terminal_tells_calibration_and_referral(
    run_small: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """A few lines below the scores."""
    result = run_small(operating_point={"negative": ["few"]}, calibrate="temperature")
    print_summary(result, as_json=False, explain_plan=False)
    told = " ".join(capsys.readouterr().out.split())
    assert "after calibration (temperature)" in told
    assert "many against few: sensitivity" in told
    assert "referred to an expert" in told


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ("calibrate: platt", "calibrate"),
        ("operating_point: {sensitivity: 0}", "operating_point.sensitivity"),
        ("operating_point: {negative: []}", "operating_point.negative"),
        ("refer: {error: 1}", "refer.error"),
        ("refer: {errors: 0.1}", "refer"),
    ],
)
def test_wrong_values_are_located(tmp_path: Path, sections: str, message: str) -> None:
    """Each section is checked with line and column like the rest of a recipe."""
    path = tmp_path / "r.yaml"
    path.write_text(f"leukokit: 1\nname: x\ndata: smears\nfeatures: [intensity]\nclassify: knn\n{sections}\n")
    with pytest.raises(RecipeError, match=rf"r\.yaml:6:\d+: {message}"):
        load_recipe(path, discover())


def test_calibrate_needs_a_classifier(tmp_path: Path) -> None:
    """Without probabilities there is nothing to correct."""
    path = tmp_path / "r.yaml"
    path.write_text("leukokit: 1\nname: x\ndata: smears\nfeatures: [intensity]\ncalibrate: isotonic\n")
    with pytest.raises(RecipeError, match="calibrate corrects the probabilities of a classifier"):
        load_recipe(path, discover())
