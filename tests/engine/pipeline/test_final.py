"""The final model: fitted on all data, tested on none, and no other file of the run knows of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from leukokit.api import Part
from leukokit.catalog import discover
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.models.pooled_predictions import pooled_predictions
from leukokit.engine.pipeline.decisions import choose_referral
from leukokit.engine.pipeline.load import load_pipeline
from leukokit.engine.run_result import RunResult, fitted_folds
from leukokit.errors import DataError, RecipeError
from leukokit.evaluation.calibration import fit_calibration
from leukokit.plugins.features.intensity import Intensity
from tests.engine.pipeline.conftest import HEAD, WHOLE, Predict, Run

FOLDS = {"method": "kfold", "folds": 2, "validation": 0.2}

QUICK = (
    HEAD
    + """
preprocess: [histogram_match]
features: [intensity]
classify: {{use: logistic}}
calibrate: temperature
"""
)


def names(path: Path) -> set[str]:
    return {each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file()}


def document(result: RunResult) -> Any:
    return json.loads((result.path / "model" / "final" / "pipeline.json").read_text())


def test_folds_leave_a_final_model_that_says_it_was_never_tested(run: Run, predict: Predict) -> None:
    """By default; fitted on every image, calibrated and thresholded on the folds' validation parts."""
    result = run(QUICK, split=FOLDS)
    assert names(result.path / "model" / "final") == {
        "model.skops",
        "model_card.md",
        "pipeline.json",
        "preprocessors/0.npz",
        "unlike.npz",
    }
    assert document(result)["tested"] is False
    assert "it was never tested" in (result.path / "model" / "final" / "model_card.md").read_text()
    for fold in ("fold-1", "fold-2"):
        assert json.loads((result.path / "model" / fold / "pipeline.json").read_text())["tested"] is True
        assert "never tested" not in (result.path / "model" / fold / "model_card.md").read_text()
    assert result.final is not None
    assert result.final.fitted is not None
    assert len(result.final.fitted.best.examples[Part.TRAIN]) == len(result.data.items)
    pooled = pooled_predictions(fitted_folds(result.folds), Part.VALIDATION)
    assert pooled is not None
    pipeline = load_pipeline(result.path, discover())
    assert pipeline.calibration == fit_calibration("temperature", pooled.codes, pooled.raw, pooled.classes)
    assert pipeline.tested is False
    assert pipeline.refer is not None
    paths = [str(item.sample.path) for item in result.data.items]
    (table,) = predict((result.path, paths))
    expected = result.final.fitted.pipeline.predict(paths)
    assert np.array_equal(table[["p_few", "p_many"]], expected[["p_few", "p_many"]])
    said = [json.loads(line) for line in (result.path / "journal.jsonl").read_text().splitlines()]
    assert any("nothing is left to test it on" in str(event.get("text")) for event in said)


def test_nothing_else_of_the_run_changes(run: Run, tmp_path: Path) -> None:
    """With and without: the same bytes in every other file; ``none`` leaves folds alone."""
    with_final = run(QUICK, split=FOLDS).path.rename(tmp_path / "with")
    without = run(QUICK, split=FOLDS, final="none").path
    expected = {name for name in names(with_final) if not name.startswith("model/final/")}
    assert names(without) == expected
    assert "final" not in json.loads((with_final / "resolved.json").read_text())
    assert json.loads((without / "resolved.json").read_text())["final"] == "none"
    changing = {"journal.jsonl", "provenance.json", "status.json", "report.html", "resolved.json"}
    for name in expected - changing:
        assert (with_final / name).read_bytes() == (without / name).read_bytes(), name
    with pytest.raises(DataError, match=r"a pipeline a fold \(fold-1, fold-2\) and no final one"):
        load_pipeline(without, discover())
    assert load_pipeline(without / "model" / "fold-2", discover()).tested


def test_one_division_has_none_unless_it_is_asked_for(run: Run, tmp_path: Path) -> None:
    """A hold-out leaves its model; ``final: refit`` adds one, and the tested one is still taken first."""
    assert not (run(QUICK).path.rename(tmp_path / "without") / "model" / "final").exists()
    result = run(QUICK, final="refit")
    assert document(result)["tested"] is False
    assert load_pipeline(result.path, discover()).tested
    assert not load_pipeline(result.path / "model" / "final", discover()).tested


def test_folds_of_any_protocol_count(run: Run) -> None:
    """A recipe that is evaluated under several splits has folds where one of them has."""
    evaluate = [
        {"name": "kind", "split": {"method": "holdout", "validation": 0.25}},
        {"name": "folded", "split": FOLDS},
    ]
    result = run(QUICK.replace("split:", "#"), evaluate=evaluate)
    assert document(result)["tested"] is False
    assert load_pipeline(result.path, discover()).tested


def test_a_balanced_recipe_has_a_balanced_final_model(run: Run, copied: Path) -> None:
    """Where the training part is balanced, all data are, too."""
    for i in range(6):
        (copied / "few" / f"{i:02d}.png").unlink()
    result = run(QUICK, split={**FOLDS, "balance": {"to": "smallest"}})
    assert result.final is not None
    assert result.final.fitted is not None
    labels = result.final.fitted.best.examples[Part.TRAIN].labels
    assert labels is not None
    assert np.unique(labels, return_counts=True)[1].tolist() == [14, 14]


