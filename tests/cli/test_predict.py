"""``leukokit predict``: inputs, formats, going on after a stop, external validation, messages."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import leukokit
from leukokit.cli import main
from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.prediction.formats import lines_from_parquet
from leukokit.testing.images import disks
from tests.served import served

RECIPE = """
leukokit: 1
name: small
seed: 5
audit: {{enabled: false}}
data: {{use: folder, params: {{root: {root}}}}}
split: {{method: holdout, test: 0.25, validation: 0.25}}
segment: {{use: multi_otsu}}
features: [intensity, morphology]
classify: {{use: svm, params: {{C: 10}}}}
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pictures")
    for number, (name, cells) in enumerate((("few", 1), ("many", 4))):
        (root / name).mkdir()
        for i in range(20):
            image, _ = disks(seed=100 * number + i, size=96, cells=cells)
            Image.fromarray(image).save(root / name / f"{i:02d}.png")
    return root


@pytest.fixture(scope="module")
def run(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    (folder / "recipe.yaml").write_text(RECIPE.format(root=pictures))
    return leukokit.run(
        folder / "recipe.yaml", run_dir=folder / "run", cache=None, executor="inline", report=False
    ).path


def predict(*arguments: object, **options: object) -> Result:
    command = ["predict", *map(str, arguments)]
    return CliRunner().invoke(main, [*command, "--executor", "inline"], **options)  # type: ignore[arg-type]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_fresh_process_gives_the_probabilities_of_the_run(
    run: Path, pictures: Path, tmp_path: Path
) -> None:
    """A list on the standard input, rows on the standard output, and the summary beside them."""
    expected = FinishedRun.read(run).predictions
    assert expected is not None
    paths = expected["path"].tolist()
    done = subprocess.run(
        [sys.executable, "-m", "leukokit", "predict", run, "-", "--json"],
        input="\n".join([*paths, "", str(tmp_path / "missing.png")]),
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    found = rows(done.stdout)
    assert [row["image"] for row in found] == [*paths, str(tmp_path / "missing.png")]
    assert [float(row["p_few"]) for row in found[:-1]] == expected["p_few"].tolist()
    assert (found[-1]["status"], found[-1]["reason"]) == ("rejected", "unreadable")
    assert found[-1]["decision"] == found[-1]["p_few"] == ""
    summary = json.loads(done.stderr[done.stderr.index("{") :])
    assert summary["images"] == 21
    assert summary["rejected"] == {"unreadable": 1}
    assert sum(summary["decisions"].values()) == sum(summary["predicted"].values()) == 20
    assert summary["model"] == "small"


def test_folders_patterns_tables_and_formats_give_the_same_rows(
    run: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted(pictures.glob("few/*.png"))
    from_folder = rows(predict(run, pictures / "few").stdout)
    assert [row["image"] for row in from_folder] == [str(path) for path in files]
    pattern = predict(run, pictures / "few" / "0[0-4].png", pictures / "few" / "00.png")
    assert rows(pattern.stdout) == from_folder[:5]
    assert "1 image was named more than once" in pattern.stderr
    (pictures / "table.csv").write_text("path,label\nfew/00.png,few\nfew/01.png,few\n")
    of_table = rows(predict(run, pictures / "table.csv").stdout)
    assert [row["image"] for row in of_table] == ["few/00.png", "few/01.png"]
    assert [row["p_few"] for row in of_table] == [row["p_few"] for row in from_folder[:2]]
    for name in ("rows.csv", "rows.jsonl", "rows.parquet"):
        done = predict(run, pictures / "few", "--out", tmp_path / name, "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["table"] == str(tmp_path / name)
    lines = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    table = pd.read_parquet(tmp_path / "rows.parquet")
    written = rows((tmp_path / "rows.csv").read_text())
    assert written == from_folder
    assert [row["p_few"] for row in lines] == table["p_few"].tolist()
    assert [row["p_few"] for row in lines] == [float(row["p_few"]) for row in written]
    assert table["unlike_stain"].dtype == np.float64
    assert list(table.columns) == list(lines[0]) == list(written[0])
    assert not (tmp_path / "rows.parquet.part.jsonl").exists()
    quiet = predict(run, files[0], "--quiet")
    assert quiet.stderr == ""
    assert len(rows(quiet.stdout)) == 1


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.parquet"])
def test_a_table_that_was_stopped_is_continued(run: Path, pictures: Path, tmp_path: Path, name: str) -> None:
    """Cut in the middle of a row; what comes out is what one call gives."""
    whole = tmp_path / f"whole-{name}"
    predict(run, pictures, "--out", whole)
    table = tmp_path / name
    first = predict(run, pictures / "few", "--out", table)
    assert first.exit_code == 0
    lines = table
    if name.endswith(".parquet"):
        lines = tmp_path / f"{name}.part.jsonl"
        assert predict(run, pictures, "--out", table).exit_code == 0  # a finished one goes on, too
        assert table.read_bytes() == whole.read_bytes()
        lines_from_parquet(table, lines)
        table.unlink()
    content = lines.read_bytes()
    lines.write_bytes(content[: len(content) * 2 // 3])
    again = predict(run, pictures, "--out", table)
    assert again.exit_code == 0, again.output
    assert "rows are there already; going on" in again.stderr
    assert "40 images in" in again.stderr
    assert table.read_bytes() == whole.read_bytes()


@pytest.mark.slow
def test_killed_and_started_again(run: Path, pictures: Path, tmp_path: Path) -> None:
    """SIGKILL between two rows: nothing is lost or doubled."""
    listed = []
    for number in range(300):
        link = tmp_path / f"{number:03d}.png"
        link.symlink_to(pictures / ("few", "many")[number % 2] / f"{number % 20:02d}.png")
        listed.append(str(link))
    (tmp_path / "list.txt").write_text("\n".join(listed))
    command = [
        sys.executable,
        "-m",
        "leukokit",
        "predict",
        str(run),
        "-",
        "--out",
        "rows.csv",
    ]

    def started() -> subprocess.Popen[bytes]:
        with (tmp_path / "list.txt").open("rb") as file:
            return subprocess.Popen(command, stdin=file, cwd=tmp_path, stderr=subprocess.DEVNULL)

    process = started()
    until = time.monotonic() + 120
    while not (tmp_path / "rows.csv").exists() or not (tmp_path / "rows.csv").stat().st_size:
        assert time.monotonic() < until
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert started().wait(timeout=240) == 0
    assert [row["image"] for row in rows((tmp_path / "rows.csv").read_text())] == listed


def test_a_table_of_another_model_or_of_other_images_is_not_continued(
    run: Path, pictures: Path, tmp_path: Path
) -> None:
    table = tmp_path / "rows.csv"
    predict(run, pictures / "few", "--out", table)
    before = table.read_bytes()
    other = predict(run, pictures / "many", "--out", table)
    assert other.exit_code == 2
    assert "is about" in other.stderr
    assert "it was begun for other images. Name another file, or give --overwrite" in other.stderr
    origin = tmp_path / "rows.csv.origin.json"
    facts = json.loads(origin.read_text())
    origin.write_text(json.dumps(facts | {"model": "0" * 64, "name": "older"}))
    foreign = predict(run, pictures / "few", "--out", table)
    assert foreign.exit_code == 2
    assert "holds the predictions of another model (older)" in foreign.stderr
    origin.unlink()
    unknown = predict(run, pictures / "few", "--out", table)
    assert "no rows.csv.origin.json says which model wrote it" in unknown.stderr
    assert table.read_bytes() == before
    assert predict(run, pictures / "many", "--out", table, "--overwrite").exit_code == 0
    assert len(rows(table.read_text())) == 20


def test_external_validation(run: Path, pictures: Path, tmp_path: Path) -> None:
    """Folders named after the classes are labels, others are told; report and comparison take the folder."""
    other = tmp_path / "other"
    for name, label in (("few", "Few"), ("many", "many"), ("many", "blurred")):
        (other / label).mkdir(parents=True)
        for number in range(6):
            (other / label / f"{number}.png").write_bytes((pictures / name / f"0{number}.png").read_bytes())
    done = predict(run, other, "--run-dir", tmp_path / "external", "--out", tmp_path / "rows.csv")
    assert done.exit_code == 0, done.output
    assert (
        "6 images of 'blurred' cannot be scored: it is none of the model's classes, few, many" in done.stderr
    )
    assert "the label 'Few' is taken for the class 'few'" in done.stderr
    assert "on 12 labeled images" in done.stderr
    assert len(rows((tmp_path / "rows.csv").read_text())) == 18
    finished = FinishedRun.read(tmp_path / "external")
    test = finished.metrics.test
    assert test is not None
    assert test.n == 12
    assert test.confusion is not None
    assert test.calibration is not None
    assert test.intervals is not None
    assert finished.predictions is not None
    table = pd.read_csv(tmp_path / "rows.csv").set_index("image")
    scored = finished.predictions.set_index("path")
    assert np.array_equal(table.loc[scored.index, "p_few"], scored["p_few"])
    page = (tmp_path / "external" / "report.html").read_text()
    assert "external validation" in page
    assert "Audit the new images: leukokit audit FOLDER." in page
    assert "predict a table with the columns path, label and group" in page
    assert "Run again with" not in page, "there is no recipe to run again"
    report = CliRunner().invoke(main, ["report", str(tmp_path / "external")])
    assert report.exit_code == 0, report.output
    compared = CliRunner().invoke(main, ["compare", str(tmp_path / "external"), str(tmp_path / "external")])
    assert compared.exit_code == 0, compared.output
    again = predict(run, other, "--run-dir", tmp_path / "external", "--out", tmp_path / "more.csv")
    assert again.exit_code == 1
    assert "holds a finished run" in again.stderr
    none = predict(run, other / "blurred", "--run-dir", tmp_path / "none")
    assert none.exit_code == 2
    assert "a validation needs labels, and no image has one" in none.stderr
    without = predict(run, other, "--labels", "none", "--run-dir", tmp_path / "none")
    assert "--run-dir scores by labels" in without.stderr


def test_urls_and_groups_of_a_table(run: Path, pictures: Path, tmp_path: Path) -> None:
    """A URL gives what its file gives, a table of Excel too; intervals count patients, not images."""
    pytest.importorskip("aiohttp")
    names = [f"{label}/{number:02d}.png" for label in ("few", "many") for number in range(4)]
    lines = [f"{name};{name[:3]};p{number // 2}" for number, name in enumerate(names)]
    of_files = rows(predict(run, *(pictures / name for name in names)).stdout)
    with served(pictures) as url:
        of_urls = rows(predict(run, *(f"{url}/{name}" for name in names), f"{url}/none.png").stdout)
        (pictures / "by_url.csv").write_text(
            "\n".join(["path;label;group", *lines]).replace(";man;", ";many;")
        )
        done = predict(run, f"{url}/by_url.csv", "--run-dir", tmp_path / "external")
    assert [row["image"] for row in of_urls] == [*(f"{url}/{name}" for name in names), f"{url}/none.png"]
    assert [row["p_few"] for row in of_urls[:-1]] == [row["p_few"] for row in of_files]
    assert (of_urls[-1]["status"], of_urls[-1]["reason"]) == ("rejected", "unreadable")
    assert done.exit_code == 0, done.output
    finished = FinishedRun.read(tmp_path / "external")
    assert finished.split is not None
    assert sorted(set(finished.split["group"])) == ["p0", "p1", "p2", "p3"]
    assert finished.metrics.test is not None
    assert finished.metrics.test.n == 8
    assert finished.metrics.test.intervals is not None
    assert finished.metrics.test.intervals.groups == 4


@pytest.mark.slow  # a cluster is started
def test_dask_gives_the_same_rows(run: Path, pictures: Path, tmp_path: Path) -> None:
    """In a process of its own, as users start it."""
    pytest.importorskip("distributed")
    expected = predict(run, pictures / "few").stdout
    command = ["predict", run, pictures / "few", "--executor", "dask", "--workers", "2"]
    done = subprocess.run(
        [sys.executable, "-m", "leukokit", *map(str, command)], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected


def test_images_unlike_the_training_data_are_told_with_what_follows(
    run: Path, pictures: Path, tmp_path: Path
) -> None:
    """In what they differ, and that the run's scores say nothing of them."""
    for i in range(3):
        pixels = np.asarray(Image.open(pictures / "few" / f"{i:02d}.png"))
        Image.fromarray(255 - pixels).save(tmp_path / f"{i}.png")
    done = predict(run, tmp_path, "--out", tmp_path / "rows.csv")
    told = " ".join(done.stderr.split())
    assert "3 unlike the training data" in told
    assert "stain 3" in told.split("unlike in: ")[1]
    assert "Most images are unlike the training data: the scores of the run say nothing of them." in told
    again = json.loads(predict(run, tmp_path, "--out", tmp_path / "rows.csv", "--json").stdout)
    assert again["unlike_in"]["stain"] == 3, "counted from the rows of the file, too"
    known = predict(run, pictures / "few").stderr
    assert "Most images" not in known


def test_a_folder_that_holds_no_model_says_which_to_name(run: Path, pictures: Path, tmp_path: Path) -> None:
    """The newest run of a folder of runs; why a run that did not end has none."""
    image = pictures / "few" / "00.png"
    around = predict(run.parent, image)
    assert around.exit_code == 2
    assert f"It holds 1 run: name one; the newest is {run}" in " ".join(around.stderr.split())
    recipe = tmp_path / "failing.yaml"
    recipe.write_text(RECIPE.format(root=tmp_path / "broken"))
    for name in ("few", "many"):
        (tmp_path / "broken" / name).mkdir(parents=True)
        for number in range(4):
            (tmp_path / "broken" / name / f"{number}.png").write_text(f"no picture {name} {number}")
    failing = ["run", recipe, "--run-dir", tmp_path / "failed", "--no-cache", "--executor", "inline"]
    assert CliRunner().invoke(main, [*map(str, failing), "--no-report"]).exit_code != 0
    failed = predict(tmp_path / "failed", image)
    assert failed.exit_code == 2
    assert "this run did not end and has no model (failed: " in " ".join(failed.stderr.split())
    assert "Run its recipe again" in failed.stderr


def test_wrong_input_says_what_to_do(run: Path, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "bad.csv").write_text("file\n1.png\n")
    (tmp_path / "urls.csv").write_text("path\nhttp://127.0.0.1/1.png\n")
    image = pictures / "few" / "00.png"
    cases: list[tuple[list[object], int, str]] = [
        ([tmp_path / "runs", image], 2, "there is no such run directory or folder of a model"),
        ([run.parent / "rum", image], 2, f"Did you mean {run}?"),
        ([tmp_path / "empty", image], 2, "there is no fitted pipeline: no pipeline.json"),
        ([run, tmp_path / "empty"], 2, "there is no image in this folder"),
        ([run, pictures / "feww"], 2, f"Did you mean {pictures / 'few'}?"),
        ([run, pictures / "*.png"], 2, "no file matches this pattern"),
        ([run, tmp_path / "bad.csv"], 2, "bad.csv: 1 bad entry: line 2: file 1.png is not there"),
        ([run, tmp_path / "urls.csv"], 2, "To predict, write paths that begin at the folder or URL of the"),
        ([run, tmp_path / "text.png"], 1, "every one of 1 images was rejected (not_an_image)"),
        ([run, image, tmp_path / "text.png", "--max-rejected", 0], 3, "more than --max-rejected 0"),
        (
            [run, image, "--out", tmp_path / "rows.xls"],
            2,
            "the extension '.xls' names no format. End it in .csv",
        ),
        ([run, image, "--format", "parquet"], 2, "Parquet cannot be written row by row"),
        ([run, image, "--overwrite"], 2, "--overwrite is for --out FILE"),
        ([run, "-", image], 2, "'-' reads all paths from the standard input"),
        ([run, "-"], 2, "the list of images is empty"),
        ([run, image, "--scheduler", "tcp://x"], 2, "--scheduler is for --executor dask"),
    ]
    for arguments, code, message in cases:
        done = predict(*arguments, input="")  # one line: wrapped text would hide a message
        assert done.exit_code == code, (arguments, done.output)
        assert message in " ".join(done.stderr.split()), (arguments, done.stderr)
