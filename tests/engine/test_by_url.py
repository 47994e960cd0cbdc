"""A run whose images have URLs gives the bytes of the run that has their paths."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.engine.conftest import RECIPE, Leukokit
from tests.served import served


@pytest.fixture
def url(copied: Path) -> Iterator[str]:
    """Give the copied pictures by URL."""
    pytest.importorskip("aiohttp")
    with served(copied) as address:
        yield address


def run(cli: Leukokit, folder: Path, root: object, *options: object) -> Path:
    folder.with_suffix(".yaml").write_text(RECIPE.format(root=f'"{root}"'))
    audited = ("--set", "audit.enabled=true")
    done = cli("run", folder.with_suffix(".yaml"), "--run-dir", folder, "--no-cache", *audited, *options)
    assert done.returncode == 0, done.stderr
    return folder


SAME = (
    "metrics.json",
    "features.parquet",
    "split.csv",
    "audit.json",
    "explanations/permutation_importance.csv",
)


def same(first: Path, second: Path) -> None:
    for name in SAME:
        assert (first / name).exists(), name
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    a, b = (json.loads((folder / "verdict.json").read_text()) for folder in (first, second))
    assert a.pop("question").startswith("Which class does an image show")  # it names the folder or the server
    del b["question"]
    assert a == b
    a, b = (pd.read_csv(folder / "predictions.csv") for folder in (first, second))
    pd.testing.assert_frame_equal(a.drop(columns="path"), b.drop(columns="path"))


def test_images_behind_a_server_give_the_same_results(
    copied: Path, url: str, cli: Leukokit, tmp_path: Path
) -> None:
    """The column ``path`` says where the images were; all else is the same."""
    there = run(cli, tmp_path / "there", url)
    same(run(cli, tmp_path / "here", copied), there)
    paths = pd.read_csv(there / "predictions.csv")
    assert list(paths["path"]) == [f"{url}/{name}" for name in paths["id"]]


def test_a_file_url_gives_every_byte_of_the_path(copied: Path, cli: Leukokit, tmp_path: Path) -> None:
    here, there = run(cli, tmp_path / "here", copied), run(cli, tmp_path / "there", copied.as_uri())
    for name in (*SAME, "predictions.csv", "rejected.csv", "verdict.json"):
        assert (here / name).read_bytes() == (there / name).read_bytes(), name


@pytest.mark.slow
def test_processes_read_an_archive(copied: Path, cli: Leukokit, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for file in sorted(copied.rglob("*.png")):
            archive.write(file, file.relative_to(copied))
    there = run(cli, tmp_path / "there", f"zip://::{tmp_path}/all.zip", "--executor", "processes")
    same(run(cli, tmp_path / "here", copied), there)


@pytest.mark.slow
def test_an_image_that_cannot_be_read_is_rejected_with_the_reason(
    copied: Path, url: str, cli: Leukokit, tmp_path: Path
) -> None:
    (tmp_path / "all.csv").write_text(
        "path,label\nfew/absent.png,few\n"
        + "".join(
            f"{file.relative_to(copied)},{file.parent.name}\n" for file in sorted(copied.rglob("*.png"))
        )
    )
    recipe = tmp_path / "table.yaml"
    table = f'{{use: table, params: {{file: {tmp_path}/all.csv, root: "{url}"}}}}'
    text = RECIPE.format(root="x").replace("{use: folder, params: {root: x}}", table)
    recipe.write_text(text)
    done = cli("run", recipe, "--run-dir", "run", "--no-cache")
    assert done.returncode == 0, done.stderr
    rejected = pd.read_csv(tmp_path / "run" / "rejected.csv")
    assert rejected[["id", "path", "stage", "reason", "detail"]].values.tolist() == [
        ["few/absent.png", f"{url}/few/absent.png", "read", "unreadable", "not there"]
    ]


def test_a_password_in_a_recipe_is_refused_without_being_shown(cli: Leukokit, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.format(root='"ftp://user:secret@host/smears"'))
    for options in ([], ["--set", "data.params.root=ftp://user:secret@host/smears"]):
        done = cli("check", recipe, *options)
        assert done.returncode == 2
        assert "no user or password belongs into its URLs" in done.stderr
        assert "secret" not in done.stderr + done.stdout


def test_a_protocol_without_its_package_is_named(cli: Leukokit, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.format(root='"hdfs+nix://host/smears"'))
    done = cli("run", recipe)
    assert done.returncode == 2
    assert "Protocol not known: hdfs+nix" in done.stderr
