"""Opening a data set: one picture cannot have two classes in a run; an audit is told of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leukokit.api import DataError
from leukokit.catalog import discover
from leukokit.engine.data import SYNTHETIC_STAMP, OpenData, open_data
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.observer import Observer
from leukokit.recipe import load_recipe_text


def opened(root: Path, *, conflicts: bool = False) -> OpenData:
    """Open a folder of class folders."""
    data = {"use": "folder", "params": {"root": str(root)}}
    catalog = discover()
    recipe = load_recipe_text(json.dumps({"leukokit": 1, "name": "x", "data": data}), catalog)
    return open_data(recipe, executor=InlineExecutor(), observer=Observer(), conflicts=conflicts)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes of two pictures, each with an empty file."""
    for number, name in enumerate(("a/1.png", "a/2.png", "b/1.png", "b/2.png")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), 40 * number, np.uint8)).save(path)
    for name in ("a", "b"):
        (tmp_path / name / "3.png").write_bytes(b"")
    return tmp_path


def test_copies_within_a_class_and_empty_files_are_no_conflict(root: Path) -> None:
    """Only a label can be contradicted."""
    (root / "a" / "4.png").write_bytes((root / "a" / "1.png").read_bytes())
    assert len(opened(root).items) == 7


def test_one_text_file_in_two_classes_is_no_conflict(root: Path) -> None:
    """Equal bytes that are no picture show no cell: each file is rejected later, and the run goes on."""
    for name in ("a", "b"):
        (root / name / "4.jpg").write_text("no picture")
    assert len(opened(root).items) == 8


def test_one_picture_in_two_classes_is_refused_naming_both(root: Path) -> None:
    """Unless the caller reports it: both images are then there."""
    (root / "b" / "4.png").write_bytes((root / "a" / "1.png").read_bytes())
    with pytest.raises(DataError, match=r"a/1.png \(a\) and b/4.png \(b\) are the same picture"):
        opened(root)
    assert len(opened(root, conflicts=True).items) == 7


class Listening(Observer):
    """Keeps warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a machine without any data set."""
    monkeypatch.delenv("LEUKOKIT_DATA", raising=False)
    monkeypatch.setattr("leukokit.api.location.user_folder", lambda: tmp_path / "user")
    return tmp_path


def paper(section: object, observer: Observer) -> OpenData:
    """Open what a recipe's section ``data`` says."""
    text = json.dumps({"leukokit": 1, "name": "x", "data": section})
    return open_data(load_recipe_text(text, discover()), executor=InlineExecutor(), observer=observer)


SMALL = {"use": "smears", "params": {"per_class": 4, "patients": 12, "size": 96}}


@pytest.mark.usefixtures("bare")
def test_a_missing_data_set_is_an_error_that_says_how_to_get_it() -> None:
    """Nothing stands in for it by accident."""
    with pytest.raises(DataError) as caught:
        paper("all_pbs", Observer())
    text = str(caught.value)
    assert text.startswith("data set all_pbs: not found; looked for ")
    assert "Get it with 'leukokit data get all_pbs'" in text
    assert text.endswith("To try the recipe on rendered smears instead: --data smears")


@pytest.mark.usefixtures("bare")
def test_the_recipe_says_what_stands_in_and_it_is_told() -> None:
    """Its images are stamped."""
    observer = Listening()
    data = paper({"use": "all_pbs", "fallback": SMALL}, observer)
    assert (data.name, data.stood_in, data.stamp, len(data.items)) == ("smears", True, SYNTHETIC_STAMP, 16)
    assert observer.warnings[0].startswith("Data set all_pbs is not on this machine: not found; looked for ")
    assert observer.warnings[1].startswith("SYNTHETIC SMEARS stand in for it (data set smears)")


def test_nothing_stands_in_where_the_user_said_where_the_data_are(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong variable or root is a mistake."""
    wrong = bare / "wrong"
    for section in ({}, {"params": {"root": str(wrong)}}):
        if not section:
            monkeypatch.setenv("LEUKOKIT_DATA", str(wrong))
        with pytest.raises(DataError) as caught:
            paper({"use": "all_pbs", "fallback": SMALL, **section}, Observer())
        said = "root" if section else "LEUKOKIT_DATA"
        assert f"data set all_pbs: not found; looked for {wrong / 'all-pbs'}; {said} is {wrong}, " in str(
            caught.value
        )


@pytest.mark.usefixtures("bare")
def test_real_images_that_stand_in_are_told_too(root: Path) -> None:
    """They are not stamped, as they are photographs."""
    observer = Listening()
    data = paper({"use": "all_pbs", "fallback": {"use": "folder", "params": {"root": str(root)}}}, observer)
    assert (data.name, data.stood_in, data.stamp) == ("folder", True, None)
    assert observer.warnings[1].startswith("OTHER IMAGES stand in for it (data set folder)")
