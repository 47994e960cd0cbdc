"""Scale from recipe to run directory: where it comes from, who gets it, and what depends on it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from leukokit.api import DataError
from leukokit.catalog import discover
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.run import RunOptions
from leukokit.engine.run import run as run_recipe
from leukokit.engine.run_result import RunResult
from leukokit.plugins.datasets.smears import Smears
from leukokit.recipe import load_recipe
from leukokit.smear.label_grid import resize_factor
from tests.engine.conftest import FAULTY, Leukokit

SCALED = Path(__file__).parents[1] / "scaled"

RECIPE = """
leukokit: 1
name: scaled
seed: 5
audit: {enabled: false}
data: {use: DATASET, params: PARAMS, scale: SCALE}
PREPROCESS
segment: scaled/dark
features: [scaled/scale]
"""

Run = Callable[..., RunResult]


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve rendered smears as files, one folder a class."""
    root = tmp_path_factory.mktemp("smears")
    smears = Smears.create(per_class=3, patients=12, seed=3)
    for sample in smears.samples():
        path = root / f"{sample.id}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(smears.render(sample)).save(path)
    return root


@pytest.fixture
def smears(rendered: Path, tmp_path: Path) -> Path:
    """Copy the rendered smears, for a test to change."""
    return Path(shutil.copytree(rendered, tmp_path / "smears"))


