"""Attention over the images of a patient, from a recipe to the run directory and to predictions."""

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
from leukokit.api import DataError, Part, Sample
from leukokit.cli import main
from leukokit.engine.images.plan import Item
from leukokit.engine.models.groups_check import refuse_ungrouped
from leukokit.errors import UsageError
from leukokit.evaluation.splits import Fold
from leukokit.recipe.models import RecipeModel

IMAGES = 8
"""Of each patient, one of which shows the disease."""
PARTS = ("train",) * 10 + ("validation",) * 4 + ("test",) * 5
"""Of the patients of each class, in their order."""
RECIPE = """
leukokit: 1
name: attention
seed: 5
audit: {{enabled: false}}
data: {{use: table, params: {{file: {table}, root: {root}}}}}
features: [intensity]
classify: knn
answer: {{by: group, how: {how}, params: {{epochs: 60, patience: 15, learning_rate: 0.01}}}}
unlike: null
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small gray pictures of healthy and ill patients: of the ill, one in eight has a dark corner."""
    root = tmp_path_factory.mktemp("attention")
    rng = np.random.default_rng(7)
    rows = []
    for label in ("benign", "blast"):
        for patient, part in enumerate(PARTS):
            name = f"{label[:2]}{patient:02d}"
            (root / name).mkdir()
            key = int(rng.integers(IMAGES))
            for number in range(IMAGES):
                pixels = rng.normal(200 + rng.normal(0, 8), 12, (16, 16, 3))
                if label == "blast" and number == key:
                    pixels[:6, :6] -= 120
                path = f"{name}/{number}.png"
                Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / path)
                rows.append((path, label, name, part, label == "blast" and number == key))
    table = pd.DataFrame(rows, columns=["path", "label", "patient", "split", "key"])
    table.to_csv(root / "table.csv", index=False)
    return root


Run = Callable[..., Path]


