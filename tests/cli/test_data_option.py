"""``--data``: one recipe on other data, from the command line as users run it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import leukokit
from leukokit.cli import main
from leukokit.testing.synthetic import write_smears
from tests.warm_command import run_command

RECIPE = """\
leukokit: 1
name: mine
data: {use: all_pbs, params: {split: paper_602020}, groups: no_such.csv, fallback: FALLBACK}
split: {method: named, name: paper_602020}
features: [{use: color_statistics, params: {regions: [image]}}]
classify: {use: logistic}
audit: {enabled: false}
"""
SMALL = "{use: smears, params: {per_class: 6, patients: 24, size: 96}}"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with images and a recipe, on a machine without data sets."""
    folder = tmp_path / "work"
    write_smears(folder / "images", per_class=8, size=64, classes=("Benign", "Pro"), patients=8)
    (folder / "recipe.yaml").write_text(RECIPE.replace("FALLBACK", SMALL))
    (folder / "bare.yaml").write_text(RECIPE.replace(", fallback: FALLBACK", ""))
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LEUKOKIT_DATA", raising=False)
    monkeypatch.setenv("LEUKOKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user"))
    return folder


def call(*arguments: object, code: int = 0) -> Result:
    """Run a command in this process."""
    done = CliRunner().invoke(main, [*map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


def leukokit_command(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    path = os.pathsep.join(
        [str(Path(leukokit.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    environment = {**os.environ, "PYTHONPATH": path, "NO_COLOR": "1"}
    return run_command([*map(str, arguments)], cwd=folder, env=environment, timeout=240)


def predicted(run: Path) -> list[dict[str, str]]:
    """Rows of the predictions."""
    with (run / "predictions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_in_place_of_the_recipe_s_data(here: Path, tmp_path: Path) -> None:
    """The run tells what became of the split, and its resolved.json runs again from anywhere."""
    done = leukokit_command(
        here, "run", "recipe.yaml", "--data", "images", "--executor", "inline", "--run-dir", "first"
    )
    assert done.returncode == 0, done.stderr
    assert (
        "warning: the split paper_602020 is for the images of all_pbs, which --data replaces" in done.stderr
    )
    assert "SYNTHETIC" not in done.stdout + done.stderr
    first = here / "first"
    resolved = json.loads((first / "resolved.json").read_text())
    assert resolved["data"]["use"] == "folder"
    assert resolved["data"]["params"]["root"] == str(here / "images")
    assert resolved["data"]["groups"] is None
    assert resolved["split"] is None
    assert "--data replaces" in (first / "journal.jsonl").read_text()
    assert (first / "recipe.yaml").read_text() == RECIPE.replace("FALLBACK", SMALL)

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    again = leukokit_command(
        elsewhere, "run", first / "resolved.json", "--executor", "inline", "--run-dir", "second", "-q"
    )
    assert again.returncode == 0, again.stderr
    assert again.stderr == ""
    assert predicted(elsewhere / "second") == predicted(first)
    assert json.loads((elsewhere / "second" / "resolved.json").read_text()) == resolved


@pytest.mark.slow  # two runs and a comparison
def test_compare_shows_the_other_data(here: Path) -> None:
    """As a difference of the recipes."""
    for name, data in (("a", ()), ("b", ("--data", "smears"))):
        call("run", "recipe.yaml", *data, "--executor", "inline", "--run-dir", name, "-q")
    assert '"use": "all_pbs"' in (here / "a" / "resolved.json").read_text()
    done = CliRunner().invoke(main, ["compare", "a", "b", "--json"])
    assert "all_pbs" in done.output
    assert "smears" in done.output


def test_from_python(here: Path) -> None:
    """The same keyword; a path object is a path."""
    run = leukokit.run("recipe.yaml", data=Path("images"), run_dir="run", executor="inline", cache=None)
    assert run.data.name == "folder"
    assert len(run.data.items) == 16
    with pytest.raises(leukokit.errors.UsageError, match="did you mean 'images'"):
        leukokit.run("recipe.yaml", data="imags")


@pytest.mark.usefixtures("here")
def test_what_cannot_be_data_is_refused() -> None:
    """By run and check alike, with exit code 2 and what is allowed."""
    for command in ("run", "check"):
        said = call(command, "recipe.yaml", "--data", "imags", code=2).stderr
        assert "error: --data: there is no data set, folder or file 'imags' (did you mean 'images'?)" in said
        assert "Expected a folder with one folder of images for each class, a table of images (.csv" in said


@pytest.mark.usefixtures("here")
def test_audit_takes_a_folder_a_table_and_a_name(here: Path) -> None:
    """Each is read as data."""
    rows = [
        f"images/{path.parent.name}/{path.name},{path.parent.name}" for path in here.glob("images/*/*.jpg")
    ]
    (here / "list.csv").write_text("\n".join(["path,label", *rows]))
    for data in ("images", "list.csv"):
        found = json.loads(call("audit", data, "--json", "-q").stdout)
        assert found["images"] == 16
    said = call("audit", "photo.jpg", code=2).stderr
    assert "there is no data set, folder or file 'photo.jpg'" in said
    assert "or a recipe (.yaml, .yml, .json)" in said


@pytest.mark.usefixtures("here")
def test_a_stand_in_is_named_by_the_recipe_or_missing_data_are_an_error() -> None:
    """In check as in run; a LEUKOKIT_DATA that is wrong is an error in spite of it."""
    found = call("check", "recipe.yaml")
    assert "SYNTHETIC SMEARS stand in for it (data set smears), as data.fallback" in found.stderr
    assert "all: 24" in found.stdout
    for command in ("check", "run"):
        said = call(command, "bare.yaml", code=2).stderr
        assert "data set all_pbs: not found; looked for " in said
        assert "Get it with 'leukokit data get all_pbs'" in said
        assert "To try the recipe on rendered smears instead: --data smears" in said


def test_a_wrong_variable_is_an_error_everywhere(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what was looked for, and where."""
    (here / "file").touch()
    for place, wrong in (
        (here / "nowhere", "which does not exist: correct it"),
        (here / "file", "which is a file: name the folder that holds all-pbs"),
        (here, "which holds no folder all-pbs with the images; its folders are images"),
    ):
        monkeypatch.setenv("LEUKOKIT_DATA", str(place))
        for command in (("check", "recipe.yaml"), ("run", "recipe.yaml"), ("audit", "all_pbs")):
            said = call(*command, code=2).stderr
            assert f"looked for {place / 'all-pbs'}; LEUKOKIT_DATA is {place}, {wrong}" in said, said
    monkeypatch.setenv("LEUKOKIT_DATA", "")
    call("check", "recipe.yaml")


@pytest.mark.usefixtures("here")
def test_check_tells_findings_as_json() -> None:
    """Each with area, level, text and hint; exit code 2 where a run could not end well."""
    (Path("images") / "Tiny").mkdir()
    done = call("check", "recipe.yaml", "--data", "images", "--json", code=2)
    found = json.loads(done.stdout)
    assert found["ok"] is False
    assert [(one["area"], one["level"]) for one in found["findings"]] == [("data", "note"), ("data", "fail")]
    assert "Tiny" in found["findings"][1]["text"]
    assert all(set(one) == {"area", "level", "text", "hint"} for one in found["findings"])
