"""A saved pipeline predicts the images of its run as the run did, to the bit, in a fresh process."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import leukokit
from leukokit.api import Part, Sample
from leukokit.catalog import discover
from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.pipeline.load import load_pipeline
from leukokit.engine.run_result import RunResult
from leukokit.errors import UsageError
from tests.engine.pipeline.conftest import HEAD, TINY, WHOLE, Predict, Run, moved

WITHOUT_SEGMENTER = (
    HEAD
    + """
preprocess: [{{use: median, params: {{size: 3}}}}]
features: [intensity, lbp]
select: [{{use: lda}}]
classify: {{use: logistic}}
calibrate: isotonic
"""
)

IMAGES = HEAD + "preprocess: [histogram_match]\nclassify: tiny/hybrid\nfeatures: [intensity]\n"

NETWORK = (
    HEAD
    + """
preprocess: [histogram_match]
classify:
  use: keras_cnn
  params:
    {{backbone: MobileNet, alpha: 0.25, weights: none, side: 32, train: all, epochs: 1, early_stopping: null}}
calibrate: temperature
"""
)


def asked(folder: Path, rows: pd.DataFrame) -> list[tuple[Path, list[str]]]:
    """One call a part: models that multiply matrices round by the rows that they are given together."""
    return [(folder, part["path"].tolist()) for _, part in rows.groupby("part", sort=False)]


def assert_same(tables: list[pd.DataFrame], rows: pd.DataFrame) -> None:
    found = pd.concat(tables, ignore_index=True)
    assert found["image"].tolist() == rows["path"].tolist()
    assert found["predicted"].tolist() == rows["predicted"].tolist()
    columns = [name for name in rows if name.startswith("p_")]
    assert len(columns) == 2
    assert np.array_equal(found[columns].to_numpy(), rows[columns].to_numpy())


def written(result: RunResult) -> pd.DataFrame:
    found = FinishedRun.read(result.path).predictions
    assert found is not None
    return found


def test_stain_normalization_calibration_and_thresholds(run: Run, predict: Predict, tmp_path: Path) -> None:
    """From ``model/`` alone come class, calibrated probabilities, operating point and referral."""
    result = run(WHOLE)
    rows = written(result)
    model = moved(result.path, tmp_path / "elsewhere")
    tables = predict(*asked(model, rows))
    assert_same(tables, rows)
    test = result.metrics["test"]
    threshold, refer = test["operating_point"]["threshold"], test["coverage"]["refer"]["threshold"]
    document = json.loads((model / "pipeline.json").read_text())
    assert document["operating_point"] == {"negative": ["few"], "sensitivity": 0.9, "threshold": threshold}
    assert document["refer"] == {"error": 0.05, "threshold": refer}
    for table in tables:
        assert table["positive"].tolist() == (1 - table["p_few"] >= threshold).tolist()
        names = ["unlike_features", "unlike_stain", "unlike_scale"]
        distances = table[names].astype(float).max(axis=1)
        unsure = table[["p_few", "p_many"]].max(axis=1) < refer
        decisions = np.where(distances > 1, "unlike", np.where(unsure, "refer", "accept"))
        assert table["decision"].tolist() == decisions.tolist()
        assert set(table["status"]) == {"ok"}
    referred = sum(int((table[["p_few", "p_many"]].max(axis=1) < refer).sum()) for table in tables)
    assert referred == sum(
        result.metrics[part]["coverage"]["refer"]["referred"] for part in ("validation", "test")
    )


@pytest.mark.slow  # a run of its own; the others have one more step
def test_without_a_segmenter(run: Run, predict: Predict) -> None:
    """Features of the whole image, isotonic curves, a template file that is gone by then."""
    result = run(WITHOUT_SEGMENTER)
    assert_same(predict(*asked(result.path, written(result))), written(result))


@pytest.mark.slow
def test_every_fold_has_a_pipeline(run: Run, predict: Predict) -> None:
    """Each fold predicts its own validation and test images, with what its own training part taught."""
    result = run(WHOLE, split={"method": "kfold", "folds": 2, "validation": 0.2})
    rows = written(result)
    for part, inside in rows.groupby("part"):
        calls = [
            (result.path / "model" / str(fold), group["path"].tolist())
            for fold, group in inside.groupby("fold", sort=False)
        ]
        assert_same(predict(*calls), inside.drop(columns="fold"))
        assert part in ("validation", "test")


@pytest.mark.slow
def test_a_template_file_is_copied(run: Run, predict: Predict, copied: Path, tmp_path: Path) -> None:
    """The folder alone gives the predictions: a file that parameters name lies in it."""
    template = tmp_path / "template.png"
    template.write_bytes((copied / "many" / "00.png").read_bytes())
    step = {"use": "reinhard", "params": {"template_file": str(template)}}
    result = run(WITHOUT_SEGMENTER, preprocess=[step])
    template.unlink()
    assert_same(predict(*asked(result.path, written(result))), written(result))


def test_images_and_features(run: Run, predict: Predict, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin's classifier of images and features sees both again."""
    monkeypatch.syspath_prepend(str(TINY))
    result = run(IMAGES)
    assert_same(predict(*asked(result.path, written(result))), written(result))


