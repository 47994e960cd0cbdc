"""Images unlike the training data are told apart; what tells them comes from training and validation only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

import leukokit
from leukokit.catalog import discover
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.pipeline.load import load_pipeline
from leukokit.errors import DataError
from leukokit.recipe import load_recipe_text

RECIPE = """
leukokit: 1
name: small
seed: 5
audit: {{enabled: false}}
data: {{use: folder, params: {{root: {root}}}}}
split: {{method: file, path: {split}}}
features: [intensity]
classify: knn
{more}
"""


def fitted(folder: Path, root: Path, more: str = "", parts: str = "train,train,validation,test") -> Path:
    """Run on the pictures, in file order train, train, validation, test; gives the run directory."""
    names = parts.split(",")
    files = sorted(path.relative_to(root).as_posix() for path in root.glob("*/*.png"))
    rows = [f"{name},{names[number % len(names)]}" for number, name in enumerate(files)]
    folder.mkdir()
    (folder / "split.csv").write_text("\n".join(["id,part", *rows]))
    recipe = RECIPE.format(root=root, split=folder / "split.csv", more=more)
    (folder / "recipe.yaml").write_text(recipe)
    result = leukokit.run(
        folder / "recipe.yaml", run_dir=folder / "run", cache=None, executor="inline", report=False
    )
    return result.path


def unlike(run: Path, name: str = "pipeline.json") -> object:
    return json.loads((run / "model" / name).read_text())["unlike"]


def test_thresholds_do_not_move_when_test_images_change(copied: Path, tmp_path: Path) -> None:
    """Not a digit of limits or references depends on the test part; another validation image moves them."""
    before = fitted(tmp_path / "before", copied)
    files = sorted(copied.glob("*/*.png"))
    for path in files[3::4]:  # the test part
        with Image.open(path) as image:
            other = ImageOps.invert(image.convert("RGB"))
        other.save(path)
    after = fitted(tmp_path / "after", copied)
    assert unlike(after) == unlike(before)
    arrays = [(run / "model" / "unlike.npz").read_bytes() for run in (before, after)]
    assert arrays[0] == arrays[1]
    Image.fromarray(np.full((96, 96, 3), 90, np.uint8)).save(files[2])  # of the validation part
    moved = fitted(tmp_path / "moved", copied)
    assert unlike(moved) != unlike(before)
    assert (moved / "model" / "unlike.npz").read_bytes() == arrays[0]


def test_other_stains_are_unlike_and_images_of_the_kind_are_not(copied: Path, tmp_path: Path) -> None:
    run = fitted(tmp_path / "run", copied, "unlike: {false_alarms: 0.1}")
    files = sorted(copied.glob("*/*.png"))
    for number, path in enumerate(files[:3]):
        with Image.open(path) as image:
            pixels = np.array(image.convert("RGB"))[..., ::-1]
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    pipeline = leukokit.load(run)
    foreign = pipeline.predict([tmp_path / f"{number}.png" for number in range(3)])
    assert foreign["decision"].tolist() == ["unlike"] * 3
    assert (foreign["unlike_stain"] > 1).all()
    test = pipeline.predict(files[3::4])
    assert (test["decision"] == "unlike").mean() <= 0.4
    assert unlike(run)["false_alarms"] == 0.1  # type: ignore[index]
    assert unlike(run)["chosen_on"] == "validation"  # type: ignore[index]


def test_without_validation_training_images_are_left_out(copied: Path, tmp_path: Path) -> None:
    run = fitted(tmp_path / "run", copied, parts="train,train,test")
    assert unlike(run)["chosen_on"] == "training"  # type: ignore[index]
    table = leukokit.load(run).predict(sorted(copied.glob("*/*.png"))[2::3])
    assert (table["decision"] == "unlike").mean() <= 0.4


def test_folds_give_the_final_model_its_limits(copied: Path, tmp_path: Path) -> None:
    recipe = RECIPE.replace("split: {{method: file, path: {split}}}", "{split}")
    split = "split: {method: kfold, folds: 2, validation: 0.2}"
    (tmp_path / "recipe.yaml").write_text(recipe.format(root=copied, split=split, more=""))
    run = leukokit.run(
        tmp_path / "recipe.yaml", run_dir=tmp_path / "run", cache=None, executor="inline", report=False
    )
    final, fold = unlike(run.path, "final/pipeline.json"), unlike(run.path, "fold-1/pipeline.json")
    assert final["images"] == 2 * fold["images"]  # type: ignore[index]
    assert final["chosen_on"] == "validation"  # type: ignore[index]
    with np.load(run.path / "model" / "final" / "unlike.npz") as arrays:
        assert len(arrays["features.points"]) == 40


def test_it_can_be_switched_off_and_older_files_say_that_it_is_missing(copied: Path, tmp_path: Path) -> None:
    off = fitted(tmp_path / "off", copied, "unlike: null")
    assert unlike(off) is None
    assert not (off / "model" / "unlike.npz").exists()
    pipeline = leukokit.load(off)
    assert pipeline.notes == ()
    assert not [name for name in pipeline.predict(copied / "few") if name.startswith("unlike")]
    document = json.loads((off / "model" / "pipeline.json").read_text())
    del document["unlike"]
    (off / "model" / "pipeline.json").write_text(json.dumps(document))
    (note,) = leukokit.load(off).notes
    assert "fitted by an older leukokit" in note


def test_damaged_references_are_named(copied: Path, tmp_path: Path) -> None:
    run = fitted(tmp_path / "run", copied)
    model = run / "model"
    document = json.loads((model / "pipeline.json").read_text())
    shutil.copy(model / "unlike.npz", tmp_path / "kept.npz")
    (model / "unlike.npz").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"unlike\.npz: this file of the pipeline is damaged"):
        leukokit.load(run)
    with np.load(tmp_path / "kept.npz") as arrays:
        changed = dict(arrays)
    changed["stain.spread"] = changed["stain.spread"] * 0
    np.savez(model / "unlike.npz", **changed)  # type: ignore[arg-type]
    import hashlib

    document["files"]["unlike.npz"] = hashlib.sha256((model / "unlike.npz").read_bytes()).hexdigest()
    (model / "pipeline.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match="the arrays of stain hold something else than finite numbers"):
        leukokit.load(run)


def test_the_share_is_checked_where_it_is_written() -> None:
    from leukokit.errors import RecipeError

    text = "leukokit: 1\nname: a\ndata: smears\nunlike: {false_alarms: 2}\n"
    with pytest.raises(RecipeError, match=r"4:24: unlike\.false_alarms"):
        load_recipe_text(text, discover())


def test_a_loaded_pipeline_has_the_same_distances(copied: Path, tmp_path: Path) -> None:
    run = fitted(tmp_path / "run", copied)
    pipeline = load_pipeline(run, discover())
    assert isinstance(pipeline, FittedPipeline)
    assert pipeline.unlike is not None
    assert set(pipeline.unlike.limits) == {"features", "stain"}  # nothing asks for the scale
    assert "unlike the training data" in repr(pipeline)
