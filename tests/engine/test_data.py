"""Opening a data set: one picture cannot have two classes in a run; an audit is told of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from leukokit.api import DataError
from leukokit.catalog import discover
from leukokit.engine.data import OpenData, open_data
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