@pytest.mark.slow  # trains a network; features and pipelines are predicted above
@pytest.mark.skipif(find_spec("keras") is None, reason="needs keras")
def test_a_network(run: Run, predict: Predict) -> None:
    """Weights, and the histograms that its images were matched to, come back."""
    result = run(NETWORK)
    assert_same(predict(*asked(result.path, written(result))), written(result))


def test_the_pipeline_of_the_run_is_the_one_that_is_saved(run: Run, copied: Path) -> None:
    """Loaded or in memory: the same keys of image steps, rows and order; workers change nothing."""
    result = run(WHOLE)
    fold = result.folds[0]
    assert fold.fitted is not None
    loaded = load_pipeline(result.path, discover())
    plan = loaded.plan(result.data.dataset)
    assert [step.key for step in plan.steps()] == [step.key for step in fold.plan.steps()]
    assert loaded.columns == fold.fitted.pipeline.columns == tuple(fold.plan.columns())
    bad = copied / "bad.png"
    bad.write_text("no picture")
    paths = [copied / "many" / "03.png", bad, copied / "few" / "01.png"]
    tables = [
        fold.fitted.pipeline.predict(paths),
        loaded.predict(paths),
        leukokit.load(result.path).predict(list(map(str, paths)), workers=2),
    ]
    pd.testing.assert_frame_equal(tables[0], tables[1], check_exact=True)
    pd.testing.assert_frame_equal(tables[0], tables[2], check_exact=True)
    row = tables[0].loc[1]
    assert (row["status"], row["stage"], row["reason"]) == ("rejected", "read", "not_an_image")
    assert pd.isna(row["predicted"])
    assert row["positive"] is None
    assert np.isnan(row["p_few"])
    assert tables[0]["predicted"].dropna().tolist() == ["many", "few"]


def test_samples_keep_their_ids_and_need_a_file(run: Run) -> None:
    """Samples of a data set are predicted under their id; twice the same or without pixels is refused."""
    result = run(WHOLE)
    assert result.folds[0].fitted is not None
    pipeline, examples = result.folds[0].fitted.pipeline, result.folds[0].fitted.best.examples
    samples = {item.sample.id: item.sample for item in result.data.items}
    ids = list(examples[Part.TEST].ids)
    table = pipeline.predict([samples[name] for name in ids])
    assert table["image"].tolist() == ids
    assert pipeline.predict([]).empty
    with pytest.raises(UsageError, match="given twice"):
        pipeline.predict([samples[ids[0]], samples[ids[0]]])
    with pytest.raises(UsageError, match="has no file"):
        pipeline.predict([Sample("drawn")])