@pytest.fixture
def run(smears: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a recipe whose segmenter and features use the scale, in this process."""
    monkeypatch.syspath_prepend(str(SCALED))

    def run(
        scale: str = "auto",
        *,
        preprocess: str = "",
        use: str = "folder",
        params: Mapping[str, Any] | None = None,
    ) -> RunResult:
        text = RECIPE.replace("DATASET", use).replace("SCALE", scale)
        text = text.replace("PARAMS", json.dumps(dict(params or {"root": str(smears)})))
        text = text.replace("PREPROCESS", f"preprocess: [{preprocess}]" if preprocess else "")
        path = tmp_path / "recipe.yaml"
        path.write_text(text)
        catalog = discover()
        kept = RunOptions(tmp_path / "runs", None, tmp_path / "cache", InlineExecutor())
        return run_recipe(load_recipe(path, catalog), kept)

    return run


def did(result: RunResult) -> dict[str, str]:
    return {reason.step: reason.did for reason in result.reasons}


def px(result: RunResult) -> np.ndarray:
    return result.features["red_cell_px"].to_numpy()


def test_red_cells_give_each_image_its_scale(run: Run) -> None:
    """Measured, kept in the run directory, and what segmenter and extractors were handed."""
    result = run()
    table = pd.read_csv(result.path / "scale.csv")
    assert list(table.columns) == [
        "id",
        "red_cell_px",
        "um_per_px",
        "confidence",
        "source",
        "measured_px",
        "measured_confidence",
    ]
    assert len(table) == 12
    assert set(table["source"]) == {"red_cells"}
    assert table["red_cell_px"].between(8, 30).all()  # rendered at 14 to 19 px
    assert (table["red_cell_px"] * table["um_per_px"]).to_numpy() == pytest.approx(7.5, rel=1e-4)
    assert px(result) == pytest.approx(table["red_cell_px"].to_numpy())
    assert result.scales is not None
    assert result.scales["red_cell_px"].tolist() == table["red_cell_px"].tolist()
    summary = json.loads((result.path / "metrics.json").read_text())["scale"]
    assert summary["known"] == 1.0
    assert summary["how"] == "red cells of each image"
    # Both are rounded to thousandths of a px.
    assert summary["red_cell_px"] == pytest.approx(float(table["red_cell_px"].median()), abs=1.1e-3)


def test_a_second_run_measures_nothing_and_gives_the_same_bytes(run: Run) -> None:
    first, second = run(), run()
    assert did(first)["scale"] == "ran on 12"
    assert set(did(second).values()) == {"cached for 12"}
    for name in ("scale.csv", "features.parquet", "metrics.json"):
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes(), name


def test_another_scale_redoes_only_what_depends_on_it(run: Run) -> None:
    """The red cells are not measured again, and preprocessing that uses no scale stays."""
    median = "{use: median, params: {size: 3}}"
    first = run("auto", preprocess=median)
    second = run("dataset", preprocess=median)
    assert did(second)["scale"] == "cached for 12"
    assert did(second)["segment.scaled/dark"] == "ran on 12"
    reasons = {reason.step: reason.why for reason in second.reasons}
    assert "params.by: 'auto' -> 'dataset'" in reasons["scale"]
    assert reasons["segment.scaled/dark"] == "comes after scale, which changed"
    assert len(set(px(second))) == 1
    assert len(set(px(first))) > 1


@pytest.mark.parametrize(
    ("scale", "expected"),
    [("{red_cell_px: 24}", 24.0), ("{pixel_size_um: 0.25}", 30.0)],
)
def test_a_given_scale_is_used_to_the_last_digit(run: Run, scale: str, expected: float) -> None:
    """And what the red cells say stands beside it."""
    result = run(scale)
    assert set(px(result)) == {expected}
    assert result.scales is not None
    assert set(result.scales["source"]) == {"given"}
    assert result.scales["measured_px"].between(8, 30).all()


def test_components_get_the_scale_of_the_image_they_see(run: Run) -> None:
    """Resizing moves the scale along; cutting one side makes it unknown."""
    given = "{red_cell_px: 24}"
    half = run(given, preprocess="{use: scaled/resize, params: {factor: 0.5}}")
    assert set(px(half)) == {12.0}
    assert half.features["um_per_px"].to_numpy() == pytest.approx(7.5 / 12)
    again = run(given, preprocess="{use: scaled/resize, params: {factor: 0.5}}")
    assert set(px(again)) == {12.0}
    cut = run(given, preprocess="scaled/cut")
    assert np.isnan(px(cut)).all()
    to_scale = run(given, preprocess="scaled/to_scale")
    assert px(to_scale) == pytest.approx(20, rel=0.01)
    assert set(to_scale.features["width"]) == {round(224 * 20 / 24)}


def test_a_kept_image_keeps_how_much_it_was_resized(run: Run) -> None:
    """Features taken anew from images in the cache see the same scale as on the first day."""
    resize = "{use: scaled/resize, params: {factor: 0.5}}"
    run("{red_cell_px: 24}", preprocess=resize)
    other = run("{red_cell_px: 30}", preprocess=resize)
    assert did(other)["preprocess.0.scaled/resize"] == "cached for 12"
    assert set(px(other)) == {15.0}


@pytest.mark.parametrize(
    ("before", "after", "factor"),
    [
        ((100, 200), (100, 200), 1.0),
        ((100, 200), (50, 100), 0.5),
        ((101, 203), (34, 68), 1 / 3),
        ((100, 200), (100, 100), None),
        ((100, 200), (200, 100), None),
        ((224, 224), (224, 214), None),
    ],
)
def test_sizes_tell_how_much_an_image_was_resized(
    before: tuple[int, int], after: tuple[int, int], factor: float | None
) -> None:
    """Within rounding; NaN where the proportions changed."""
    found = resize_factor(np.zeros((*before, 3), np.uint8), np.zeros((*after, 3), np.uint8))
    assert np.isnan(found) if factor is None else found == pytest.approx(factor, rel=0.02)


def test_files_state_their_scale_and_others_are_measured(run: Run, smears: Path, tmp_path: Path) -> None:
    """TIFF tags are believed; an image without them is measured, and the journal says why."""
    first = sorted(smears.rglob("*.png"))[0]
    stated = first.with_suffix(".tif")
    Image.open(first).save(stated, resolution=25_000, resolution_unit="cm")
    first.unlink()
    result = run("{pixel_size_um: file}")
    assert result.scales is not None
    table = result.scales.set_index("id")
    name = stated.relative_to(smears).as_posix()
    assert (table.loc[name, "um_per_px"], table.loc[name, "source"]) == (0.4, "file")
    assert set(table.drop(name)["source"]) == {"red_cells"}
    events = [json.loads(line) for line in (result.path / "journal.jsonl").read_text().splitlines()]
    notes = {event["id"]: event["note"] for event in events if event["event"] == "scale"}
    assert notes.keys() == set(table.drop(name).index)
    assert "no TIFF" in next(iter(notes.values()))
    assert any("11 of 12 images is measured" in event.get("text", "") for event in events)


def test_a_table_states_the_scale_of_a_sample(run: Run, smears: Path, tmp_path: Path) -> None:
    """``table`` takes it from there, ``auto`` too where there is one, ``image`` measures all the same."""
    names = [path.relative_to(smears).as_posix() for path in sorted(smears.rglob("*.png"))]
    rows = [f"{name},{0.4 if i % 2 else ''}" for i, name in enumerate(names)]
    file = tmp_path / "table.csv"
    file.write_text("path,pixel_size_um\n" + "\n".join(rows) + "\n")
    params = {"file": str(file), "root": str(smears)}
    for scale in ("auto", "{pixel_size_um: table}"):
        result = run(scale, use="table", params=params)
        assert result.scales is not None
        assert result.scales["source"].tolist() == ["red_cells", "file"] * 6
        assert set(px(result)[1::2]) == {18.75}
    measured = run("image", use="table", params=params)
    assert measured.scales is not None
    assert set(measured.scales["source"]) == {"red_cells"}


def test_a_table_that_states_nothing_is_an_error(run: Run, smears: Path, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("path\n" + "".join(f"{p.relative_to(smears)}\n" for p in smears.rglob("*.png")))
    with pytest.raises(DataError, match="it states none"):
        run("{pixel_size_um: table}", use="table", params={"file": str(file), "root": str(smears)})


def test_images_that_cannot_be_read_are_rejected_as_ever(run: Run, smears: Path) -> None:
    """The scale stage leaves it to the image stage to say so."""
    broken = sorted(smears.rglob("*.png"))[0]
    broken.write_bytes(b"no picture")
    result = run()
    assert [(item.sample.id, why.stage) for item, why in result.folds[0].images.rejected] == [
        (broken.relative_to(smears).as_posix(), "read")
    ]
    assert result.scales is not None
    assert len(result.scales) == 11


def test_an_image_without_red_cells_takes_the_scale_of_the_others(run: Run, smears: Path) -> None:
    """Its confidence is lower, and what it shows itself is missing."""
    first, *others = sorted(smears.rglob("*.png"))
    picture = np.array(Image.open(first))
    for folder in {path.parent for path in others} - {first.parent}:
        shutil.rmtree(folder)
    for path in first.parent.iterdir():
        path.unlink()
    for k in range(4):
        Image.fromarray(np.rot90(picture, k).copy()).save(first.with_name(f"turned-{k}.png"))
    Image.fromarray(np.full((224, 224, 3), 235, np.uint8)).save(first.with_name("glass.png"))
    result = run()
    assert result.scales is not None
    glass = result.scales["id"].str.contains("glass")
    (row,) = result.scales[glass].to_dict("records")
    seen = result.scales[~glass]
    assert row["source"] == "red_cells"
    assert row["red_cell_px"] == pytest.approx(seen["red_cell_px"].median(), rel=0.06)
    assert row["confidence"] < seen["confidence"].max()
    assert np.isnan(row["measured_px"])


def test_a_recipe_without_use_for_the_scale_does_not_pay_for_it(recipe: Path, tmp_path: Path) -> None:
    """No stage, no file, and the same keys as before there was any scale."""
    catalog = discover()
    options = RunOptions(tmp_path / "plain", executor=InlineExecutor())
    in_px = [
        "segment={use: multi_otsu, params: {reference_red_cell_px: null}}",
        "features=[intensity, {use: morphology, params: {unit: px}}]",
    ]
    result = run_recipe(load_recipe(recipe, catalog, overrides=in_px), options)
    assert result.scales is None
    assert "scale" not in did(result)
    assert not (result.path / "scale.csv").exists()
    assert "scale" not in result.metrics
    plan = result.folds[0].plan
    assert not any(step.scaled for step in plan.steps())
    assert {plan.row_key(step, item) for step in plan.steps() for item in result.data.items} == {
        item.key for item in result.data.items
    }


@pytest.mark.parametrize(("given_px", "told"), [(16, False), (1900, True), (3, True)])
def test_a_stated_scale_that_the_red_cells_contradict_is_warned_of(
    run: Run, given_px: int, told: bool
) -> None:
    """A run without an audit says it too: what is told in um would be wrong, and look right."""
    events = (run(f"{{red_cell_px: {given_px}}}").path / "journal.jsonl").read_text().splitlines()
    words = f"by the stated scale a red cell is {given_px} px wide, but those in the images are"
    assert any(words in event for event in events) is told


# In processes, as users do it.


@pytest.fixture
def command(smears: Path, tmp_path: Path, environment: dict[str, str], cli: Leukokit) -> Leukokit:
    """Run the command line with the plugin installed, on a recipe of one scale for all."""
    folders = [str(SCALED), str(FAULTY), os.environ.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
    text = RECIPE.replace("DATASET", "folder").replace("SCALE", "dataset").replace("PREPROCESS", "")
    text = text.replace("PARAMS", json.dumps({"root": str(smears)}))
    (tmp_path / "recipe.yaml").write_text(text)
    return cli


def test_workers_and_executors_change_nothing_and_notes_are_kept(
    command: Leukokit, smears: Path, tmp_path: Path, mark: Callable[[Path], None]
) -> None:
    """One process, two, or this one: the same bytes, the same notes, and what was found in the terminal."""
    marked = sorted(smears.rglob("*.png"))[2]
    mark(marked)
    ways = {"inline": ["--executor", "inline"], "two": ["--executor", "processes", "--workers", "2"]}
    for name, options in ways.items():
        options += ["--no-cache", "--set", "preprocess=[scaled/noting]"]
        done = command("run", "recipe.yaml", "--run-dir", name, *options)
        assert done.returncode == 0, done.stderr
        assert "scale: a red cell is" in done.stderr
        assert "um a pixel) in 100 % of images" in done.stderr
        assert "ImageNote" not in done.stderr
        events = [json.loads(line) for line in (tmp_path / name / "journal.jsonl").read_text().splitlines()]
        (read,) = [event for event in events if event["event"] == "read"]
        assert read["id"] == marked.relative_to(smears).as_posix()
        assert read["notes"] == ["preprocess.0.scaled/noting: the first pixel is red"]
    for file in ("scale.csv", "features.parquet", "metrics.json"):
        contents = {(tmp_path / name / file).read_bytes() for name in ways}
        assert len(contents) == 1, file


def test_an_image_that_kills_the_worker_is_rejected_once(
    command: Leukokit, smears: Path, tmp_path: Path, mark: Callable[[Path], None]
) -> None:
    """The scale stage works on raw images: a step that crashes later does not touch it."""
    marked = sorted(smears.rglob("*.png"))[2]
    mark(marked)
    steps = "preprocess={use: faulty/step, params: {mode: segfault}}"
    done = command(
        "run", "recipe.yaml", "--run-dir", "run", "--executor", "processes", "--workers", "1", "--set", steps
    )
    assert done.returncode == 0, done.stderr
    rejected = pd.read_csv(tmp_path / "run" / "rejected.csv")
    assert rejected["id"].tolist() == [marked.relative_to(smears).as_posix()]
    assert rejected["reason"].tolist() == ["worker_died"]
    assert len(pd.read_csv(tmp_path / "run" / "scale.csv")) == 11


@pytest.mark.real_data
def test_red_cells_of_photographs_give_one_scale(run: Run, smears: Path, data_root: Path) -> None:
    """Twelve photographs of the paper's data, of one microscope, and the same at twice the size."""
    shutil.rmtree(smears)
    folders = sorted(path for path in (data_root / "all-pbs").iterdir() if path.is_dir())
    paths = [path for folder in folders for path in sorted(folder.glob("*.jpg"))[5:8]]
    for factor in (1, 2):
        (smears / f"x{factor}").mkdir(parents=True)
        for path in paths:
            image = Image.open(path)
            size = (image.width * factor, image.height * factor)
            image.resize(size, Image.Resampling.BICUBIC).save(smears / f"x{factor}" / f"{path.stem}.png")
    result = run()
    assert result.scales is not None
    known = result.scales[result.scales["source"] == "red_cells"].set_index("id")["red_cell_px"]
    assert len(known) >= 0.8 * 2 * len(paths)
    ratios = [
        known[f"x2/{path.stem}.png"] / known[f"x1/{path.stem}.png"]
        for path in paths
        if {f"x1/{path.stem}.png", f"x2/{path.stem}.png"} <= set(known.index)
    ]
    assert np.median(ratios) == pytest.approx(2, rel=0.03)
