"""``leukokit new recipe``: from a folder or table to a recipe that runs, asked or taken as found."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from leukokit.catalog import discover
from leukokit.cli import main
from leukokit.cli._new_recipe import Asked, new_recipe
from leukokit.recipe import load_recipe
from leukokit.testing.images import disks
from tests.warm_command import run_command


def put(root: Path, *folders: str, count: int = 4, dark: str = "TEST") -> Path:
    """Write pictures of cells into each folder, darker ones where its path begins with ``dark``."""
    for seed, folder in enumerate(folders):
        (root / folder).mkdir(parents=True)
        for i in range(count):
            image, _ = disks(seed=100 * seed + i, size=64, cells=2)
            pixels = image // 2 if folder.startswith(dark) else image
            Image.fromarray(np.ascontiguousarray(pixels)).save(root / folder / f"{i}.png")
    return root


def run(*arguments: object, code: int = 0) -> tuple[str, str]:
    """Run a command; return stdout and stderr."""
    done = CliRunner().invoke(main, ["new", "recipe", *map(str, arguments)], env={"COLUMNS": "80"})
    assert done.exit_code == code, done.output
    return done.stdout, done.stderr


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Two classes of two patients each."""
    return put(tmp_path / "my smears", "A/p1", "A/p2", "B/p3", "B/p4")


def asked(images: Path | None, out: Path, *answers: str, force: bool = False) -> str:
    """Write a recipe from answers; return its text."""
    keyboard = io.StringIO("\n".join([*answers, ""]))
    path = None if images is None else str(images)
    return new_recipe(path, discover(), Asked(keyboard), out=out, force=force).read_text(encoding="utf-8")


def leukokit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    environment = {**os.environ, "LEUKOKIT_CACHE": str(folder / "cache"), "COLUMNS": "80", "NO_COLOR": "1"}
    done = run_command([*arguments], cwd=folder, env=environment, timeout=240)
    assert done.returncode == 0, done.stderr
    return done


def test_a_published_folder_of_parts_becomes_a_run(tmp_path: Path) -> None:
    """The way of a new user, in processes of their own; test is never told from train."""
    put(tmp_path / "kaggle", "TRAIN/A", "TRAIN/B", "TEST/A", "TEST/B")
    done = leukokit(tmp_path, "new", "recipe", "kaggle", "--yes")
    assert done.stdout == "kaggle.yaml\n"
    assert "folders TEST, TRAIN  part       TEST = test, TRAIN = train; test: 8, train:" in done.stderr
    small = ("audit.enabled=false", "features=intensity", "segment=null", "explain=[]", "classify=knn")
    settings = [f"--set={change}" for change in small]
    ran = leukokit(tmp_path, "run", "kaggle.yaml", "--run-dir=run", "--workers=1", *settings)
    rows = list(csv.DictReader((tmp_path / "run" / "predictions.csv").open(encoding="utf-8")))
    assert {row["id"].split("/")[0] for row in rows} == {"TEST"}
    assert {row["true"] for row in rows} == {"A", "B"}
    assert "read as: folders TEST, TRAIN: part" in ran.stderr
    kept = json.loads((tmp_path / "run" / "provenance.json").read_text())["data"]["notes"]
    assert kept[0].startswith("read as: folders TEST, TRAIN: part")
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert report.count("read as: folders TEST, TRAIN: part") == 1, "with the data, not with the warnings"


def test_what_is_written_passes_the_check(tmp_path: Path) -> None:
    """The two commands one after the other, as they are typed."""
    put(tmp_path / "x", *(f"A/p{i}" for i in range(5)), *(f"B/p{i}" for i in range(5, 10)), count=2)
    leukokit(tmp_path, "new", "recipe", "x", "--yes", "--out", "r.yaml")
    checked = leukokit(tmp_path, "check", "r.yaml").stdout.splitlines()
    assert checked[0] == "r.yaml: ok"
    assert "  images     all: 20 (A 10, B 10)" in checked


def test_what_is_found_is_taken(images: Path, tmp_path: Path) -> None:
    """A recipe with comments and the schema's line, which editors find beside it; nothing is asked."""
    out = tmp_path / "r.yaml"
    stdout, stderr = run(images, "--yes", "--out", out)
    assert stdout == f"{out}\n"
    assert "folders p1, p2, p3, p4  patient    4 patients" in stderr
    text = out.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=recipe.schema.json\n")
    assert "#   folders A, B: class (A: 8, B: 8 images)\n" in text
    assert json.loads((tmp_path / "recipe.schema.json").read_text())["title"] == "leukokit recipe"
    recipe = load_recipe(out, discover())
    assert recipe.model.name == "my_smears"
    assert str(recipe.data.component.params.root) == str(images)
    assert recipe.model.split is not None
    assert recipe.model.split.method == "kfold", "a test part of four patients says nothing of others"
    assert "# One test part of 4 patients would say nothing of others." in text
    assert "groups_are" not in text, "names such as p1 tell it"