@pytest.fixture(scope="module")
def run(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the recipe on a table of the pictures; image steps are computed once."""
    cache = tmp_path_factory.mktemp("cache")

    def once(table: Path = pictures / "table.csv", how: str = "[mean, attention]", **options: Any) -> Path:
        folder = tmp_path_factory.mktemp("run")
        path = folder / "recipe.yaml"
        path.write_text(RECIPE.format(table=table, root=pictures, how=how))
        settings = {"cache": cache, "executor": "inline", "report": False} | options
        return leukokit.run(path, run_dir=folder / "run", **settings).path

    return once


@pytest.fixture(scope="module")
def finished(run: Run) -> Path:
    """Run on the pictures as they are, with a report."""
    return run(report=True)


def metrics(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((path / "metrics.json").read_text())["by_group"]
    return found


def test_attention_is_chosen_and_finds_the_image_that_shows_the_disease(
    finished: Path, pictures: Path
) -> None:
    chosen = metrics(finished)["ways"]["table"]
    assert chosen["way"] == "attention"
    assert chosen["tried"]["attention"] < chosen["tried"]["mean"]
    assert chosen["attention"]["groups"] == 20
    rows = pd.read_csv(finished / "predictions_by_group.csv")
    test = rows[rows.part == "test"]
    assert (test.true == test.predicted).mean() >= 0.9
    attention = pd.read_csv(finished / "attention.csv")
    np.testing.assert_allclose(attention.groupby("group")["attention"].sum(), 1)
    keys = pd.read_csv(pictures / "table.csv")
    first = attention[attention.group.str.startswith("bl")].drop_duplicates("group")
    found = first.id.isin(keys[keys.key].path)
    assert found.mean() >= 0.8


def test_report_shows_the_images_that_carried_the_answers(finished: Path) -> None:
    page = (finished / "report.html").read_text()
    assert "Images that carried the answer" in page
    assert "from the features of its images" in page
    attention = pd.read_csv(finished / "attention.csv")
    shown = attention[(attention.part == "test") & attention.group.str.startswith("bl")].iloc[0]
    assert f"{shown.id}: attention" in page
    index = json.loads((finished / "pictures" / "index.json").read_text())
    assert shown.id in index


def test_predictions_of_the_same_images_are_those_of_the_run(
    finished: Path, pictures: Path, tmp_path: Path
) -> None:
    """To the bit, whatever the order of the images; and without Keras."""
    table = pd.read_csv(pictures / "table.csv").rename(columns={"patient": "group"})
    test = table[table.split == "test"].sample(frac=1, random_state=1)
    test.assign(path=[str(pictures / path) for path in test.path]).to_csv(tmp_path / "new.csv", index=False)
    out = tmp_path / "patients.csv"
    command = ["predict", str(finished), str(tmp_path / "new.csv"), "--by-group", str(out), "--executor"]
    done = CliRunner().invoke(main, [*command, "inline", "--out", str(tmp_path / "rows.csv")])
    assert done.exit_code == 0, done.output
    answers = pd.read_csv(out).set_index("group")
    before = pd.read_csv(finished / "predictions_by_group.csv")
    before = before[before.part == "test"].set_index("group")
    assert (answers.how == "attention").all()
    np.testing.assert_array_equal(answers.loc[before.index, "p_blast"], before["p_blast"])
    attention = pd.read_csv(tmp_path / "patients-attention.csv")
    there = pd.read_csv(finished / "attention.csv").set_index("id")["attention"]
    names = [str(Path(name).relative_to(pictures)) for name in attention.image]
    np.testing.assert_array_equal(attention.attention, there[names])
    model = leukokit.load(finished)
    table = model.predict_groups(tmp_path / "new.csv")
    pd.testing.assert_frame_equal(table, pd.read_csv(out), check_dtype=False)
    images = [pictures / f"bl17/{number}.png" for number in range(IMAGES)]
    named = model.group_attention(images, ["one"] * IMAGES).set_index("image")["attention"]
    np.testing.assert_array_equal(named[list(map(str, images))], there[[f"bl17/{n}.png" for n in range(8)]])
    with pytest.raises(UsageError, match="8 images were given and 1 groups"):
        model.predict_groups(images, ["one"])
    again = CliRunner().invoke(main, [*command, "inline", "--out", str(tmp_path / "rows.csv")])
    assert again.exit_code == 2
    assert "is there already" in again.output


def test_labels_of_the_test_part_choose_and_train_nothing(pictures: Path, run: Run, finished: Path) -> None:
    """All that is learned stays the same to the byte when all test labels are wrong, and in a second run."""
    table = pd.read_csv(pictures / "table.csv")
    test = table.split == "test"
    table.loc[test, "label"] = table.loc[test, "label"].map({"benign": "blast", "blast": "benign"})
    table.to_csv(pictures / "swapped.csv", index=False)
    swapped = run(pictures / "swapped.csv", cache=None)
    for name in ("attention.npz", "pipeline.json"):
        assert (swapped / "model" / name).read_bytes() == (finished / "model" / name).read_bytes()
    assert metrics(swapped)["validation"] == metrics(finished)["validation"]
    before, after = (metrics(path)["test"]["accuracy"] for path in (finished, swapped))
    assert after == 1 - before


def test_damaged_attention_is_named(finished: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(finished, tmp_path / "run"))
    (copy / "model" / "attention.npz").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"attention\.npz: this file of the pipeline is damaged"):
        leukokit.load(copy)


@pytest.mark.slow
def test_folds_and_the_final_model_have_attention_of_their_own(
    pictures: Path, tmp_path: Path, run: Run
) -> None:
    """The final model learns on all patients; the mean of folds averages their attention."""
    table = pd.read_csv(pictures / "table.csv").drop(columns="split")
    table = table[table.patient.str[2:].astype(int) < 8]
    table.to_csv(pictures / "few.csv", index=False)
    text = RECIPE.format(table=pictures / "few.csv", root=pictures, how="attention").replace("60", "4")
    text += "split: {method: kfold, by: group, folds: 2, validation: 0.3}\n"
    results = {}
    for final in ("refit", "folds"):
        path = tmp_path / f"{final}.yaml"
        path.write_text(f"{text}final: {final}\n")
        done = leukokit.run(
            path, run_dir=tmp_path / final, cache=tmp_path / "cache", executor="inline", report=False
        )
        results[final] = leukokit.load(done.path)
    refit, folds = results["refit"].answer, results["folds"].answer
    assert refit is not None
    assert folds is not None
    assert len(refit.attention) == 1
    assert refit.attention[0].groups == 16
    learned = [member.answer.attention[0] for member in results["folds"].members if member.answer]
    assert list(folds.attention) == learned
    assert {pooling.groups for pooling in learned} == {4}
    attention = pd.read_csv(tmp_path / "refit" / "attention.csv")
    assert set(attention.fold) == {"fold_1", "fold_2"}


@pytest.mark.parametrize("train", [0, 1])
def test_too_few_training_patients_are_told_before_anything_is_read(train: int) -> None:
    rows = [(f"{label}{n}", label) for label in ("a", "b") for n in range(4)]
    items = [Item(n, Sample(id=name, label=label, group=name), "") for n, (name, label) in enumerate(rows)]
    parts = {name: Part.TRAIN if name[0] == "a" or int(name[1]) < train else Part.TEST for name, _ in rows}
    recipe = RecipeModel.model_validate(
        {"leukokit": 1, "name": "a", "data": {"use": "x"}, "answer": {"how": "attention"}}
    )
    with pytest.raises(DataError) as raised:
        refuse_ungrouped(recipe, items, [Fold("holdout", parts)])
    assert f"needs 2 or more of each class in the training part; found b: {train}" in str(raised.value)
