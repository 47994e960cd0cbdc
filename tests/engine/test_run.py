"""A run from a recipe file to a run directory, as users do it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import leukokit
from leukokit.engine.run_result import RunResult

Leukokit = Callable[..., "subprocess.CompletedProcess[str]"]


def only_run(folder: Path) -> Path:
    (path,) = (folder / "runs" / "small").iterdir()
    return path


def api_run(recipe: Path, tmp_path: Path, **options: object) -> RunResult:
    options = {
        "out": tmp_path / "runs",
        "cache": tmp_path / "cache",
        "workers": 1,
        "report": False,
        **options,
    }
    return leukokit.run(recipe, **options)  # type: ignore[arg-type]


def did(result: RunResult) -> dict[str, str]:
    return {reason.step: reason.did for reason in result.reasons}


def test_the_run_directory_tells_everything(recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    """Every promised file is there, scores are good, and the last file says how it ended."""
    done = cli("run", recipe, "--set", "audit.enabled=true", report=True)
    assert done.returncode == 0, done.stderr
    run = only_run(tmp_path)
    files = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert files == {
        "recipe.yaml",
        "resolved.json",
        "plan.json",
        "provenance.json",
        "journal.jsonl",
        "split.csv",
        "scale.csv",
        "features.parquet",
        "predictions.csv",
        "rejected.csv",
        "metrics.json",
        "status.json",
        "model/model.skops",
        "model/pipeline.json",
        "model/unlike.npz",
        "model/model_card.md",
        "explanations/permutation_importance.csv",
        "figures/confusion_test.png",
        "figures/confusion_validation.png",
        "figures/permutation_importance.png",
        "figures/segmentation.png",
        "audit.json",
        "verdict.json",
        "pictures/index.json",
        "pictures/segmented/index.json",
        "pictures/segmented/labels.npz",
        "report.html",
    } | {
        f"pictures/{name}" for name in json.loads((run / "pictures" / "index.json").read_text()).values()
    } | {path.relative_to(run).as_posix() for path in (run / "pictures" / "segmented").glob("*.png")}
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] >= 0.8
    assert metrics["synthetic"] is False
    assert json.loads((run / "status.json").read_text())["status"] == "done"
    assert (run / "recipe.yaml").read_bytes() == recipe.read_bytes()
    assert "Not a medical device" in (run / "model" / "model_card.md").read_text()
    events = [json.loads(line)["event"] for line in (run / "journal.jsonl").read_text().splitlines()]
    assert events[0] == "run_started"
    assert events[-1] == "run_finished"


def test_predictions_and_split_agree(recipe: Path, tmp_path: Path) -> None:
    """Predictions are of held-out images only, and probabilities sum to 1."""
    result = api_run(recipe, tmp_path)
    table = pd.read_csv(result.path / "predictions.csv")
    assert list(table.columns) == ["id", "path", "part", "true", "predicted", "p_few", "p_many"]
    split = pd.read_csv(result.path / "split.csv").set_index("id")["part"]
    assert set(split) == {"train", "validation", "test"}
    assert (split.loc[table["id"]].to_numpy() == table["part"]).all()
    assert set(table["part"]) == {"validation", "test"}
    assert np.allclose(table[["p_few", "p_many"]].sum(axis=1), 1)
    features = pq.read_table(result.path / "features.parquet")
    assert features.column_names[:5] == ["id", "label", "group", "part", "status"]
    assert features.num_rows == 40


def test_a_second_run_does_no_work_and_gives_the_same_bytes(recipe: Path, tmp_path: Path) -> None:
    """Cold and cached runs agree to the byte; the second computes nothing."""
    first, second = api_run(recipe, tmp_path), api_run(recipe, tmp_path)
    assert did(first)["features.0.intensity"] == "ran on 40"
    assert set(did(second).values()) == {"cached", "cached for 40"}
    for name in ("metrics.json", "predictions.csv", "features.parquet", "model/model.skops"):
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes(), name


@pytest.mark.parametrize(
    ("override", "again"),
    [
        (
            {"classify.params.C": 1},
            {"classify.svm", "select.0.variance", "explain.0.permutation_importance"},
        ),
        ({"features.morphology.params.pixel_size_um": 0.1}, None),
        ({"segment.params.min_nucleus_area": 30}, None),
    ],
)
def test_a_changed_parameter_redoes_what_depends_on_it(
    recipe: Path, tmp_path: Path, override: dict[str, object], again: set[str] | None
) -> None:
    """Steps before the change, and beside it, come from the cache; the reason names the parameter."""
    api_run(recipe, tmp_path)
    changed = api_run(recipe, tmp_path, overrides=override)
    ran = {step for step, what in did(changed).items() if what.startswith("ran")}
    (key, value), *_ = override.items()
    stage, name = key.split(".")[0], key.rsplit(".", 1)[-1]
    reasons = {reason.step: reason.why for reason in changed.reasons}
    assert any(f"params.{name}:" in why and str(value) in why for why in reasons.values())
    if again is not None:
        assert ran == again
    assert "features.0.intensity" not in ran
    # Pixels are made again where a step needs them: reading them back would take as long.
    assert ("preprocess.0.median" in ran) == (stage != "classify")
    assert ("segment.multi_otsu" in ran) == (stage == "segment")
    assert ("features.1.morphology" in ran) == (stage != "classify")


def test_workers_and_executors_do_not_change_a_byte(recipe: Path, tmp_path: Path) -> None:
    """One worker inline, one and two processes, cold each time: the same metrics, predictions and model."""
    setups = [("inline", 1), ("processes", 1), ("processes", 2)]
    runs = [
        api_run(recipe, tmp_path, cache=tmp_path / f"cache{i}", executor=kind, workers=count)
        for i, (kind, count) in enumerate(setups)
    ]
    for name in ("metrics.json", "predictions.csv", "features.parquet", "model/model.skops", "rejected.csv"):
        assert len({(run.path / name).read_bytes() for run in runs}) == 1, name


@pytest.mark.slow
def test_random_steps_do_not_depend_on_workers_either(recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    """A plugin that draws noise gets the same draws for an image wherever it runs; another seed, others."""
    text = recipe.read_text().replace("preprocess: [", "preprocess: [faulty/noise, ")
    recipe.write_text(text)
    bytes_of = {}
    for name, extra in {
        "one": ["--workers", 1],
        "two": ["--workers", 2],
        "inline": ["--executor", "inline"],
        "seed": ["--set", "seed=6"],
    }.items():
        done = cli("run", recipe, "--no-cache", "--run-dir", name, *extra)
        assert done.returncode == 0, done.stderr
        bytes_of[name] = pd.read_parquet(tmp_path / name / "features.parquet")[
            "intensity_brightness"
        ].to_numpy()
    assert np.array_equal(bytes_of["one"], bytes_of["two"])
    assert np.array_equal(bytes_of["one"], bytes_of["inline"])
    assert not np.array_equal(bytes_of["one"], bytes_of["seed"])


def test_folds_pool_into_one_score(recipe: Path, tmp_path: Path) -> None:
    """With k folds every image is tested once, and each fold has a model of its own."""
    result = api_run(recipe, tmp_path, overrides={"split": {"method": "kfold", "folds": 4}})
    table = pd.read_csv(result.path / "predictions.csv")
    assert sorted(table["id"]) == sorted(result.features.index)
    assert table["fold"].nunique() == 4
    assert result.metrics["test"]["n"] == 40
    assert len(result.metrics["test"]["folds"]) == 4
    assert len(list((result.path / "model").glob("fold-*/model.skops"))) == 4


def test_tuning_reaches_parameters_of_any_stage(recipe: Path, tmp_path: Path) -> None:
    """A grid over classifier and segmenter is searched on the training part; the table shows every point."""
    grid = {"classify.C": [0.001, 10], "segment.min_nucleus_area": [30, 60]}
    result = api_run(recipe, tmp_path, overrides={"tune": {"cv": 3, "grid": grid}})
    table = pd.read_csv(result.path / "tuning.csv")
    assert len(table) == 4
    assert result.metrics["test"]["accuracy"] >= 0.8


@pytest.mark.parametrize("last", ["segment", "features"])
def test_a_recipe_may_stop_early(recipe: Path, tmp_path: Path, last: str) -> None:
    """Without a classifier a run ends with masks or features, and pictures of them."""
    keep = {"segment": 9, "features": 10}[last]
    recipe.write_text(
        "\n".join(line for line in recipe.read_text().splitlines()[:keep] if "split" not in line)
    )
    result = api_run(recipe, tmp_path, report=True)
    assert result.predictions is None
    assert (result.path / "figures" / "segmentation.png").exists()
    assert (result.path / "features.parquet").exists() == (last == "features")
    assert (result.path / "figures" / "features_by_class.png").exists() == (last == "features")
    assert (result.path / "status.json").exists()


def test_a_fitted_template_sees_the_training_part_only(recipe: Path, tmp_path: Path) -> None:
    """Changing a test image leaves what a preprocessor has learnt, and so all other features."""
    from PIL import Image

    recipe.write_text(
        recipe.read_text().replace(
            "preprocess: [", "preprocess: [{use: reinhard, params: {template: fitted}}, "
        )
    )
    before = api_run(recipe, tmp_path)
    split = pd.read_csv(before.path / "split.csv").set_index("id")["part"]
    root = next(item.sample.path for item in before.data.items).parents[1]  # type: ignore[union-attr]
    victims = {"test": split.index[split == "test"][0], "train": split.index[split == "train"][0]}

    def features_after_changing(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        with Image.open(root / name) as image:
            pixels = np.array(image)
        Image.fromarray(255 - pixels).save(root / name)
        after = api_run(recipe, tmp_path).features.drop(index=name)
        return before.features.drop(index=name), after

    same = features_after_changing(victims["test"])
    pd.testing.assert_frame_equal(*same, check_exact=True)
    other = features_after_changing(victims["train"])
    assert not np.array_equal(other[0].to_numpy(), other[1].to_numpy(), equal_nan=True)


def test_json_output_is_one_document(recipe: Path, cli: Leukokit) -> None:
    """`--json` prints metrics and path on stdout and everything else on stderr."""
    done = cli("run", recipe, "--json")
    facts = json.loads(done.stdout)
    assert facts["metrics"]["test"]["n"] == 10
    assert Path(facts["path"]).parent.name == "small"
    assert "images: 40" in done.stderr
