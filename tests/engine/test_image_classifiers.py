"""Classifiers of images: what they are handed, what is kept of them, and what survives a kill."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import leukokit
from leukokit.catalog import discover
from leukokit.engine.cache.store import Store
from leukokit.engine.data import open_data
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.images.plan import ImagePlan, Item
from leukokit.engine.images.stored_images import StoredImages
from leukokit.engine.observer import Observer
from leukokit.engine.run_result import RunResult
from leukokit.errors import RunFailed
from leukokit.recipe import load_recipe

TINY = Path(__file__).parent / "tiny"

RECIPE = """
leukokit: 1
name: small
seed: 5
audit: {{enabled: false}}
data: {{use: folder, params: {{root: {root}}}}}
split: {{method: holdout, test: 0.25, validation: 0.25}}
preprocess: [{{use: median, params: {{size: 3}}}}]
classify: tiny/mean_color
explain: tiny/darkness
"""

SEGMENT = "segment: multi_otsu\n"

Run = Callable[..., RunResult]


@pytest.fixture
def recipe(copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a recipe for a classifier of images, and install the plugin that has it."""
    monkeypatch.syspath_prepend(str(TINY))
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE.format(root=copied))
    return path


@pytest.fixture
def run(recipe: Path, tmp_path: Path) -> Run:
    """Run the recipe in this process."""

    def run(**options: object) -> RunResult:
        folders = {"out": tmp_path / "runs", "cache": tmp_path / "cache"}
        return leukokit.run(recipe, **{**folders, "workers": 1, "report": False, **options})  # type: ignore[arg-type]

    return run


def files(path: Path) -> set[str]:
    return {each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file()}


def did(result: RunResult) -> dict[str, str]:
    return {reason.step: reason.did for reason in result.reasons}


def said(path: Path) -> list[str]:
    events = [json.loads(line) for line in (path / "journal.jsonl").read_text().splitlines()]
    return [event["text"] for event in events if event["event"] in ("said", "warning")]


def test_a_run_needs_no_features(run: Run) -> None:
    """Images in, model out: with predictions, scores, training logs, heat maps and a card."""
    result = run(report=True)
    assert result.metrics["test"]["accuracy"] >= 0.9
    assert len(result.predictions) == 20  # type: ignore[arg-type]
    found = files(result.path)
    assert {
        "model/means.npz",
        "model/model_card.md",
        "training/first.txt",
        "predictions.csv",
        "metrics.json",
        "explanations/tiny.darkness/heat.npz",
        "explanations/tiny.darkness/heat.csv",
        "explanations/tiny.darkness/heat.json",
        "figures/tiny.darkness_few.png",
    } <= found
    assert "features.parquet" not in found
    card = (result.path / "model" / "model_card.md").read_text()
    assert "Learns from: images" in card
    assert "prepared by `median`" in card
    assert (result.path / "training" / "first.txt").read_text() == "20 images"


def test_a_second_run_does_no_work_and_has_the_same_files(run: Run) -> None:
    """Model, logs and heat maps all come from the cache, to the byte."""
    first, second = run(report=True), run(report=True)
    assert set(did(second).values()) == {"cached", "cached for 40"}
    assert files(first.path) == files(second.path)
    for name in files(first.path) - {"journal.jsonl", "provenance.json", "status.json", "report.html"}:
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes(), name


def test_workers_do_not_change_a_byte(run: Run, tmp_path: Path) -> None:
    """Images prepared in processes, or not kept at all, give the same model."""
    runs = [run(cache=None), run(cache=tmp_path / "other", executor="processes", workers=2)]
    for name in ("metrics.json", "predictions.csv", "model/means.npz", "explanations/tiny.darkness/heat.npz"):
        assert len({(each.path / name).read_bytes() for each in runs}) == 1, name


def test_a_changed_preprocessor_fits_again(run: Run) -> None:
    """The model's key holds what the images went through."""
    run()
    changed = run(overrides={"preprocess.0.params.size": 5})
    assert did(changed)["classify.tiny/mean_color"] == "ran"
    assert did(changed)["explain.0.tiny/darkness"] == "ran"