def test_a_final_model_that_cannot_be_fitted_costs_the_run_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scores are there all the same, and a warning says why it is not."""
    from leukokit.engine.models.fold_stage import FoldStage

    def fails(self: FoldStage, fold: object) -> None:
        raise DataError("watches the validation part, and the split has none")

    monkeypatch.setattr(FoldStage, "refit", fails)
    result = run(QUICK, split=FOLDS)
    assert result.final is None
    assert result.metrics["test"]["n"] == 40
    said = [json.loads(line) for line in (result.path / "journal.jsonl").read_text().splitlines()]
    assert any("there is no final model: watches" in str(event.get("text")) for event in said)


def test_a_final_model_needs_a_classifier(run: Run) -> None:
    with pytest.raises(RecipeError, match="final fits a classifier on all data"):
        run(HEAD + "features: [intensity]\nfinal: refit\n")
    assert "final" not in WHOLE


def test_folds_predict_together(run: Run, predict: Predict) -> None:
    """``final: folds`` fits nothing more: a fresh process gives the mean of the folds' probabilities."""
    result = run(QUICK, split=FOLDS, final="folds", operating_point={"negative": ["few"]})
    model = result.path / "model"
    assert not (model / "final").exists()
    saved = json.loads((model / "average.json").read_text())
    assert saved["tested"] is False
    assert set(saved["folds"]) == {"fold-1", "fold-2"}
    paths = [str(item.sample.path) for item in result.data.items]
    calls = [(folder, paths) for folder in (result.path, model / "fold-1", model / "fold-2")]
    together, first, second = predict(*calls)
    columns = ["p_few", "p_many"]
    mean = (first[columns].to_numpy() + second[columns].to_numpy()) / 2
    assert np.array_equal(together[columns].to_numpy(), mean)
    assert list(together["predicted"]) == [("few", "many")[i] for i in mean.argmax(axis=1)]
    assert list(together["positive"]) == list(mean[:, 1] >= saved["operating_point"]["threshold"])
    unsure = mean.max(axis=1) < saved["refer"]["threshold"]
    like = together["decision"] != "unlike"
    assert list((together["decision"] == "refer")[like]) == list(unsure[like])
    assert list(together["status"]) == ["ok"] * len(paths)
    pooled = pooled_predictions(fitted_folds(result.folds), Part.VALIDATION)
    assert pooled is not None
    expected = choose_referral(saved["refer"]["error"], pooled.classes, (np.array(pooled.true), pooled.proba))
    assert expected is not None
    assert saved["refer"]["threshold"] == expected.threshold


def test_an_image_that_cannot_be_read_is_rejected_by_all(run: Run, copied: Path) -> None:
    """Its row says why, and has no probability; the other rows are as without it."""
    result = run(QUICK, split=FOLDS, final="folds")
    pipelines = load_pipeline(result.path, discover())
    good = str(next(copied.rglob("*.png")))
    broken = copied / "broken.png"
    broken.write_bytes(b"no picture")
    table = pipelines.predict([good, broken])
    assert list(table["status"]) == ["ok", "rejected"]
    assert table.loc[1, "reason"]
    assert table.loc[1, ["p_few", "p_many"]].isna().all()
    assert pd.isna(table.loc[1, "predicted"])
    assert pipelines.predict([]).empty
    assert np.array_equal(table[["p_few"]][:1], pipelines.predict([good])[["p_few"]])
    assert pipelines.predict([broken])["status"].tolist() == ["rejected"]
    assert not pipelines.tested


def test_folds_need_several(run: Run) -> None:
    """A hold-out has one model: the recipe is wrong, and says what would be right."""
    with pytest.raises(DataError, match=r"averages the models of several folds") as caught:
        run(QUICK, final="folds")
    assert "kfold" in (caught.value.hint or "")


def test_a_changed_fold_is_no_part_of_the_mean(run: Run) -> None:
    """Whatever is exchanged, removed or linked is named."""
    result = run(QUICK, split=FOLDS, final="folds")
    inside = result.path / "model" / "fold-2" / "pipeline.json"
    content = inside.read_text()
    inside.write_text(content.replace('"small"', '"other"'))
    with pytest.raises(DataError, match=r"fold-2.pipeline\.json: is not the pipeline that was saved"):
        load_pipeline(result.path, discover())
    inside.unlink()
    with pytest.raises(DataError, match=r"fold-2.pipeline\.json: this file of the pipeline is missing"):
        load_pipeline(result.path, discover())
    inside.write_text(content)
    assert len(load_pipeline(result.path, discover()).classes) == 2
    average = result.path / "model" / "average.json"
    average.write_text(average.read_text().replace("fold-1", "../fold-1"))
    with pytest.raises(DataError, match="names a folder outside of its own"):
        load_pipeline(result.path, discover())


def test_folds_share_the_work_on_images(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two folds whose steps learn nothing measure each image once."""
    result = run(QUICK.replace("preprocess: [histogram_match]", ""), split=FOLDS, final="folds")
    pipelines = load_pipeline(result.path, discover())
    paths = [str(item.sample.path) for item in result.data.items][:5]
    measured = []
    extract = Intensity.extract

    def counted(self: Intensity, *images: Any) -> Any:
        measured.append(1)
        return extract(self, *images)

    monkeypatch.setattr(Intensity, "extract", counted)
    table = pipelines.predict(paths, executor=InlineExecutor(1))
    assert len(measured) == len(paths)
    assert table["p_few"].notna().all()
