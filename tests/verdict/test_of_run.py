"""The verdict of real runs: the last lines, verdict.json, the report and the exit code of --strict agree."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from leukokit.engine.finished_run import FinishedRun
from leukokit.record.files import VERDICT
from leukokit.report.html import render_run
from leukokit.verdict.of_run import evidence_of, verdict_of
from tests.warm_command import run_command

QUICKSTART = Path(__file__).parents[2] / "recipes" / "quickstart.yaml"
SMALL = (
    *("--set", "data.params={per_class: 10, patients: 16}", "--set", "features=[intensity]"),
    *("--set", "preprocess=[]", "--set", "segment=null", "--set", "select=null", "--set", "explain=[]"),
)


def leukokit(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "LEUKOKIT_CACHE": str(folder / "cache")}
    return run_command([*map(str, arguments)], cwd=folder, env=environment)


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run a small quickstart: its run directory, and what it printed into a pipe at 80 columns."""
    folder = tmp_path_factory.mktemp("quickstart")
    done = leukokit("run", QUICKSTART, *SMALL, "--run-dir", folder / "run", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run", done.stdout


def test_the_last_lines_tell_the_verdict(quickstart: tuple[Path, str]) -> None:
    """Question, answer, confusion, level, reasons, next steps, report: plain text within 80 columns."""
    run, printed = quickstart
    assert "\x1b" not in printed
    lines = [line.rstrip() for line in printed.splitlines()]
    last = lines[next(i for i, line in enumerate(lines) if line.startswith("Question")) :]
    told = last[: next(i for i, line in enumerate(last) if line.startswith("report: "))]
    assert max(map(len, told)) <= 80
    heads = [line.split()[0] for line in told if line and not line.startswith(" ")]
    assert [head for head in heads if head != "Note"] == [
        "Question",
        "Answer",
        "Confusion",
        "Verdict",
        "Next",
    ]
    words = " ".join(" ".join(told).split())
    verdict = VERDICT.read(run)
    for sentence in (verdict.question, verdict.answer, verdict.confusion, *verdict.notes, *verdict.next):
        assert sentence in words
    assert "Verdict [?] CANNOT TELL - the images are rendered" in words
    assert last[-3] == f"report: {run / 'report.html'}"
    assert last[-2] == f"run directory: {run}"
    assert last[-1] == "Research use only. Not a medical device."


def test_the_file_and_the_report_agree(quickstart: tuple[Path, str], tmp_path: Path) -> None:
    """verdict.json holds codes; the report shows its sentences; a run without the file gets the same."""
    run, _ = quickstart
    verdict = VERDICT.read(run)
    codes = {reason.code for reason in verdict.reasons}
    assert verdict.level == "cannot tell"
    assert {"synthetic", "tested", "no_leak"} <= codes
    assert "groups_unnamed" not in codes, "groups of rendered smears are patients"
    page = (run / "report.html").read_text("utf-8")
    for sentence in (verdict.question, verdict.answer, *verdict.next):
        assert sentence.replace("'", "&#39;") in page
    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / "verdict.json").unlink()
    assert verdict_of(FinishedRun(copy)) == verdict
    assert verdict.answer in render_run(FinishedRun(copy))


def test_patients_are_counted_from_the_split(quickstart: tuple[Path, str]) -> None:
    """Groups of the tested part, by class, none of them elsewhere."""
    run, _ = quickstart
    kept = evidence_of(FinishedRun(run)).separation
    split = pd.read_csv(run / "split.csv")
    tested = split[split["part"] == "test"]
    assert kept.kind == "patient"
    assert kept.groups == tested["group"].nunique()
    assert kept.by_class == tested.groupby("label")["group"].nunique().to_dict()
    assert (kept.shared, kept.ungrouped, kept.blocks) == (0, 0, False)


@pytest.mark.slow
def test_a_fault_of_the_data_is_told_everywhere(tmp_path: Path) -> None:
    """Scale bars by class and a random split of few patients: do not trust, and --strict ends with 1."""
    done = leukokit(
        *("run", QUICKSTART, "--json", "--strict", "--run-dir", tmp_path / "run"),
        *("--set", "data.params={per_class: 25, patients: 12, scale_bars: by_class}", "--set", "explain=[]"),
        *("--set", "split={method: kfold, folds: 3, by: random}"),
        folder=tmp_path,
    )
    assert done.returncode == 1
    verdict = json.loads(done.stdout)["verdict"]
    assert verdict["level"] == "do not trust"
    assert {"patients_shared", "audit_fails"} <= {reason["code"] for reason in verdict["reasons"]}
    assert "--strict: do not trust this run: " in done.stderr
    assert verdict["reasons"][0]["text"] in done.stderr


def test_own_images_are_called_by_their_folder(quickstart: tuple[Path, str], tmp_path: Path) -> None:
    """Not by the name of the data set, which is ``folder`` for all of them."""
    run = shutil.copytree(quickstart[0], tmp_path / "run")
    resolved = json.loads((run / "resolved.json").read_text())
    resolved["data"] |= {"use": "folder", "params": {"root": "/smears/my_images"}}
    (run / "resolved.json").write_text(json.dumps(resolved))
    made = json.loads((run / "provenance.json").read_text()) | {"synthetic": False}
    (run / "provenance.json").write_text(json.dumps(made))
    assert evidence_of(FinishedRun.read(run)).data_set == "my_images"
