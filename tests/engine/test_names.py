"""Names that are no plain text go through a whole run: every file of it holds them in one form."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from leukokit.testing.images import disks

Leukokit = Callable[..., "subprocess.CompletedProcess[str]"]

CLASSES = {
    b"b\xffd": "b\\xffd",
    b"nan": "nan",
    "\u202ertl|`[x](y)".encode(): "\\u202ertl|`[x](y)",
    "細胞".encode(): "細胞",
    b"=cmd()": "=cmd()",
    b"\x1b[31m<script>": "\\x1b[31m<script>",
}
"""Name of each class folder, and the class as files of the run hold it."""


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Six classes of odd names, eight pictures each, with one file a class that is no picture."""
    root = tmp_path / "odd"
    for number, name in enumerate(CLASSES):
        folder = root / os.fsdecode(name)
        folder.mkdir(parents=True)
        for i in range(8):
            image, _ = disks(seed=100 * number + i, size=96, cells=number + 1)
            with (folder / os.fsdecode(b"\xfa%02d.png" % i)).open("wb") as file:
                Image.fromarray(image).save(file, "PNG")
        (folder / os.fsdecode(b"bad\xff.jpg")).write_bytes(b"no picture of " + name)
    return root


def test_odd_names_work_from_folder_to_report(odd: Path, recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    """Run, report, comparison, and a second run from the split file of the first."""
    arguments = ("run", recipe, "--set", f"data.params.root={odd}", "--set", "audit.enabled=true")
    done = cli(*arguments, "--run-dir", "out", report=True)
    assert done.returncode == 0, done.stderr
    assert "unexpected" not in done.stderr
    assert "missing from" not in done.stderr  # no font has all letters: boxes, without a warning for each
    rejected = pd.read_csv(tmp_path / "out" / "rejected.csv", keep_default_na=False)
    assert set(rejected["reason"]) == {"not_an_image"}
    assert len(rejected) == len(CLASSES)
    predictions = pd.read_csv(tmp_path / "out" / "predictions.csv", keep_default_na=False)
    assert set(predictions["true"].str.removeprefix("'")) == set(CLASSES.values())
    assert not predictions["id"].str.match(r"[=+\-@]").any()
    assert {f"p_{name}" for name in CLASSES.values()} <= set(predictions.columns)

    assert cli("report", "out").returncode == 0
    compared = cli("compare", "out", "out")
    assert compared.returncode == 0, compared.stderr
    split = f"split={{method: file, path: {tmp_path / 'out' / 'split.csv'}}}"
    again = cli(*arguments, "--set", split, "--run-dir", "again")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again" / "predictions.csv").read_bytes() == (
        tmp_path / "out" / "predictions.csv"
    ).read_bytes()


def test_no_control_character_reaches_a_text_of_the_run(
    odd: Path, recipe: Path, cli: Leukokit, tmp_path: Path
) -> None:
    """Neither escape sequences for a terminal, nor marks that turn text around, nor HTML from a name."""
    done = cli("run", recipe, "--set", f"data.params.root={odd}", "--run-dir", "out", report=True)
    assert done.returncode == 0, done.stderr
    assert not {"\x1b", "\u202e"} & set(done.stdout + done.stderr)
    for name in ("predictions.csv", "rejected.csv", "split.csv", "model/model_card.md"):
        text = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert not {"\x1b", "\u202e"} & set(text), name
    card = (tmp_path / "out" / "model" / "model_card.md").read_text(encoding="utf-8")
    assert "<script>" not in card
    assert "rtl\\|\\`\\[x\\](y)" in card
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "[31m<script>" not in page


def test_a_label_nan_is_a_class_and_no_missing_value(recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    """Classes that pandas takes for missing values where it is not told otherwise."""
    for number, name in enumerate(("nan", "NA", "None", "null")):
        (tmp_path / "missing" / name).mkdir(parents=True)
        for i in range(8):
            image, _ = disks(seed=50 * number + i, size=96, cells=number + 1)
            Image.fromarray(np.asarray(image)).save(tmp_path / "missing" / name / f"{i}.png")
    root = f"data.params.root={tmp_path / 'missing'}"
    done = cli("run", recipe, "--set", root, "--run-dir", "out")
    assert done.returncode == 0, done.stderr
    compared = cli("compare", "out", "out", "--json")
    assert compared.returncode == 0, compared.stderr
    split = f"split={{method: file, path: {tmp_path / 'out' / 'split.csv'}}}"
    again = cli("run", recipe, "--set", root, "--set", split, "--run-dir", "again")
    assert again.returncode == 0, again.stderr
    text = (tmp_path / "out" / "predictions.csv").read_text()
    assert text == (tmp_path / "again" / "predictions.csv").read_text()
    assert set(pd.read_csv(tmp_path / "out" / "split.csv", keep_default_na=False)["label"]) == {
        "nan",
        "NA",
        "None",
        "null",
    }
