"""One recipe under several protocols at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import leukokit
from leukokit.api import LeukokitError
from leukokit.engine.run_result import RunResult
from tests.engine.conftest import Leukokit

RECIPE = """
leukokit: 1
name: protocols
seed: 5
audit: {enabled: false}
data: {use: smears, params: {per_class: 18, patients: 24, stain_by_patient: 1.5}}
evaluate: EVALUATE
features: [intensity]
classify: svm
"""


def evaluated(tmp_path: Path, evaluate: str, **options: Any) -> RunResult:
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE.replace("EVALUATE", evaluate))
    options = {"out": tmp_path / "runs", "cache": tmp_path / "cache", "report": False, **options}
    return leukokit.run(path, executor="inline", **options)


def test_protocols_stand_side_by_side_in_the_order_of_the_recipe(tmp_path: Path) -> None:
    run = evaluated(tmp_path, "[default, random, grouped]")
    rows = run.metrics["protocols"]
    assert [row["name"] for row in rows] == ["default", "random", "grouped"]
    assert [row["folds"] for row in rows] == [1, 5, 5]
    default, random, grouped = rows
    assert default["drop"] is None
    assert default["test"]["accuracy"] == run.metrics["test"]["accuracy"]
    for row in (random, grouped):
        assert row["test"]["n"] == 72
        for name, drop in row["drop"].items():
            assert drop == default["test"][name] - row["test"][name]
    assert json.loads((run.path / "metrics.json").read_text())["protocols"] == rows


def test_patients_apart_cost_what_a_random_split_hides(tmp_path: Path) -> None:
    run = evaluated(tmp_path, "[random, grouped]")
    assert run.metrics["protocols"][1]["drop"]["accuracy"] > 0.05


def test_every_other_protocol_leaves_a_folder(tmp_path: Path) -> None:
    run = evaluated(tmp_path, "[default, grouped]")
    folder = run.path / "protocols" / "grouped"
    split = pd.read_csv(folder / "split.csv")
    predicted = pd.read_csv(folder / "predictions.csv")
    assert sorted(predicted.loc[predicted.part == "test", "id"]) == sorted(
        item.sample.id for item in run.data.items
    )
    for _, fold in split.groupby("fold"):
        assert (fold.groupby("group")["part"].nunique() == 1).all()
    assert json.loads((folder / "metrics.json").read_text())["test"]["n"] == 72
    assert not (run.path / "protocols" / "default").exists()


def test_the_headline_is_the_run_with_that_split_alone(tmp_path: Path) -> None:
    several = evaluated(tmp_path, "[default, random]")
    alone = evaluated(tmp_path, "[]")
    assert (several.path / "predictions.csv").read_bytes() == (alone.path / "predictions.csv").read_bytes()
    assert several.metrics["test"] == alone.metrics["test"]


def test_repeats_test_every_image_once_each_and_are_not_counted_as_more_images(tmp_path: Path) -> None:
    run = evaluated(
        tmp_path,
        "[{name: again, split: {method: kfold, by: group, folds: 3, repeats: 2}}]",
    )
    assert run.predictions is not None
    assert (run.predictions.groupby("id").size() == 2).all()
    assert run.metrics["test"]["intervals"]["groups"] == 24
    assert sorted(run.metrics["test"]["folds"]) == [f"repeat-{r}-fold-{f}" for r in (1, 2) for f in (1, 2, 3)]


def test_tuning_happens_anew_inside_every_fold(tmp_path: Path) -> None:
    run = evaluated(
        tmp_path,
        "[{name: nested, split: {method: kfold, by: group, folds: 3}}]",
        overrides={"tune": {"cv": 3, "grid": {"classify.params.C": [0.1, 10]}}},
    )
    tables = [pd.read_csv(run.path / f"tuning-fold-{i}.csv") for i in (1, 2, 3)]
    assert len({tuple(table["mean"]) for table in tables}) == 3
    for fold, table in zip(run.folds, tables, strict=True):
        assert len(table) == 2
        assert fold.fitted is not None
        best = table.loc[table["rank"] == 1].iloc[0]
        assert fold.fitted.best.overrides["classify.params.C"] == best["classify.params.C"]


def test_a_protocol_that_cannot_be_evaluated_costs_the_others_nothing(tmp_path: Path) -> None:
    run = evaluated(
        tmp_path,
        "[default, {name: few, split: {method: kfold, by: group, folds: 2}}, random]",
        overrides={"tune": {"cv": 4, "grid": {"classify.params.C": [1, 10]}}},
    )
    few = run.metrics["protocols"][1]
    assert few["test"] is None
    assert "too few for 4 folds" in few["error"]
    assert run.metrics["protocols"][2]["test"]["n"] == 72


@pytest.mark.parametrize(
    ("evaluate", "words"),
    [
        ("[random, random]", "'random' is given twice"),
        ("[nowhere]", "the data set has no split 'nowhere'"),
        ("[{name: ../up, split: default}]", "evaluate.0.name"),
        ("[{name: a, split: {method: kfold, by: blocks, repeats: 3}}]", "blocks are the same every time"),
    ],
)
def test_mistakes_are_told_before_anything_runs(tmp_path: Path, evaluate: str, words: str) -> None:
    with pytest.raises(LeukokitError) as told:
        evaluated(tmp_path, evaluate)
    text = str(told.value) + " ".join(str(each) for each in getattr(told.value, "problems", ()))
    assert words in text


def test_split_and_evaluate_together_are_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(LeukokitError) as told:
        evaluated(tmp_path, "[random]\nsplit: default")
    assert "put the split first in 'evaluate'" in " ".join(map(str, told.value.problems))  # type: ignore[attr-defined]


def test_check_counts_every_protocol(recipe: Path, cli: Leukokit) -> None:
    text = recipe.read_text().replace(
        "split: {method: holdout, test: 0.25, validation: 0.25}", "evaluate: [random]"
    )
    recipe.write_text(text)
    done = cli("check", recipe)
    assert done.returncode == 0, done.stderr
    assert "random fold-5 test: 8" in done.stdout


def test_the_real_splits_of_a_data_set_that_is_not_here_become_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEUKOKIT_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "nothing"))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "recipe.yaml"
    path.write_text(
        RECIPE.replace("EVALUATE", "[paper_602020, paper_801010, random]").replace(
            "{use: smears, params: {per_class: 18, patients: 24, stain_by_patient: 1.5}}",
            "{use: all_pbs, fallback: {use: smears, params: {per_class: 18, patients: 24}}}",
        )
    )
    run = leukokit.run(path, out=tmp_path / "runs", cache=None, executor="inline", report=False)
    assert run.stamp is not None
    assert [row["name"] for row in run.metrics["protocols"]] == ["default", "random"]
