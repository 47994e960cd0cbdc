"""Answers by patient and scores by trait, from a table of images to the run directory and to predictions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

import leukokit
from leukokit.api import DataError, Sample
from leukokit.cli import main
from leukokit.engine.images.plan import Item
from leukokit.engine.models.groups_check import refuse_ungrouped
from leukokit.evaluation.splits import Fold
from leukokit.recipe.models import RecipeModel
from leukokit.testing.images import disks

WAYS = "[vote, mean, top_k, noisy_or]"
RECIPE = """
leukokit: 1
name: patients
seed: 5
audit: {{enabled: false}}
data: {{use: table, params: {{file: {table}, root: {root}}}}}
features: [intensity]
classify: {{use: random_forest, params: {{n_estimators: 20}}}}
answer: {{by: group, how: {ways}}}
subgroups: [device]
unlike: null
"""
PARTS = ("train", "train", "train", "validation", "validation", "test", "test")
"""Of the patients of each class, in their order."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven patients a class, three images each: ``benign`` with one cell, ``blast`` with four."""
    root = tmp_path_factory.mktemp("patients")
    rows = []
    for number, (label, cells) in enumerate((("benign", 1), ("blast", 4))):
        for patient, part in enumerate(PARTS):
            folder = root / f"{label[:2]}{patient}"
            folder.mkdir()
            for i in range(3):
                # One image in three shows what the other class shows: images err, patients less.
                shown = 5 - cells if i == 2 else cells
                image, _ = disks(seed=1000 * number + 10 * patient + i, size=64, cells=shown)
                Image.fromarray(image).save(folder / f"{i}.png")
                device = ("old", "new")[patient % 2]
                rows.append((f"{folder.name}/{i}.png", label, folder.name, part, device))
    table = pd.DataFrame(rows, columns=["path", "label", "patient", "split", "device"])
    table.to_csv(root / "table.csv", index=False)
    return root


Run = Callable[..., Path]


