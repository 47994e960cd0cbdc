"""What a group is, by names: a patient, a slide, or nothing that anyone said."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from leukokit.api import GroupKind
from leukokit.plugins.datasets._group_kind import kind_of_name, kind_of_names
from leukokit.plugins.datasets.folder import Folder
from leukokit.plugins.datasets.table import TableDataset


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Patient ID", GroupKind.PATIENT),
        ("patient_07", GroupKind.PATIENT),
        ("p1", GroupKind.PATIENT),
        ("CaseID", GroupKind.PATIENT),
        ("slide_no", GroupKind.SLIDE),
        ("patient_of_slide", GroupKind.PATIENT),
        ("group", None),
        ("fold3", None),
        ("12", None),
        ("", None),
    ],
)
def test_names_say_what_a_group_is(name: str, kind: GroupKind | None) -> None:
    """A name that speaks of neither says nothing."""
    assert kind_of_name(name) is kind


def test_names_that_disagree_say_nothing() -> None:
    """So that one slide among patients is not taken for a patient."""
    assert kind_of_names(["p1", "p2"]) is GroupKind.PATIENT
    assert kind_of_names(["p1", "slide 2"]) is None
    assert kind_of_names([]) is None


def images(root: Path, *names: str) -> Path:
    """Write images of the given names."""
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((8, 8, 3), number, np.uint8))
    return root


def test_a_folder_knows_from_names_layout_or_pattern(tmp_path: Path) -> None:
    """Numbers alone are no patients unless the recipe says so."""
    named = images(tmp_path / "named", "ALL/p1/1.png", "ALL/p2/2.png", "healthy/p3/3.png", "healthy/p4/4.png")
    assert Folder.create(root=named).groups_are is GroupKind.PATIENT
    numbers = images(tmp_path / "numbers", "ALL/11/1.png", "ALL/12/2.png", "healthy/13/3.png")
    assert Folder.create(root=numbers, layout="class/patient").groups_are is GroupKind.PATIENT
    flat = images(tmp_path / "flat", "ALL/7_1.png", "healthy/8_2.png")
    assert Folder.create(root=flat, pattern="{slide}_{n}.png").groups_are is GroupKind.SLIDE
    assert Folder.create(root=flat).groups_are is None


@pytest.mark.parametrize(
    ("column", "kind"), [("Patient", GroupKind.PATIENT), ("slide", GroupKind.SLIDE), ("group", None)]
)
def test_a_table_knows_from_the_name_of_its_column(
    tmp_path: Path, column: str, kind: GroupKind | None
) -> None:
    """A column called group may hold anything."""
    images(tmp_path, "1.png", "2.png")
    (tmp_path / "t.csv").write_text(f"path,label,{column}\n1.png,a,x\n2.png,b,y\n")
    assert TableDataset.create(file=tmp_path / "t.csv").groups_are is kind
