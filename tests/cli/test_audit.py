"""``leukokit audit``: what it takes, what it prints, and how it ends."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from leukokit.cli import main
from leukokit.testing.synthetic import write_smears

SMALL = [
    "--set",
    "data.params.per_class=4",
    "--set",
    "data.params.patients=12",
    "--set",
    "data.params.size=96",
]
BARS = ["--set", "data.params.scale_bars=by_class"]


@pytest.fixture
def audit(tmp_path, monkeypatch):
    """Run the command with a cache of the test's own."""
    monkeypatch.setenv("LEUKOKIT_CACHE", str(tmp_path / "cache"))

    def run(*arguments: object, code: int = 0, columns: int = 100, **environment: str) -> Result:
        done = CliRunner().invoke(
            main, ["audit", *map(str, arguments)], env={"COLUMNS": str(columns), **environment}
        )
        assert done.exit_code == code, done.output
        return done

    return run


@pytest.fixture
def folder(tmp_path) -> Path:
    """Twelve smears as files, one of them in two classes."""
    write_smears(tmp_path / "images", per_class=4, size=96, classes=("Benign", "Pro"), patients=6)
    root = tmp_path / "images"
    shutil.copyfile(root / "Benign" / "smear-0001.jpg", root / "Pro" / "smear-9999.jpg")
    return root


def test_a_data_set_by_name(audit):
    """Level, findings, probes, and the stamp of synthetic images on stdout; progress on stderr."""
    done = audit("smears", *SMALL)
    assert "ok  smears" in done.stdout
    for words in ("No exact copies", "color", "chance", "SYNTHETIC SMEARS", "Research use only"):
        assert words in done.stdout, words
    assert "audit: colors and corners: 16" in done.stderr
    assert "images: 16" not in done.stdout


def test_a_folder_of_class_folders(audit, folder):
    """A label conflict is shown with both files, and is no error."""
    out = audit(folder, "-q").stdout
    assert "✗ fail" in out
    assert re.search(r"Benign/smear-0001.jpg ↔ Pro/smear-9999.jpg", out)


def test_a_recipe_and_overrides(audit, tmp_path):
    """Its name, its limits and its split count."""
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "leukokit: 1\nname: mine\ndata: {use: smears, params: {per_class: 4, patients: 12, size: 96}}\n"
    )
    done = audit(recipe, "--set", "audit.class_balance.fail=1", "--set", "audit.class_balance.warn=1", "-q")
    assert "✗ fail  mine" in done.stdout
    assert done.stderr == ""


def test_strict_ends_with_1_where_something_fails(audit, folder):
    """And with 0 where nothing does."""
    audit(folder, "--strict", "-q", code=1)
    audit("smears", *SMALL, "--strict", "-q")


def test_json_is_the_audit(audit):
    """On stdout alone."""
    found = json.loads(audit("smears", *SMALL, "--json").stdout)
    assert found["format"] == 1
    names = ["color", "frame", "corner", "red_cells", "glass", "sharpness", "file"]
    assert [each["name"] for each in found["probes"]] == names


def test_groups_are_a_csv_that_a_recipe_takes(audit, folder, tmp_path):
    """Copies share a group; a second audit with these groups counts them."""
    path = tmp_path / "groups.csv"
    audit(folder, "--groups", path, "-q")
    rows = {row["id"]: row["group"] for row in csv.DictReader(path.open(encoding="utf-8"))}
    assert len(rows) == 9
    assert rows["Benign/smear-0001.jpg"] == rows["Pro/smear-9999.jpg"]
    audit(folder, "--set", f"data.groups={path}", "-q")


def test_html_is_one_file_with_pictures(audit, folder, tmp_path):
    """Of the images that are named."""
    page = tmp_path / "audit.html"
    audit(folder, "--html", page, "-q")
    text = page.read_text(encoding="utf-8")
    assert "smear-9999.jpg" in text
    assert "data:image/webp" in text


def test_a_second_data_set_is_compared_with_the_first(audit, folder, tmp_path):
    """The same patients in bluer light are unlike, in the table, the page with pictures and the exit code."""
    other = tmp_path / "blue"
    for path in sorted(folder.glob("*/*.jpg")):
        (other / path.parent.name).mkdir(parents=True, exist_ok=True)
        with Image.open(path) as image:
            light = np.asarray(image) * np.array([0.8, 0.9, 1.0])
        Image.fromarray(light.astype(np.uint8)).save(other / path.parent.name / path.name, quality=95)
    page = tmp_path / "page.html"

    out = audit(folder, other, "-q", "--html", page, "--strict", code=1).stdout
    assert "of B differs from A by" in out
    assert page.read_text().count("data:image/webp") > 4
    assert "B is not like A" in page.read_text()
    found = json.loads(audit(folder, other, "-q", "--json").stdout)
    findings = {finding["check"]: finding for finding in found["findings"]}
    assert set(findings) == {"stain_unlike", "scale_unlike", "sharpness_unlike", "content_unlike"}
    assert findings["stain_unlike"]["level"] == "fail"
    assert {row[1] for row in findings["stain_unlike"]["table"]["rows"]} == {"all", "Benign", "Pro"}
    same = json.loads(audit(folder, folder, "-q", "--json").stdout)
    assert {finding["level"] for finding in same["findings"]} <= {"ok", "skipped"}
    refused = audit(folder, other, "--groups", tmp_path / "g.csv", code=2).output
    assert "--groups takes one data set" in refused


def test_what_is_neither_is_refused_with_a_proposal(audit):
    """Exit code 2."""
    assert "did you mean 'smears'?" in audit("smaers", code=2).stderr
    said = audit("./nowhere", code=2).stderr
    assert "there is no data set, folder or file './nowhere'. Expected a folder with one folder" in said
    assert "or a recipe (.yaml, .yml, .json)" in said


@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_wider_than_the_terminal(audit, columns, monkeypatch):
    """Tables and bars fit."""
    monkeypatch.setattr("leukokit.cli._audit.make_console", lambda: _console(columns))
    out = audit("smears", *SMALL, *BARS, "-q", columns=columns).stdout
    assert max(map(len, out.splitlines())) <= columns


def _console(columns):
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, width=columns)


def test_names_from_outside_are_harmless(audit, tmp_path):
    """Escape sequences and markup in class and file names are not obeyed."""
    root = tmp_path / "odd"
    write_smears(root, per_class=3, size=96, classes=("Benign", "Pro"), patients=6)
    (root / "Pro").rename(root / "[red]\x1b[31mPro")
    shutil.copyfile(root / "Benign" / "smear-0001.jpg", root / "[red]\x1b[31mPro" / "smear-0009.jpg")
    out = audit(root, "-q").stdout
    assert "\x1b" not in out
    assert "[red]" in out