def test_enough_patients_are_divided_once(tmp_path: Path) -> None:
    """A fifth of 50 patients is enough for a test part; names that tell nothing are taken for patients."""
    root = put(tmp_path / "x", *(f"{c}/{c}{i:02d}" for c in "AB" for i in range(25)), count=1)
    run(root, "--yes", "--out", tmp_path / "r.yaml")
    text = (tmp_path / "r.yaml").read_text(encoding="utf-8")
    assert "split: {method: holdout, test: 0.2, validation: 0.2}" in text
    assert "  groups_are: patient   # what images of one group share" in text


def test_a_file_is_never_replaced_without_force(images: Path, tmp_path: Path) -> None:
    """Neither the recipe nor a schema that is there."""
    out = tmp_path / "r.yaml"
    out.write_text("mine")
    (tmp_path / "recipe.schema.json").write_text("mine")
    _, stderr = run(images, "--yes", "--out", out, code=2)
    assert stderr == (
        f"error: {out} is there already. Give another name with --out, or --force to replace it\n"
    )
    assert out.read_text() == "mine"
    run(images, "--yes", "--out", out, "--force")
    assert out.read_text() != "mine"
    assert (tmp_path / "recipe.schema.json").read_text() == "mine"


def test_questions_change_the_recipe(images: Path, tmp_path: Path) -> None:
    """Wrong answers are asked again; the patients are known, so they are not asked for."""
    out = tmp_path / "r.yaml"
    text = asked(None, out, str(tmp_path / "no"), str(images), "big", "0,12 um", "slow", "thorough", "n")
    assert "scale: {pixel_size_um: 0.12}" in text
    assert "split: {method: kfold, folds: 2, by: group}" in text
    assert "tune: {cv: 2, grid: {classify.params.C: [1, 10, 100]}}" in text
    network = asked(images, out, "40 px", "fast", "y", force=True)
    assert "scale: {red_cell_px: 40}" in network
    assert "fine_tune_from" in network
    assert load_recipe(out, discover()).classify is not None


def test_an_unsure_folder_is_asked_for(tmp_path: Path) -> None:
    """With --yes it is the error that lists the readings; else the layout is the next question."""
    root = put(tmp_path / "x", "A/1", "A/2", "B/1", "B/2", count=1)
    out = tmp_path / "r.yaml"
    _, stderr = run(root, "--yes", "--out", out, code=2)
    assert "--set data.params.layout=class/patient: classes A, B; patients 1, 2" in stderr
    assert not out.exists()
    text = asked(root, out, "class/patien", "class/patient", "measure", "fast", "n")
    assert 'layout: "class/patient"' in text
    assert "split: {method: kfold, folds: 2, by: group}" in text


def test_patients_are_asked_for(tmp_path: Path) -> None:
    """As a pattern of file names, or a column of a table; what ``unknown`` means is written down."""
    root = put(tmp_path / "x", "A", "B", count=3)
    out = tmp_path / "r.yaml"
    rest = ("measure", "fast", "n")
    assert "# No patients are known" in asked(root, out, "unknown", *rest)
    text = asked(root, out, "{patiet}.png", "{patient}.png", *rest, force=True)
    assert 'pattern: "{patient}.png"' in text
    assert "# All images of a patient are in one part" in text
    (tmp_path / "t.csv").write_text("file;class;who\nx/A/0.png;a;1\nx/B/1.png;b;2\n")
    text = asked(tmp_path / "t.csv", out, "whom", "who", "box", "slide", *rest, force=True)
    assert 'columns: {"group": "who"}' in text
    assert "  groups_are: slide   # " in text
    assert load_recipe(out, discover()).data.use == "table"


def test_what_cannot_be_asked_or_learned_is_told(images: Path, tmp_path: Path) -> None:
    """No terminal, no path, nothing there, no classes."""
    assert run(images, code=2)[1] == (
        "error: there is no terminal to ask questions on. Give PATH and --yes to take what is found\n"
    )
    assert run("--yes", code=2)[1] == "error: --yes needs PATH, the folder or table of the images\n"
    told = run(tmp_path / "no", "--yes", code=2)[1]
    assert told.startswith(
        f"error: there is no data set, folder or file '{tmp_path / 'no'}'. Expected a folder"
    )
    (tmp_path / "t.csv").write_text(f"path\n{images / 'A' / 'p1' / '0.png'}\n")
    assert run(tmp_path / "t.csv", "--yes", "--out", tmp_path / "r.yaml", code=2)[1].splitlines()[-1] == (
        "error: no image has a class, so there is nothing to learn. "
        "Sort the images into folders of classes, or give a table with a column label"
    )
