"""Files that are swapped during a run: never a number of one picture under the digest of another."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from leukokit.testing.images import disks
from tests.engine.distribution import Distribution

IMAGES, SWAPPED = 148, 20
RECIPE = """
leukokit: 1
name: gated
seed: 1
max_rejected: 40
audit: {{enabled: false}}
data: {{use: folder, params: {{root: {root}}}}}
preprocess: [{{use: made/gate}}]
features: [intensity]
"""


@pytest.fixture
def made(tmp_path: Path, environment: dict[str, str]) -> Distribution:
    distribution = Distribution(tmp_path / "site", environment)
    distribution.write()
    return distribution


@pytest.fixture
def gated(tmp_path: Path) -> Path:
    """Write a recipe over 148 pictures, all different."""
    for number in range(IMAGES):
        folder = tmp_path / "data" / ("few" if number % 2 else "many")
        folder.mkdir(parents=True, exist_ok=True)
        image, _ = disks(seed=number, size=64, cells=1 + number % 3)
        Image.fromarray(image).save(folder / f"{number:03d}.png")
    path = tmp_path / "gated.yaml"
    path.write_text(RECIPE.format(root=tmp_path / "data"))
    return path


def wait_for(path: Path) -> None:
    for _ in range(3000):
        if path.exists():
            return
        time.sleep(0.02)
    raise AssertionError(f"{path.name} did not appear")


def features(run: Path) -> pd.DataFrame:
    return pd.read_parquet(run / "features.parquet").set_index("id")


@pytest.mark.parametrize("executor", ["inline", pytest.param("processes", marks=pytest.mark.slow)])
def test_files_that_are_swapped_and_put_back_leave_no_wrong_row(
    made: Distribution, gated: Path, tmp_path: Path, executor: str
) -> None:
    """They are rejected as changed, with what to do; the next run has the numbers of an honest one."""
    honest = made.run(tmp_path, "run", gated, "--run-dir", "honest", "--no-cache")
    assert honest.returncode == 0, honest.stderr
    (tmp_path / "closed").touch()
    process = made.start(
        tmp_path, "run", gated, "--run-dir", "swapped", "--executor", executor, "--workers", 1
    )
    wait_for(tmp_path / "waiting")  # the digests are taken, and the first image is at work
    files = sorted((tmp_path / "data").rglob("*.png"))[-SWAPPED:]
    for number, file in enumerate(files):
        shutil.copyfile(file, tmp_path / f"{number}.kept")
    for number, file in enumerate(files):
        shutil.copyfile(tmp_path / f"{(number + 1) % SWAPPED}.kept", file)
    (tmp_path / "closed").unlink()
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    for number, file in enumerate(files):
        shutil.copyfile(tmp_path / f"{number}.kept", file)
    rejected = pd.read_csv(tmp_path / "swapped" / "rejected.csv")
    assert set(rejected["stage"]) == {"read"}
    assert set(rejected["reason"]) == {"changed"}
    assert len(rejected) == SWAPPED
    assert rejected["detail"].str.contains("do not change images during a run, and run again").all()
    expected = features(tmp_path / "honest")
    first = features(tmp_path / "swapped")
    assert first.equals(expected.loc[first.index])
    assert len(first) == IMAGES - SWAPPED
    again = made.run(tmp_path, "run", gated, "--run-dir", "again")
    assert again.returncode == 0, again.stderr
    assert features(tmp_path / "again").equals(expected)


def test_what_a_preprocessor_learns_while_files_change_is_not_kept(
    made: Distribution, gated: Path, tmp_path: Path
) -> None:
    """A template that is fitted without some training images would be taken for that of all: the run ends."""
    text = gated.read_text() + "split: {method: holdout, test: 0.2, validation: 0.2}\n"
    gated.write_text(text.replace("made/gate}", "made/gate}, {use: reinhard, params: {template: fitted}}"))
    (tmp_path / "closed").touch()
    process = made.start(tmp_path, "run", gated, "--run-dir", "swapped", "--executor", "inline")
    wait_for(tmp_path / "waiting")
    for file in (tmp_path / "data").rglob("*.png"):
        file.write_bytes(file.read_bytes() + b"more")
    (tmp_path / "closed").unlink()
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 1
    assert "can no longer be used: changed at read" in errors
    assert "do not change images during a run, and run again" in errors