def test_a_changed_image_fits_again(copied: Path, run: Run) -> None:
    """The model's key holds the content of the images that it learns from."""
    result = run()
    split = pd.read_csv(result.path / "split.csv").set_index("id")["part"]
    path = copied / split.index[split == "train"][0]
    with Image.open(path) as image:
        pixels = np.array(image)
    Image.fromarray(pixels // 2).save(path)
    assert did(run())["classify.tiny/mean_color"] == "ran"


def test_one_more_explainer_does_not_fit_again(recipe: Path, run: Run) -> None:
    """A model that took hours is loaded, not fitted again; an explainer used twice writes two folders."""
    text = recipe.read_text()
    recipe.write_text(text.replace("explain: tiny/darkness\n", ""))
    run()
    recipe.write_text(text.replace("explain: tiny/darkness\n", "explain: [tiny/darkness, tiny/darkness]\n"))
    again = run()
    assert did(again)["classify.tiny/mean_color"] == "cached"
    assert did(again)["explain.0.tiny/darkness"] == "ran"
    assert {"explanations/tiny.darkness/heat.csv", "explanations/tiny.darkness_2/heat.csv"} <= files(
        again.path
    )


def test_a_rejected_image_is_left_out(copied: Path, run: Run) -> None:
    """A file that is no picture costs its own row only."""
    (copied / "few" / "bad.png").write_text("no picture")
    result = run()
    assert [item.sample.id for item, _ in result.folds[0].images.rejected] == ["few/bad.png"]
    assert result.metrics["test"]["accuracy"] >= 0.9


def test_images_of_different_sizes(copied: Path, run: Run) -> None:
    """Nothing in the engine asks images to be equally large."""
    with Image.open(copied / "few" / "00.png") as image:
        image.resize((130, 70)).save(copied / "few" / "00.png")
    assert run().metrics["test"]["n"] == 10


def plan_of(recipe: Path, store: Store | None) -> tuple[ImagePlan, tuple[Item, ...]]:
    from leukokit.engine.images.plan_building import image_plan

    catalog = discover()
    loaded = load_recipe(recipe, catalog)
    data = open_data(loaded, executor=InlineExecutor(), observer=Observer())
    plan = image_plan(loaded, data.dataset, [], store=store, has_truth=False, observer=Observer())
    return plan, data.items


def test_images_are_read_when_asked_for(copied: Path, recipe: Path, tmp_path: Path) -> None:
    """A file that is gone is noticed only by who asks for it; one in the cache is not read at all."""
    plan, items = plan_of(recipe, Store(tmp_path / "cache"))
    images = StoredImages(plan, items)
    kept = images[0]
    for path in copied.rglob("*.png"):
        path.unlink()
    again = StoredImages(plan, items)
    assert len(again) == 40
    assert np.array_equal(again[0], kept)
    with pytest.raises(RunFailed, match=r"few/01.png can no longer be used: changed at read"):
        again[1]


def test_the_key_of_images_is_their_content(recipe: Path, copied: Path) -> None:
    """Order, content and steps count; names, folders and times do not."""
    plan, items = plan_of(recipe, None)
    key = StoredImages(plan, items).key()
    for path in copied.rglob("*.png"):
        os.utime(path, (1, 1))
    assert StoredImages(*plan_of(recipe, None)).key() == key
    assert StoredImages(plan, items[::-1]).key() != key
    recipe.write_text(recipe.read_text().replace("size: 3", "size: 5"))
    assert StoredImages(*plan_of(recipe, None)).key() != key
    recipe.write_text(recipe.read_text().replace("[{use: median, params: {size: 5}}]", "[]"))
    assert StoredImages(*plan_of(recipe, None)).key() != key


def test_a_hybrid_gets_images_and_features(recipe: Path, run: Run) -> None:
    """Both in the same order; a changed feature fits again."""
    text = recipe.read_text().replace(
        "classify: tiny/mean_color", "features: intensity\nclassify: tiny/hybrid"
    )
    recipe.write_text(text)
    result = run()
    train = result.folds[0].fitted.best.examples["train"]  # type: ignore[union-attr, index]
    assert list(train.features.index) == list(train.ids)  # type: ignore[union-attr]
    assert len(train.images) == len(train.ids)  # type: ignore[arg-type]


def test_features_are_not_for_who_learns_from_images(recipe: Path, run: Run) -> None:
    """A recipe may measure besides; the classifier does not see it, and its model does not depend on it."""
    run()
    recipe.write_text(recipe.read_text().replace("classify:", "features: intensity\nclassify:"))
    result = run()
    assert result.features.shape[0] == 40
    assert did(result)["classify.tiny/mean_color"] == "cached"


def test_tuning_of_images(run: Run) -> None:
    """A grid over the images' preparation and the classifier is searched on the training part."""
    grid = {"classify.rounds": [1, 2], "preprocess.0.size": [3, 5]}
    result = run(overrides={"tune": {"cv": 2, "grid": grid}})
    assert len(pd.read_csv(result.path / "tuning.csv")) == 4


def test_folds_have_folders_of_their_own(run: Run) -> None:
    """With k folds each has a model, logs and heat maps."""
    result = run(overrides={"split": {"method": "kfold", "folds": 2}})
    names = {fold.fold.name for fold in result.folds if fold.fold is not None}
    assert len(names) == 2
    for name in names:
        expected = {f"model/{name}/means.npz", f"training/{name}/first.txt"}
        expected |= {f"explanations/{name}/tiny.darkness/heat.npz"}
        assert expected <= files(result.path)
    assert result.metrics["test"]["n"] == 40


def test_heat_maps_come_back_as_they_were(run: Run) -> None:
    """256 levels, one map an image, in the order of a table that says what each explains."""
    result = run()
    folder = result.path / "explanations" / "tiny.darkness"
    table = pd.read_csv(folder / "heat.csv")
    assert list(table.columns) == ["index", "id", "true", "predicted", "target", "probability"]
    assert table["target"][0] == "few"
    assert (table["target"][1:] == table["predicted"][1:]).all()
    facts = json.loads((folder / "heat.json").read_text())
    assert facts == {"note": "dark is hot", "part": "test", "levels": 255}
    predictions = result.predictions.set_index("id")  # type: ignore[union-attr]
    fitted = result.folds[0].fitted
    assert fitted is not None
    heat = fitted.explanations["tiny.darkness"].heat
    assert heat is not None
    images = fitted.best.examples[heat.part].images
    assert images is not None
    with np.load(folder / "heat.npz") as maps:
        for row, (index, name, target) in enumerate(
            zip(table["index"], table["id"], table["target"], strict=True)
        ):
            assert maps[str(index)].dtype == np.uint8
            assert np.isclose(table["probability"][row], predictions.loc[name, f"p_{target}"])
            expected = 1 - images[list(fitted.best.examples[heat.part].ids).index(name)].mean(axis=2) / 255
            assert np.abs(heat.heat(row) - expected).max() <= 0.5 / 255 + 1e-12
            assert np.array_equal(maps[str(index)], heat.maps[row])


@pytest.mark.parametrize(("mode", "words"), [("transposed", "heat map of shape"), ("beyond", "in 0..1")])
def test_heat_that_does_not_fit_names_the_explainer(recipe: Path, run: Run, mode: str, words: str) -> None:
    """Heat of another shape or beyond 1 is no explanation; the run goes on and says so."""
    text = recipe.read_text()
    recipe.write_text(text.replace("tiny/darkness", f"{{use: tiny/darkness, params: {{mode: {mode}}}}}"))
    result = run()
    assert result.exit_code == 0
    told = "\n".join(said(result.path))
    assert re.search(f"there is no explanation by tiny/darkness: .*darkness gave .*{words}", told)
    assert not (result.path / "explanations" / "tiny.darkness").exists()
    recipe.write_text(text)
    assert did(run())["classify.tiny/mean_color"] == "cached"


@pytest.mark.parametrize(
    ("cached", "executor", "code"),
    [(True, "inline", -signal.SIGKILL), pytest.param(False, "auto", 1, marks=pytest.mark.slow)],
)
def test_a_killed_fit_goes_on_where_it_was(
    recipe: Path, environment: dict[str, str], tmp_path: Path, cached: bool, executor: str, code: int
) -> None:
    """After SIGKILL the next run finds the checkpoint, and ends with the bytes of a run never killed."""
    environment["PYTHONPATH"] = str(TINY)

    def start(name: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "leukokit", "run", str(recipe), *([] if cached else ["--no-cache"])]
        return subprocess.run(
            [*command, "--workers", "1", "--executor", executor, "--run-dir", name],
            cwd=tmp_path,
            env={**environment, **more},
            capture_output=True,
            text=True,
        )

    killed = start("out", LEUKOKIT_TINY_KILL="2")
    assert killed.returncode == code  # inline, the run itself is killed; else the process of the fit
    assert (tmp_path / "out" / "training" / "first.txt").exists()
    assert not (tmp_path / "out" / "status.json").exists()
    left = [entry.title for entry in Store(tmp_path / "cache").entries() if entry.kind == "fits"]
    assert left == (["unfinished: tiny/mean_color of small"] if cached else [])
    again = start("out")
    assert again.returncode == 0, again.stderr
    assert "resumed after round 2" in said(tmp_path / "out")
    assert [entry for entry in Store(tmp_path / "cache").entries() if entry.kind == "fits"] == []
    assert not (tmp_path / "out" / ".checkpoints").exists()
    environment["LEUKOKIT_CACHE"] = str(tmp_path / "another")
    assert start("whole").returncode == 0
    for name in ("metrics.json", "predictions.csv", "model/means.npz", "training/first.txt"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_two_runs_do_not_share_checkpoints(run: Run, tmp_path: Path) -> None:
    """While one fit holds its checkpoints, another of the same key keeps its own and says so."""
    first = run(cache=tmp_path / "probe")
    (model,) = [e for e in Store(tmp_path / "probe").entries() if e.title == "tiny/mean_color of small"]
    store = Store(tmp_path / "cache")
    with store.unfinished(model.key, "tiny/mean_color of small") as folder:
        (folder / "last.json").write_text('{"done": 3, "total": "not for the other"}')
        second = run()
        assert any(
            "another run is fitting the same tiny/mean_color of small" in text for text in said(second.path)
        )
        assert (folder / "last.json").exists()
        assert store.prune(0)
        assert (folder / "last.json").exists()
    assert (first.path / "metrics.json").read_bytes() == (second.path / "metrics.json").read_bytes()
    assert [entry.kind for entry in store.entries()] == ["fits"]
    store.prune(0)
    assert store.entries() == []


def test_what_lies_in_the_folder_is_left_alone(run: Run, tmp_path: Path) -> None:
    """A run directory may be any folder: what lies there is neither removed nor kept as ours."""
    out = tmp_path / "mine"
    (out / "training").mkdir(parents=True)
    (out / ".checkpoints").mkdir()
    for mine in (out / "training" / "photo.txt", out / ".checkpoints" / "note.txt"):
        mine.write_text("mine")
    run(run_dir=out, cache=None)
    assert (out / "training" / "photo.txt").read_text() == "mine"
    assert (out / ".checkpoints" / "note.txt").read_text() == "mine"
    assert files(out / ".checkpoints") == {"note.txt"}
    again = run()
    assert files(again.path / "training") == {"first.txt"}


@pytest.mark.parametrize("folds", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_heat_is_compared_with_cells(recipe: Path, run: Run, folds: int) -> None:
    """Where the recipe segments: a row for each explainer, image and region, and a summary."""
    recipe.write_text(recipe.read_text().replace("classify:", f"{SEGMENT}classify:"))
    split = {"method": "kfold", "folds": 2} if folds == 2 else {"method": "holdout", "test": 0.25}
    result = run(overrides={"split": split}, report=True)
    table = pd.read_csv(result.path / "explanations" / "alignment.csv")
    assert table["id"].nunique() == 4 * folds
    assert set(table["region"]) >= {"nucleus", "cytoplasm", "background"}
    assert set(table["explainer"]) == {"tiny.darkness"}
    assert ("fold" in table) == (folds == 2)
    summary = pd.read_csv(result.path / "explanations" / "alignment_summary.csv").set_index("region")
    assert summary.loc["nucleus", "ratio"] > 1.5 > 1 > summary.loc["background", "ratio"]
    written = json.loads((result.path / "metrics.json").read_text())["alignment"]["tiny.darkness"]
    assert written["nucleus"]["ratio"] == pytest.approx(summary.loc["nucleus", "ratio"])
    assert written["nucleus"]["images"] == 4 * folds
    assert (result.path / "figures" / "alignment.png").exists()
    again = run(overrides={"split": split})
    for name in ("metrics.json", "explanations/alignment.csv", "explanations/alignment_summary.csv"):
        assert (result.path / name).read_bytes() == (again.path / name).read_bytes(), name


def test_without_a_segmenter_heat_is_not_compared(run: Run) -> None:
    """Heat maps alone leave no alignment."""
    result = run()
    assert not list((result.path / "explanations").glob("alignment*"))
    assert "alignment" not in result.metrics


@pytest.mark.skipif(find_spec("keras") is None, reason="needs keras to be installed, though not loaded")
def test_loading_a_library_does_not_count_against_an_image(recipe: Path, run: Run) -> None:
    """A worker's first image waits for a network's library longer than any image may take."""
    recipe.write_text(recipe.read_text().replace("classify:", "features: tiny/slow_start\nclassify:"))
    result = run(executor="processes", workers=2, timeout=5)
    assert result.folds[0].images.rejected == []
    assert result.features["slow_mean"].notna().all()
