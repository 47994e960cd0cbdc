"""``leukokit compare``: on runs that were really made, in a process of its own, and on what it refuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from rich.console import Console

from leukokit.cli import main
from leukokit.testing.images import disks
from tests.warm_command import run_command

RECIPE = """
leukokit: 1
name: {name}
seed: 5
data: {{use: folder, params: {{root: {root}}}}}
split: {{method: holdout, test: {test}, validation: 0.2}}
features: [{features}]
classify: {{use: {classify}}}
"""

Compare = Callable[..., Result]


def leukokit(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    environment = {**os.environ, "LEUKOKIT_CACHE": str(folder / "cache"), "COLUMNS": "80"}
    return run_command([*map(str, arguments)], cwd=folder, env=environment, timeout=240)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make three runs on pictures that hardly differ: two on the same split, `third` on another."""
    folder = tmp_path_factory.mktemp("compare")
    for number, label in enumerate(("benign", "leukemia")):
        (folder / "images" / label).mkdir(parents=True)
        for i in range(24):
            image, _ = disks(seed=100 * number + i, size=64, cells=2 + number)
            Image.fromarray(image).save(folder / "images" / label / f"{i:02d}.png")
    for name, features, classify, test in (
        ("one", "intensity", "knn", 0.5),
        ("other", "intensity, {use: color_statistics, params: {regions: [image]}}", "decision_tree", 0.5),
        ("third", "intensity", "knn", 0.25),
    ):
        recipe = folder / f"{name}.yaml"
        recipe.write_text(
            RECIPE.format(name=name, root=folder / "images", features=features, classify=classify, test=test)
        )
        done = leukokit(folder, "run", recipe.name, "--run-dir", f"runs/{name}", "--workers", 1, "-q")
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def copied(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the runs, for a test to damage, and go there."""
    shutil.copytree(made / "runs", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def compare() -> Compare:
    """Call the command."""
    return lambda *arguments: CliRunner().invoke(main, ["compare", *map(str, arguments)])


def test_two_real_runs_are_compared(made: Path) -> None:
    """From recipe to verdict as users do it: what was compared, scores, tests, changes, recipes, cost."""
    done = leukokit(made, "compare", "runs/one", "runs/other")
    assert done.returncode == 0, done.stderr
    out = done.stdout
    assert out.startswith("Compared on the same 24 test images; A is the baseline.\n")
    assert "A  one  runs/one" in out
    for text in ("accuracy", "macro F1", "AUC one-vs-one", "95 % interval", "McNemar, exact", "DeLong"):
        assert text in out
    assert "Holm's adjustment is over the 2 tests of images in this comparison." in out
    assert "features.color_statistics" in out
    assert "seconds, whole run" in out
    assert out.rstrip().endswith("Research use only. Not a medical device.")
    assert "\x1b" not in out


def test_json_holds_the_numbers_of_the_runs(made: Path) -> None:
    """Scores are those of metrics.json; nothing but JSON on stdout."""
    done = leukokit(made, "compare", "runs/one", "runs/other", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["n"] == 24
    for run in found["runs"]:
        metrics = json.loads((made / run["path"] / "metrics.json").read_text())["test"]
        for name, value in run["scores"].items():
            assert value == pytest.approx(metrics[name], abs=1e-9)
        assert run["cost"]["seconds"] > 0
        assert run["cost"]["model_bytes"] > 0
    assert [each["path"] for each in found["pairs"][0]["recipe"]] == [
        "classify",
        "features.color_statistics",
        "name",
    ]


def test_other_test_images_are_refused(copied: Path, compare: Compare) -> None:
    """Exit code 2, nothing on stdout, and what to do."""
    done = compare("runs/one", "runs/third")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "the runs tested different images: 24 in A, 12 in B" in done.stderr
    assert "split.test is 0.5 in A and 0.25 in B" in done.stderr
    assert "--common" in done.stderr


def test_common_compares_on_what_both_tested(copied: Path, compare: Compare) -> None:
    """And warns of what is left out."""
    done = compare("runs/one", "runs/third", "--common", "--json")
    assert done.exit_code == 0, done.output
    tables = [pd.read_csv(f"runs/{name}/predictions.csv") for name in ("one", "third")]
    ids = [set(table["id"][table["part"] == "test"]) for table in tables]
    assert json.loads(done.stdout)["n"] == len(ids[0] & ids[1]) > 0
    shown = compare("runs/one", "runs/third", "--common")
    assert "left out: " in shown.stderr


def test_validation_is_compared_where_asked_for(copied: Path, compare: Compare) -> None:
    """The part is named."""
    done = compare("runs/one", "runs/other", "--part", "validation")
    assert done.exit_code == 0, done.output
    assert "validation images" in done.stdout


def test_a_run_that_did_not_end_is_refused(copied: Path, compare: Compare) -> None:
    """So are no run, one run, and a run without predictions."""
    (copied / "runs" / "other" / "status.json").unlink()
    (copied / "runs" / "third" / "predictions.csv").unlink()
    for arguments, message in (
        (("runs/one", "runs/other"), "did not end"),
        (("runs/one", "runs/third"), "classified nothing"),
        (("runs/one", "runs/nowhere"), "there is no such run directory"),
        (("runs/one",), "comparing needs two or more"),
        ((), "comparing needs two or more"),
    ):
        done = compare(*arguments)
        assert done.exit_code == 2
        assert message in done.stderr


def test_the_same_run_twice_is_warned_of(copied: Path, compare: Compare) -> None:
    """And compared all the same."""
    done = compare("runs/one", "runs/one")
    assert done.exit_code == 0
    assert "warning: A and B are the same run directory" in done.stderr
    assert "A and B predict the same for every image" in done.stdout.replace("\n", " ")
    assert "Every image is judged the same." in done.stdout
    assert "The recipes are the same." in done.stdout


def turned(path: Path, count: int) -> list[str]:
    """Turn the first predictions of the test part around; return the ids."""
    table = pd.read_csv(path / "predictions.csv")
    rows = table.index[table["part"] == "test"][:count]
    columns = ["p_benign", "p_leukemia"]
    table.loc[rows, columns] = table.loc[rows, columns[::-1]].to_numpy()
    table["predicted"] = np.array(["benign", "leukemia"])[table[columns].to_numpy().argmax(axis=1)]
    table.to_csv(path / "predictions.csv", index=False)
    return table.loc[rows, "id"].tolist()


def test_changed_images_are_listed_up_to_a_limit(copied: Path, compare: Compare) -> None:
    """Twenty where nothing is said; all, or as many as said."""
    shutil.copytree("runs/one", "runs/turned")
    ids = turned(copied / "runs" / "turned", 23)
    for options, shown in (
        ((), 20),
        (("--changed", "all"), 23),
        (("--changed", "3"), 3),
        (("--changed", "0"), 0),
    ):
        done = compare("runs/one", "runs/turned", *options)
        assert done.exit_code == 0, done.output
        assert sum(f" {name} " in done.stdout for name in ids) == shown
        assert ("more: --changed all lists them" in done.stdout) == (shown < 23)
    refused = compare("runs/one", "runs/turned", "--changed", "few")
    assert refused.exit_code == 2
    assert "'few' is neither 'all' nor a number of 0 or more" in refused.stderr


def test_all_pairs_prints_every_pair(copied: Path, compare: Compare) -> None:
    """The first is the baseline of all where nothing is said."""
    shutil.copytree("runs/one", "runs/turned")
    turned(copied / "runs" / "turned", 5)
    runs = ("runs/one", "runs/other", "runs/turned")
    assert "C against B" not in compare(*runs).stdout
    done = compare(*runs, "--all-pairs")
    for title in ("B against A", "C against A", "C against B"):
        assert title in done.stdout


def test_hostile_names_do_no_harm(copied: Path, compare: Compare) -> None:
    """Escapes and markup in ids, classes and recipes are shown, not obeyed."""
    evil = "[red]\x1b[31mx\u202e\x07"
    for name in ("one", "other"):
        path = copied / "runs" / name
        for file in ("predictions.csv", "split.csv"):
            text = (
                (path / file).read_text().replace("benign/", f"{evil}/").replace("leukemia", f"{evil}kemia")
            )
            (path / file).write_text(text)
        recipe = json.loads((path / "resolved.json").read_text())
        recipe["classify"]["params"][evil] = name
        (path / "resolved.json").write_text(json.dumps({**recipe, "name": evil + name}))
    turned_rows = pd.read_csv("runs/one/predictions.csv")
    assert any(evil in name for name in turned_rows["id"])
    done = compare("runs/one", "runs/other", "--changed", "all")
    assert done.exit_code == 0, done.output
    for bad in ("\x1b", "\x07", "\u202e"):
        assert bad not in done.stdout
    assert "[red]x\\u202e\\x07" in done.stdout


def test_a_section_that_is_none_is_refused_without_harm(copied: Path, compare: Compare) -> None:
    """Its name is shown without escapes; sections of other kinds hold components."""
    path = copied / "runs" / "one" / "resolved.json"
    recipe = json.loads(path.read_text())
    path.write_text(json.dumps({**recipe, "[red]\x1b[31mx\u202e\x07": "one"}))
    done = compare("runs/one", "runs/other")
    assert done.exit_code == 1
    assert "resolved.json: has another form than leukokit writes: [red]x\\u202e\\x07" in done.stderr.replace(
        "\n", " "
    )
    for bad in ("\x1b", "\x07", "\u202e"):
        assert bad not in done.stderr


def test_it_reads_well_at_80_columns(copied: Path, compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is longer; no table is cut."""
    monkeypatch.setattr(
        "leukokit.cli._compare_text.console",
        lambda: Console(width=80, highlight=False, markup=False, emoji=False, no_color=True),
    )
    done = compare("runs/one", "runs/other")
    assert done.exit_code == 0, done.output
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "…" not in done.stdout


def test_synthetic_runs_carry_their_stamp(copied: Path, compare: Compare) -> None:
    """Above everything."""
    for name in ("one", "other"):
        path = copied / "runs" / name / "status.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "synthetic": True}))
    done = compare("runs/one", "runs/other")
    assert "SYNTHETIC SMEARS, NOT REAL DATA" in done.stdout.split("Compared on")[0]
    assert "synthetic smears and the other on real" in compare("runs/one", "runs/third").stderr
