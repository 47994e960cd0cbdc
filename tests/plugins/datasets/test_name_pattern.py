"""Class, patient and part read from file names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from leukokit.api import DataError, Part
from leukokit.plugins.datasets._layout import Role
from leukokit.plugins.datasets._pattern import NamePattern
from leukokit.plugins.datasets.folder import Folder


def put(root: Path, *files: str) -> Path:
    """Write files with a content of their own each."""
    for i, name in enumerate(files):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"picture %d" % i)
    return root


def read(root: Path, **params: object) -> list[tuple[str | None, str | None]]:
    """Class and patient of each image."""
    return [(s.label, s.group) for s in Folder.create(root=root, **params).samples()]


def test_names_of_a_public_data_set(tmp_path: Path) -> None:
    """C-NMC: subject, image, cell and class; codes of classes get names; endings in any case."""
    put(tmp_path, "UID_11_10_1_all.bmp", "UID_11_2_1_all.bmp", "UID_H13_1_1_hem.BMP")
    dataset = Folder.create(
        root=tmp_path,
        pattern="UID_{patient}_{image}_{cell}_{label}.bmp",
        labels={"all": "ALL", "hem": "healthy"},
    )
    assert [(s.id, s.label, s.group) for s in dataset.samples()] == [
        ("UID_11_2_1_all.bmp", "ALL", "11"),
        ("UID_11_10_1_all.bmp", "ALL", "11"),
        ("UID_H13_1_1_hem.BMP", "healthy", "H13"),
    ]
    assert [str(row) for row in dataset.readings()] == [
        "names UID_{patient}_{image}_{cell}_{label}.bmp: class (ALL: 2, healthy: 1 images)",
        "names UID_{patient}_{image}_{cell}_{label}.bmp: patient (2 patients)",
    ]


def test_numbers_are_codes_of_classes(tmp_path: Path) -> None:
    """ALL-IDB: the keys of labels may be written as numbers; a code without a class is an error."""
    put(tmp_path, "Im001_1.png", "Im002_0.png", "Im003_1.png")
    found = read(tmp_path, pattern="Im{n}_{label}", labels={0: "healthy", 1: "ALL"})
    assert found == [("ALL", None), ("healthy", None), ("ALL", None)]
    with pytest.raises(DataError, match=r"labels has no class for 1 \(2 images\); it has 0, 2"):
        read(tmp_path, pattern="Im{n}_{label}.png", labels={0: "healthy", 2: "ALL"})
    dataset = Folder.create(root=tmp_path, pattern="Im{n}_{label}", labels={0: "a", 1: "b", 2: "c"})
    assert dataset.notes()[-1] == "no image has a code that labels names: 2"


def test_a_name_that_could_be_read_in_several_ways_does_not_fit(tmp_path: Path) -> None:
    """Its pieces are counted, so that the user sees what is missing."""
    put(tmp_path, "UID_11_10_1_all.bmp", "UID_12_10_1_hem.bmp")
    with pytest.raises(DataError) as caught:
        read(tmp_path, pattern="{patient}_{n}_{label}.bmp")
    assert str(caught.value).replace(str(tmp_path), "ROOT") == (
        "ROOT: the pattern '{patient}_{n}_{label}.bmp' fits 0 of 2 image names; it does not fit "
        "UID_11_10_1_all.bmp, UID_12_10_1_hem.bmp. UID_11_10_1_all.bmp has 5 pieces between _, the pattern "
        "3: one field for each"
    )


def test_names_that_do_not_fit_are_an_error_or_left_out(tmp_path: Path) -> None:
    """As many as there are, with examples."""
    put(tmp_path, "p1_1_a.png", "p2_1_b.png", "overview.png")
    with pytest.raises(
        DataError, match=r"fits 2 of 3 image names; it does not fit overview.png.*unmatched=skip"
    ):
        read(tmp_path, pattern="{patient}_{n}_{label}.png")
    dataset = Folder.create(root=tmp_path, pattern="{patient}_{n}_{label}.png", unmatched="skip")
    assert len(dataset.samples()) == 2
    assert (
        "1 images have names that the pattern does not fit and were skipped: overview.png" in dataset.notes()
    )
    with pytest.raises(DataError, match="fits 0 of 3"):
        read(tmp_path, pattern="{label}-{n}.png", unmatched="skip")


@pytest.mark.parametrize(
    ("pattern", "group"),
    [
        *(
            (f"{{label}}_{{{field}}}_{{slide}}", "7")
            for field in ("patient", "group", "case", "subject", "donor")
        ),
        ("{label}_{n}_{slide}", "s2"),
        ("{label}_{n}_{any}", None),
    ],
)
def test_who_the_group_is(tmp_path: Path, pattern: str, group: str | None) -> None:
    """The patient under any of its names; the slide where there is no patient."""
    assert read(put(tmp_path, "a_7_s2.png"), pattern=pattern) == [("a", group)]


def test_folders_are_part_of_a_pattern_or_are_read_beside_it(tmp_path: Path) -> None:
    """A pattern with folders reads the last ones; without a class in it, the folders tell the class."""
    put(tmp_path / "a", "x/Pre B_1/p1_1.png", "x/Pro/p2_2.png")
    assert read(tmp_path / "a", pattern="{label}/{patient}_{n}.png") == [("Pre B_1", "p1"), ("Pro", "p2")]
    put(tmp_path / "b", "ALL/p1_1.png", "hem/p2_1.png")
    assert read(tmp_path / "b", pattern="{patient}_{n}.png") == [("ALL", "p1"), ("hem", "p2")]
    put(tmp_path / "c", "train/p1_a.png", "train/p2_b.png", "test/p3_a.png", "test/p2_b.png")
    dataset = Folder.create(root=tmp_path / "c", pattern="{patient}_{label}.png")
    assert dataset.splits()["folders"]["test/p3_a.png"] is Part.TEST
    assert "1 patient is in two parts of the split, so scores may be too good: p2" in dataset.notes()
    put(tmp_path / "d", "train_a_1.png", "test_a_1.png")
    split = Folder.create(root=tmp_path / "d", pattern="{part}_{label}_{n}.png").splits()["folders"]
    assert split == {"train_a_1.png": Part.TRAIN, "test_a_1.png": Part.TEST}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"pattern": "{patiet}_{label}.png"},
            r"unknown field {patiet} \(did you mean {patient}\?\); fields are label,",
        ),
        (
            {"pattern": "{label}_{label}.png"},
            "{label} stands in it twice; use {any} for a piece that is of no use",
        ),
        ({"pattern": "{label}{n}.png"}, "two fields follow each other"),
        ({"pattern": "{label}_{class}.png"}, "{label} and {class} both name the class"),
        ({"pattern": "{patient}_{case}.png"}, "{patient} and {case} both name the patient"),
        ({"pattern": "{n}_{any}.png"}, "reads neither class, patient, slide nor part"),
        ({"pattern": "{label_{n}.png"}, "a brace without its partner"),
        ({"pattern": "{label}_{n}", "layout": "part/class"}, "layout and pattern both give the class"),
    ],
)
def test_wrong_patterns_are_found_before_any_file_is_read(params: dict[str, str], message: str) -> None:
    """When the recipe is checked."""
    with pytest.raises(ValidationError, match=message):
        Folder.create(root="nowhere", **params)


PIECE = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=6)


@given(PIECE, st.integers(0, 10**6), PIECE, st.sampled_from("_- +"))
def test_what_is_written_by_a_pattern_is_read_by_it(patient: str, n: int, label: str, mark: str) -> None:
    """In one way only, whatever the separator."""
    pattern = NamePattern.parsed(f"{{patient}}{mark}{{n}}{mark}{{label}}.png", (".png",))
    assert pattern.read(f"a/b/{patient}{mark}{n}{mark}{label}.png") == {
        Role.CLASS: label,
        Role.PATIENT: patient,
    }
    assert pattern.read(f"x{mark}{patient}{mark}{n}{mark}{label}.png") is None


@given(st.text(max_size=30))
def test_any_text_is_a_pattern_or_a_plain_error(text: str) -> None:
    """Nothing that a user writes raises anything else."""
    try:
        known = NamePattern.parsed(text, (".png",)).fields
    except ValueError as error:
        known = (str(error),)
    assert known
