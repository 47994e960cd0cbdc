"""Whatever an image, a plugin or the machine does, the run says so and the rest goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psutil
import pytest
from PIL import Image

Leukokit = Callable[..., "subprocess.CompletedProcess[str]"]
Mark = Callable[[Path], None]

BAD = ("few/03.png", "many/07.png")


def rejected(run: Path) -> pd.DataFrame:
    return pd.read_csv(run / "rejected.csv").set_index("id")


def test_ten_damaged_images_are_ten_rows(copied: Path, recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    """Ten damaged files among good ones: ten rows that say why, and exit code 0."""
    for i in range(10):
        path = copied / ("few" if i % 2 else "many") / f"bad-{i}.jpg"
        Image.open(copied / "few" / "00.png").save(path, quality=90)
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * (30 + 6 * i) // 100])
    done = cli("run", recipe, "--run-dir", "out")
    assert done.returncode == 0, done.stderr
    table = rejected(tmp_path / "out")
    assert len(table) == 10
    assert set(table["reason"]) == {"damaged"}
    assert set(table["stage"]) == {"read"}
    assert "10 images were rejected" in done.stderr


def test_more_than_allowed_is_exit_code_3(copied: Path, recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    """`max_rejected` decides between 0 and 3; the run is finished either way."""
    for name in ("few", "many"):  # empty files are no picture, so two of them are not the same one
        (copied / name / "bad.png").write_bytes(b"")
    arguments = ("run", recipe, "--set")
    assert cli(*arguments, "max_rejected=2").returncode == 0
    done = cli(*arguments, "max_rejected=0", "--run-dir", "out")
    assert done.returncode == 3
    assert "more than max_rejected: 0" in done.stderr
    assert json.loads((tmp_path / "out" / "status.json").read_text())["exit_code"] == 3


@pytest.mark.parametrize(
    ("mode", "stage", "reason", "detail"),
    [
        ("raise", "preprocess:faulty/step", "plugin_error", "RuntimeError: this plugin cannot cope"),
        ("segfault", "worker", "worker_died", "SIGSEGV"),
        pytest.param("exit", "worker", "worker_died", "exit code 7", marks=pytest.mark.slow),
        pytest.param("hang", "worker", "timeout", "took longer than 8 s", marks=pytest.mark.slow),
        pytest.param("memory", "preprocess:faulty/step", "out_of_memory", "no more", marks=pytest.mark.slow),
        ("shape", "preprocess:faulty/step", "plugin_error", "promised the same"),
        pytest.param("dtype", "preprocess:faulty/step", "plugin_error", "uint8", marks=pytest.mark.slow),
        ("write", "preprocess:faulty/step", "plugin_error", "read-only"),
        pytest.param("nothing", "preprocess:faulty/step", "plugin_error", "uint8", marks=pytest.mark.slow),
    ],
)
def test_a_plugin_that_breaks_costs_its_images_only(
    mark: Mark,
    copied: Path,
    recipe: Path,
    cli: Leukokit,
    tmp_path: Path,
    mode: str,
    stage: str,
    reason: str,
    detail: str,
) -> None:
    """Raising, crashing, hanging or lying: image, stage and reason are named, the others finish."""
    for name in BAD:
        mark(copied / name)
    recipe.write_text(
        recipe.read_text().replace(
            "preprocess: [", f"preprocess: [{{use: faulty/step, params: {{mode: {mode}}}}}, "
        )
    )
    arguments = ("run", recipe, "--run-dir", "out", "--workers", 2, "--timeout", 8 if mode == "hang" else 60)
    done = cli(*arguments)
    assert done.returncode == 0, done.stderr
    table = rejected(tmp_path / "out")
    assert set(table.index) == set(BAD)
    assert set(table["stage"]) == {stage}
    assert set(table["reason"]) == {reason}
    assert all(detail in text for text in table["detail"])
    if mode in ("raise", "write"):
        tracebacks = list((tmp_path / "out" / "tracebacks").iterdir())
        assert len(tracebacks) == 2
        assert "Traceback" in tracebacks[0].read_text()
    assert len(pd.read_parquet(tmp_path / "out" / "features.parquet")) == 38


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        ("nan", "feature faulty_mean is NaN"),
        pytest.param("inf", "feature faulty_mean is inf", marks=pytest.mark.slow),
        pytest.param("1e308", "feature faulty_mean is 1e+308", marks=pytest.mark.slow),
        ("misnamed", "missing ['faulty_mean'], unexpected ['faulty_meen']"),
    ],
)
def test_numbers_that_are_none_name_feature_and_image(
    mark: Mark, copied: Path, recipe: Path, cli: Leukokit, tmp_path: Path, value: str, detail: str
) -> None:
    """NaN, infinity, overflow and wrong names stop at the border."""
    for name in BAD:
        mark(copied / name)
    extractor = f"features: [{{use: faulty/value, params: {{value: {value!r}}}}}, "
    text = recipe.read_text().replace("[{use: median, params: {size: 3}}]", "[]")  # it would blur the mark
    recipe.write_text(text.replace("features: [", extractor))
    done = cli("run", recipe, "--run-dir", "out")
    assert done.returncode == 0, done.stderr
    table = rejected(tmp_path / "out")
    assert set(table.index) == set(BAD)
    assert all(detail in text for text in table["detail"])


def test_a_run_without_one_good_image_fails(copied: Path, recipe: Path, cli: Leukokit) -> None:
    """Exit code 1, naming the reasons and the file that lists them."""
    for path in copied.rglob("*.png"):
        path.write_text(f"no image {path}")
    done = cli("run", recipe, "--run-dir", "out")
    assert done.returncode == 1
    assert "every one of 40 images was rejected (not_an_image)" in done.stderr
    assert "rejected.csv" in done.stderr


def test_one_picture_in_two_classes_names_both(copied: Path, recipe: Path, cli: Leukokit) -> None:
    """The same bytes under two labels are refused before anything runs."""
    shutil.copy(copied / "few" / "01.png", copied / "many" / "copy.png")
    done = cli("run", recipe)
    assert done.returncode == 2
    assert "01.png" in done.stderr
    assert "copy.png" in done.stderr


def test_one_text_file_in_two_classes_is_two_rejected_rows(
    copied: Path, recipe: Path, cli: Leukokit, tmp_path: Path
) -> None:
    """Equal bytes that are no picture are not the same picture."""
    for name in ("few", "many"):
        (copied / name / "junk.jpg").write_text("no picture")
    done = cli("run", recipe, "--run-dir", "out")
    assert done.returncode == 0, done.stderr
    table = rejected(tmp_path / "out")
    assert table["reason"].to_dict() == {"few/junk.jpg": "not_an_image", "many/junk.jpg": "not_an_image"}


def test_a_turned_copy_in_another_class_is_told_and_stops_a_strict_run(
    copied: Path, recipe: Path, cli: Leukokit, tmp_path: Path
) -> None:
    """Its bytes differ, so that only the audit can see it; the results stay for whoever wants to look."""
    with Image.open(copied / "few" / "01.png") as image:
        image.transpose(Image.Transpose.ROTATE_90).save(copied / "many" / "turned.png")
    arguments = ("run", recipe, "--set", "audit.enabled=true", "--run-dir")
    done = cli(*arguments, "out")
    assert done.returncode == 0, done.stderr
    assert "two labels" in done.stdout
    strict = cli(*arguments, "strict", "--strict")
    assert strict.returncode == 1
    assert "--strict: do not trust this run: " in strict.stderr
    assert "two labels" in strict.stderr
    assert (tmp_path / "strict" / "status.json").exists()


def test_a_strict_run_without_an_audit_is_refused(recipe: Path, cli: Leukokit) -> None:
    done = cli("run", recipe, "--strict")
    assert done.returncode == 1
    assert "has no audit" in done.stderr


def test_copies_land_in_one_part(copied: Path, recipe: Path, cli: Leukokit, tmp_path: Path) -> None:
    """Byte-identical pictures of one class count as one group wherever the split is drawn."""
    for i in range(6):
        shutil.copy(copied / "few" / "01.png", copied / "few" / f"copy-{i}.png")
    assert cli("run", recipe, "--run-dir", "out").returncode == 0
    split = pd.read_csv(tmp_path / "out" / "split.csv").set_index("id")["part"]
    assert split[[name for name in split.index if "copy-" in name] + ["few/01.png"]].nunique() == 1


def start(recipe: Path, environment: dict[str, str], folder: Path, *extra: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "leukokit", "run", str(recipe), "--workers", "2", *extra]
    # A shell starts what runs behind "&" with SIGINT ignored, and children inherit that: tests started so
    # would send an interrupt that nothing hears. With a handler set here the child begins with the default.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            command, cwd=folder, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)


def wait_for_children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Wait until workers are up, and give every process that belongs to the run."""
    for _ in range(300):
        family = psutil.Process(process.pid).children(recursive=True)
        if len(family) >= 3:
            return family
        time.sleep(0.1)
    raise AssertionError("the workers did not start")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_a_stopped_run_leaves_no_process(
    mark: Mark,
    copied: Path,
    recipe: Path,
    environment: dict[str, str],
    tmp_path: Path,
    number: signal.Signals,
    code: int,
) -> None:
    """SIGINT ends with 130 and SIGTERM with 143, within seconds, workers included."""
    mark(copied / BAD[0])
    text = recipe.read_text()
    recipe.write_text(
        text.replace("preprocess: [", "preprocess: [{use: faulty/step, params: {mode: hang}}, ")
    )
    process = start(recipe, environment, tmp_path, "--run-dir", "out")
    family = wait_for_children(process)
    time.sleep(1)
    process.send_signal(number)
    started = time.monotonic()
    process.communicate(timeout=30)
    assert process.returncode == code
    assert time.monotonic() - started < 5
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    assert not (tmp_path / "out" / "status.json").exists()
    recipe.write_text(text)
    again = start(recipe, environment, tmp_path, "--run-dir", "out")
    _, errors = again.communicate(timeout=120)
    assert again.returncode == 0, errors


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_a_killed_run_can_be_run_again(
    recipe: Path, environment: dict[str, str], tmp_path: Path, cli: Leukokit, seed: int
) -> None:
    """SIGKILL at any time: no worker stays, and running again gives the bytes of a run never interrupted."""
    process = start(recipe, environment, tmp_path, "--run-dir", "out")
    time.sleep(1.2 + 0.9 * seed)
    family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    assert cli("run", recipe, "--run-dir", "out").returncode == 0
    environment["LEUKOKIT_CACHE"] = str(tmp_path / "another")
    assert cli("run", recipe, "--run-dir", "whole").returncode == 0
    for name in ("metrics.json", "predictions.csv", "model/model.skops"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_file_times_do_not_matter(copied: Path, recipe: Path, cli: Leukokit) -> None:
    """Files touched in 1970 or 2100 are the same images."""
    cli("run", recipe)
    for i, path in enumerate(copied.rglob("*.png")):
        os.utime(path, (i % 2 * 4_102_444_800,) * 2)
    done = cli("run", recipe, "--explain-plan")
    assert "ran" not in done.stderr.split("why each step ran")[1].replace("cached", "")


def test_a_missing_dependency_is_one_line(recipe: Path, cli: Leukokit) -> None:
    """A component whose package is absent says what to install, where it is used, before anything runs."""
    recipe.write_text(recipe.read_text().replace("{use: variance}", "faulty/deep"))
    done = cli("run", recipe)
    assert done.returncode == 2
    (line,) = [each for each in done.stderr.splitlines() if "a_package_that_is_not_there" in each]
    assert "recipe.yaml:11:" in line
    assert "pip install 'leukokit[deep]'" in line


def test_a_script_without_a_guard_is_told_what_it_lacks(recipe: Path, tmp_path: Path) -> None:
    """Workers import the script that runs a recipe; one that runs it again on import gets advice."""
    script = tmp_path / "script.py"
    script.write_text(f"import leukokit\nleukokit.run({str(recipe)!r}, cache=None, executor='processes')\n")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "no worker process could start" in done.stderr
    assert "if __name__ == '__main__':" in done.stderr.rsplit("no worker process could start", 1)[1]
