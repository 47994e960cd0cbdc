"""``leukokit data``: list, path, verify and get from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner, Result

from leukokit.cli import main

CLASSES = ("Benign", "Early", "Pre", "Pro")


def call(*arguments: str | Path) -> Result:
    """Run a command of the group ``data``."""
    return CliRunner().invoke(main, ["data", *map(str, arguments)])


@pytest.fixture(autouse=True)
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for data in an empty folder alone."""
    monkeypatch.setenv("LEUKOKIT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user"))


@pytest.fixture
def impostor(tmp_path: Path) -> Path:
    """Lay out all_pbs with one made-up image a class."""
    folder = tmp_path / "data" / "all-pbs"
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        middle = "Benign" if name == "Benign" else f"Malignant-{name}"
        (folder / name / f"WBC-{middle}-001.jpg").write_bytes(b"not a smear")
    return folder


def test_list_says_what_is_here_and_where_the_rest_was_looked_for(impostor: Path) -> None:
    """States are here, missing, or yours where the data set is made of the user's own files."""
    result = call("list", "--json")
    assert result.exit_code == 0
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert {name: rows[name]["state"] for name in ("all_pbs", "folder", "smears", "table", "wbc_masks")} == {
        "all_pbs": "here",
        "folder": "yours",
        "smears": "here",
        "table": "yours",
        "wbc_masks": "missing",
    }
    assert str(impostor.parent / "wbc-masks") in rows["wbc_masks"]["text"]
    plain = call("list")
    assert plain.exit_code == 0
    assert len(plain.stdout.splitlines()) == len(rows)


def test_path_prints_the_folder_alone(impostor: Path) -> None:
    """The folder goes to stdout for scripts."""
    result = call("path", "all_pbs")
    assert (result.exit_code, result.stdout) == (0, f"{impostor}\n")


def test_path_of_an_absent_data_set_says_where_it_was_looked_for(tmp_path: Path) -> None:
    """Exit code 2, nothing on stdout, the places on stderr."""
    result = call("path", "all_pbs")
    assert result.exit_code == 2
    assert result.stdout == ""
    data = tmp_path / "data"
    assert f"looked for {data / 'all-pbs'}; LEUKOKIT_DATA is {data}, which does not exist" in result.stderr
    assert "leukokit data get all_pbs" in result.stderr


def test_verify_prints_what_differs_and_fails(impostor: Path) -> None:
    """Changed, missing and extra files one a line on stdout; exit code 1."""
    (impostor / "Pro" / "more\x1b[31m.jpg").write_bytes(b"x")
    result = call("verify", "all_pbs", "--root", impostor)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "changed\tBenign/WBC-Benign-001.jpg"
    assert lines[1] == "missing\tBenign/WBC-Benign-002.jpg"
    assert lines[-1] == "extra\tPro/more.jpg"  # the escape sequence does not reach the terminal
    assert len(lines) == 3256 + 1
    assert "3257 files differ" in result.stderr


@pytest.mark.real_data
def test_verify_of_the_real_images_succeeds(data_root: Path) -> None:
    """Nothing on stdout, exit code 0."""
    for variant in ("original", "segmented"):
        result = call("verify", "all_pbs", "--root", data_root, "--variant", variant)
        assert (result.exit_code, result.stdout) == (0, "")
        assert "every file is as published" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verify", "nope"), "no dataset named 'nope'"),
        (("verify", "smears"), "has no published digests"),
        (("verify", "all_pbs", "--variant", "drawn"), "variant: Input should be 'original' or 'segmented'"),
        (("verify", "folder"), "root: Field required"),
        (("get", "smears"), "smears cannot be fetched"),
        (("path", "smears"), "lies in no folder"),
    ],
)
def test_what_cannot_be_asked_for_is_said_in_one_line(arguments: tuple[str, ...], said: str) -> None:
    """Usage errors end with code 2 and a sentence, not a traceback."""
    result = call(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_get_without_kagglehub_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra to install, or the page and the folder to put the files in."""
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    result = call("get", "all_pbs", "--to", tmp_path / "elsewhere")
    assert result.exit_code == 1
    said = " ".join(result.stderr.split())
    assert "pip install 'leukokit[data]'" in said
    assert "kaggle.com/datasets/mehradaria/leukemia" in said
    assert str(tmp_path / "elsewhere") in said


def test_get_that_fails_names_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the network: the reason and what to do by hand."""
    module = ModuleType("kagglehub")

    def dataset_download(handle: str) -> str:
        raise ConnectionError("no route to host")

    module.dataset_download = dataset_download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kagglehub", module)
    result = call("get", "all_pbs")
    assert result.exit_code == 1
    assert "ConnectionError: no route to host. Check the network, or download" in " ".join(
        result.stderr.split()
    )