@pytest.fixture(scope="module")
def run(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the recipe on a table of the pictures; equal steps are computed once."""
    cache = tmp_path_factory.mktemp("cache")

    def once(
        table: Path = pictures / "table.csv", root: Path = pictures, ways: str = WAYS, *, report: bool = False
    ) -> Path:
        folder = tmp_path_factory.mktemp("run")
        (folder / "recipe.yaml").write_text(RECIPE.format(table=table, root=root, ways=ways))
        path = folder / "recipe.yaml"
        return leukokit.run(path, run_dir=folder / "run", cache=cache, executor="inline", report=report).path

    return once


@pytest.fixture(scope="module")
def finished(run: Run) -> Path:
    """Run on the pictures as they are."""
    return run(report=True)


def metrics(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((path / "metrics.json").read_text())
    return found


def answer(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((path / "model" / "pipeline.json").read_text())["answer"]
    return found


def test_scores_count_patients_and_are_those_of_the_table(finished: Path) -> None:
    rows = pd.read_csv(finished / "predictions_by_group.csv")
    images = pd.read_csv(finished / "predictions.csv")
    assert rows.groupby("part")["group"].nunique().to_dict() == {"test": 4, "validation": 4}
    assert (rows["images"] == 3).all()
    by_group = metrics(finished)["by_group"]
    test = rows[rows.part == "test"]
    assert by_group["kind"] == "patient"
    assert by_group["test"]["n"] == by_group["test"]["intervals"]["groups"] == 4
    assert by_group["test"]["accuracy"] == (test.true == test.predicted).mean()
    assert metrics(finished)["test"]["n"] == 12
    assert set(by_group["test"]["operating_point"]["negative"]) == {"benign"}
    chosen = by_group["ways"]["table"]
    assert chosen["way"] == min(chosen["tried"], key=lambda way: chosen["tried"][way])
    assert set(rows.how) == {chosen["way"]}
    mean = images.assign(group=images.id.str[:3]).groupby("group")["p_blast"].mean()
    if chosen["way"] == "mean":
        np.testing.assert_allclose(rows.set_index("group")["p_blast"], mean[rows.group])


def test_verdict_and_report_speak_of_patients_first(finished: Path) -> None:
    verdict = json.loads((finished / "verdict.json").read_text())
    assert verdict["question"].startswith("Which class does a patient have: benign or blast? Asked of 4 test")
    assert "of 4 test patients are classified correctly" in verdict["answer"]
    assert "By image:" in verdict["answer"]
    page = (finished / "report.html").read_text()
    assert page.index(">By patient</h2>") < page.index(">Scores</h2>") < page.index(">Subgroups</h2>")
    assert "score by patient" in (finished / "model" / "model_card.md").read_text()


def test_scores_by_trait_hold_every_image_of_the_test_part(finished: Path) -> None:
    device = metrics(finished)["subgroups"]["device"]
    assert {value: scores["n"] for value, scores in device["values"].items()} == {"new": 6, "old": 6}
    assert device["gap"]["low"] is None  # two patients a class
    assert device["gap"]["reason"].startswith("cannot tell")
    assert 0 <= device["gap"]["value"] <= 1


def test_labels_of_the_test_part_choose_nothing(pictures: Path, run: Run, finished: Path) -> None:
    """Way, its scores and thresholds are the same when all test labels are wrong; only scores change."""
    table = pd.read_csv(pictures / "table.csv")
    test = table.split == "test"
    table.loc[test, "label"] = table.loc[test, "label"].map({"benign": "blast", "blast": "benign"})
    table.to_csv(pictures / "swapped.csv", index=False)
    swapped = run(pictures / "swapped.csv")
    assert answer(swapped) == answer(finished)
    assert len(answer(finished)["tried"]) == 4
    before, after = (metrics(path)["by_group"]["test"]["accuracy"] for path in (finished, swapped))
    assert after == 1 - before
    validation = [metrics(path)["by_group"]["validation"] for path in (finished, swapped)]
    assert validation[0] == validation[1]


def test_rejected_images_are_counted_and_a_patient_without_any_has_no_answer(
    pictures: Path, run: Run, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(pictures, tmp_path / "damaged"))
    for name in ("be5/0.png", "bl6/0.png", "bl6/1.png", "bl6/2.png"):
        (root / name).write_bytes((root / name).read_bytes()[:60])
    path = run(root / "table.csv", root, "mean")
    rows = pd.read_csv(path / "predictions_by_group.csv").set_index("group")
    assert rows.loc["be5", ["images", "rejected", "status"]].tolist() == [2, 1, "ok"]
    assert rows.loc["bl6", ["images", "rejected", "status"]].tolist() == [0, 3, "no image"]
    assert rows.loc["bl6", ["predicted", "p_blast"]].isna().all()
    by_group = metrics(path)["by_group"]
    assert by_group["test"]["n"] == 3
    assert "1 test patient without any image that could be used, such as bl6" in by_group["notes"][0]


def test_predict_answers_for_folders_and_tables_alike(pictures: Path, finished: Path, tmp_path: Path) -> None:
    table, by_folder = tmp_path / "table.csv", tmp_path / "folder.csv"
    for source, out in ((pictures / "table.csv", table), (pictures, by_folder)):
        options = ["--by-group", out, "--out", tmp_path / f"rows of {out.name}", "--executor", "inline"]
        result = CliRunner().invoke(main, [str(word) for word in ["predict", finished, source, *options]])
        assert result.exit_code == 0, result.output
    assert by_folder.read_bytes() == table.read_bytes()
    rows = pd.read_csv(table).set_index("group")
    trained = pd.read_csv(finished / "predictions_by_group.csv").set_index("group")
    assert len(rows) == 14
    np.testing.assert_allclose(rows.loc[trained.index, "p_blast"], trained["p_blast"])
    assert rows.columns.tolist() == [
        *("predicted", "p_benign", "p_blast", "decision", "positive"),
        *("images", "rejected", "unlike", "how", "status"),
    ]
    score = ["--run-dir", tmp_path / "scored", "--out", tmp_path / "again.csv", "--executor", "inline"]
    command = ["predict", finished, pictures / "table.csv", *score]
    result = CliRunner().invoke(main, [str(word) for word in command])
    assert result.exit_code == 0, result.output
    assert metrics(tmp_path / "scored")["by_group"]["test"]["n"] == 14
    again = CliRunner().invoke(main, ["predict", str(finished), str(pictures), "--by-group", str(table)])
    assert again.exit_code == 2
    assert "is there already" in again.stderr


def test_each_site_left_out_is_scored_by_site_and_pooled(pictures: Path, run: Run, tmp_path: Path) -> None:
    """Beside the first protocol, with the table of both in the terminal."""
    recipe = RECIPE.format(table=pictures / "table.csv", root=pictures, ways="mean")
    recipe += "evaluate: [grouped, {leave_one_out: {by: device}}]\n"
    (tmp_path / "recipe.yaml").write_text(recipe.replace("grouped", "table"))
    options = [
        "--no-report",
        "--run-dir",
        tmp_path / "run",
        "--cache-dir",
        tmp_path / "cache",
        "--executor",
        "inline",
    ]
    command = ["run", str(tmp_path / "recipe.yaml"), *map(str, options)]
    result = CliRunner().invoke(main, command, env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    first, second = metrics(tmp_path / "run")["protocols"]
    assert "left_out" not in first
    assert second["name"] == "leave_one_device_out"
    assert second["test"]["n"] == 42
    assert second["by_group"]["n"] == 14
    assert {value: each["n"] for value, each in second["left_out"]["values"].items()} == {
        "new": 18,
        "old": 24,
    }
    accuracies = [each["accuracy"] for each in second["left_out"]["values"].values()]
    assert second["left_out"]["spread"] == pytest.approx(np.std(accuracies, ddof=1))
    split = pd.read_csv(tmp_path / "run" / "protocols" / "leave_one_device_out" / "split.csv")
    tested = split[split.part == "test"].set_index("id")["fold"]
    device = pd.read_csv(pictures / "table.csv").set_index("path")["device"]
    assert (tested == device[tested.index]).all()
    assert len(tested) == 42
    for words in ("answers by patient", "images combined by: mean", "by device (test part)", "largest gap:"):
        assert words in result.stdout
    lines = [line for line in result.stdout.splitlines() if str(tmp_path) not in line]
    assert max(map(len, lines)) <= 80


ANSWER = {"leukokit": 1, "name": "a", "data": {"use": "table"}, "answer": {"how": ["mean", "noisy_or"]}}


def _item(name: str, label: str, group: str | None, **traits: str) -> Item:
    return Item(0, Sample(name, Path(name), label, group, traits=traits), name)


@pytest.mark.parametrize(
    ("items", "changes", "message"),
    [
        ([_item("a", "x", None)], {}, "an answer by group needs groups, and no image has one"),
        (
            [_item("a", "x", "P1"), _item("b", "y", "P1"), _item("c", "x", "P2")],
            {},
            "1 group has images of several classes, and a patient has one answer: P1: x, y",
        ),
        (
            [_item("a", "x", "P1"), _item("b", "y", "P2")],
            {},
            "answer.how names 2 ways, of which the validation part chooses",
        ),
        (
            [_item("a", "x", "P1"), _item("b", "y", "P2")],
            {"answer": {"how": "noisy_or"}},
            "no class is known to be healthy; the classes are x, y",
        ),
        (
            [_item("a", "x", "P1", site="A")],
            {"answer": None, "subgroups": ["stie"]},
            "no image has a 'stie'; they have site, group",
        ),
        (
            [_item(str(n), "x", "P1", age=str(n)) for n in range(60)],
            {"answer": None, "subgroups": ["age"]},
            "'age' has 60 values in 60 images; expected at most 50",
        ),
    ],
    ids=["no group", "two classes", "nothing to choose on", "no healthy class", "no such trait", "numbers"],
)
def test_what_cannot_be_answered_is_told_before_a_run(
    items: list[Item], changes: dict[str, object], message: str
) -> None:
    with pytest.raises(DataError) as raised:
        refuse_ungrouped(RecipeModel.model_validate(ANSWER | changes), items, [Fold("holdout", {})])
    assert message in str(raised.value)
    assert raised.value.hint
