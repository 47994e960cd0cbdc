"""Folders of parts, classes and patients: what is taken for what, and what is refused."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leukokit.api import DataError, Part
from leukokit.plugins.datasets._layout import Role, decided, part_of
from leukokit.plugins.datasets.folder import Folder


def put(root: Path, *files: str) -> Path:
    """Write files with a content of their own each."""
    for i, name in enumerate(files):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture %d" % i)
    return root


def tree(root: Path, *levels: str) -> Path:
    """Write two images into each folder of the product of the levels, each ``"A B"``."""
    folders = ["/".join(names) for names in product(*(level.split() for level in levels))]
    return put(root, *(f"{folder}/{i}.png" for folder in folders for i in range(2)))


def read(root: Path, **params: object) -> list[tuple[str, str | None, str | None]]:
    """Id, class and patient of each image."""
    return [(s.id, s.label, s.group) for s in Folder.create(root=root, **params).samples()]


def refused(root: Path, **params: object) -> str:
    """Message of the error, without the root."""
    with pytest.raises(DataError) as caught:
        Folder.create(root=root, **params).samples()
    return str(caught.value).replace(str(root), "ROOT")


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        ("TRAIN TEST", {"TRAIN": Part.TRAIN, "TEST": Part.TEST}),
        ("train val test", {"train": Part.TRAIN, "val": Part.VALIDATION, "test": Part.TEST}),
        ("Training Testing valid", {"Training": Part.TRAIN, "Testing": Part.TEST, "valid": Part.VALIDATION}),
        ("training_data test_set", {"training_data": Part.TRAIN, "test_set": Part.TEST}),
        ("Train Validation", {"Train": Part.TRAIN, "Validation": Part.TEST}),
    ],
)
def test_folders_of_parts_become_the_split(tmp_path: Path, names: str, parts: dict[str, Part]) -> None:
    """Whatever their case; the classes are inside. Without a test part, validation is tested."""
    dataset = Folder.create(root=tree(tmp_path, names, "A B"))
    assert {sample.label for sample in dataset.samples()} == {"A", "B"}
    assert dataset.default_split() == "folders"
    split = dataset.splits()["folders"]
    assert split == {sample.id: parts[sample.id.split("/")[0]] for sample in dataset.samples()}
    assert ("there is no test part: the validation part is tested" in dataset.notes()) == (
        "Test" not in names.title()
    )


def test_parts_are_never_classes(tmp_path: Path) -> None:
    """Not with recursive, with which older recipes read them, nor where layout asks for it."""
    tree(tmp_path, "TRAIN TEST", "A B")
    assert read(tmp_path, recursive=True) == read(tmp_path)
    for more in ({}, {"recursive": True}):
        assert refused(tmp_path, layout="class", **more) == (
            "ROOT: TEST, TRAIN: parts of a split, not classes. Leave out layout, or set layout: part/class; "
            "if they are truly classes, rename the folders"
        )


def test_what_was_taken_for_what_is_said(tmp_path: Path) -> None:
    """As rows of a table, and as one note with the same words; plain class folders need no note."""
    dataset = Folder.create(root=tree(tmp_path / "a", "zip", "TRAIN TEST", "A B", "p1 p2"))
    rows = [str(reading) for reading in dataset.readings()]
    assert rows == [
        "folder zip: the folder with all images",
        "folders TEST, TRAIN: part (TEST = test, TRAIN = train; test: 8, train: 8 images)",
        "folders A, B: class (A: 8, B: 8 images)",
        "folders p1, p2: patient (2 patients)",
    ]
    assert dataset.notes()[0] == "read as: " + "; ".join(rows)
    plain = Folder.create(root=tree(tmp_path / "b", "A B"))
    assert [str(reading) for reading in plain.readings()] == ["folders A, B: class (A: 2, B: 2 images)"]
    assert plain.notes() == []


def test_a_patient_in_two_parts_is_told(tmp_path: Path) -> None:
    """The split is kept; the audit measures what it does to scores."""
    put(tmp_path, "train/A/p1/1.png", "train/B/p2/1.png", "test/A/p3/1.png", "test/B/p2/2.png")
    assert Folder.create(root=tmp_path).notes()[1:] == [
        "1 patient is in two parts of the split, so scores may be too good: p2"
    ]


@pytest.mark.parametrize(
    ("levels", "layout"),
    [
        (("ALL healthy", "p1 p2 p3"), "class/patient"),
        (("A B", "patient_1 patient_2"), "class/patient"),
        (("A B", "Case-07 Case-08"), "class/patient"),
        (("healthy ALL", "1 2 3"), "class/patient"),
        (("p1 p2 p3", "ALL healthy"), "patient/class"),
        (("Patient A", "x"), None),
        (("17 18 19", "blast normal"), "patient/class"),
        (("17 18 19", "x y"), "patient/class"),
        (("fold_0 fold_1", "all hem"), "patient/class"),
        (("A B", "1 2"), None),
        (("AB CD", "x y"), None),
        (("1 2", "3 4"), None),
    ],
)
def test_two_levels_are_class_and_patient_or_unsure(
    tmp_path: Path, levels: tuple[str, ...], layout: str | None
) -> None:
    """Names such as p1, words such as blast, and numbers decide; else both readings are listed."""
    tree(tmp_path, *levels)
    if layout is not None:
        place = layout.split("/").index("class")
        assert read(tmp_path) == [
            (id_, id_.split("/")[place], id_.split("/")[1 - place]) for id_, _, _ in read(tmp_path)
        ]
        assert read(tmp_path) == read(tmp_path, layout=layout)
        return
    first, second = (", ".join(sorted(level.split())) for level in levels)
    assert refused(tmp_path) == (
        "ROOT: two levels of folders, and nothing says which is the class. One of these:\n"
        f"  --set data.params.layout=class/patient: classes {first}; patients {second}\n"
        f"  --set data.params.layout=patient/class: patients {first}; classes {second}\n"
        f"  --set data.params.layout=class --set data.params.recursive=true: classes {first}; "
        "patients are not known"
    )
    assert {label for _, label, _ in read(tmp_path, layout="patient/class")} == set(levels[1].split())


def test_folders_that_each_lie_in_one_class_are_patients(tmp_path: Path) -> None:
    """A patient has one diagnosis; subclasses without numbers stay unsure."""
    put(tmp_path / "a", *(f"{name}/1.png" for name in ("A/x1", "A/x2", "B/x3", "B/x4")))
    assert {group for _, _, group in read(tmp_path / "a")} == {"x1", "x2", "x3", "x4"}
    put(tmp_path / "b", *(f"{name}/1.png" for name in ("ill/red", "ill/blue", "well/green", "well/gray")))
    assert "nothing says which is the class" in refused(tmp_path / "b")


def test_one_name_in_several_classes_is_one_patient(tmp_path: Path) -> None:
    """The safe reading where numbers may start anew in each class; it is said."""
    dataset = Folder.create(root=tree(tmp_path, "ALL healthy", "1 2"))
    assert {sample.group for sample in dataset.samples()} == {"1", "2"}
    assert dataset.notes()[1:] == [
        "2 names of patients in several classes, each taken for one patient: 1, 2; "
        "if each class has patients of its own, rename their folders"
    ]


def test_a_zip_in_a_folder_of_its_name_with_what_systems_leave(tmp_path: Path) -> None:
    """Ids start below the folders that hold everything; clutter is neither read nor mentioned."""
    put(
        tmp_path,
        *("smears/smears/A/1.png", "smears/smears/B/1.png"),
        *("__MACOSX/smears/A/._1.png", "__MACOSX/smears/A/1.png", "smears/.DS_Store", "smears/Thumbs.db"),
        *("smears/smears/A/Thumbs.db", "smears/smears/A/desktop.ini", "smears/smears/.hidden/1.png"),
    )
    dataset = Folder.create(root=tmp_path)
    assert [sample.id for sample in dataset.samples()] == ["A/1.png", "B/1.png"]
    assert dataset.notes() == [
        "read as: folder smears/smears: the folder with all images; folders A, B: class (A: 1, B: 1 images)"
    ]


def test_patients_without_classes_are_no_classes(tmp_path: Path) -> None:
    """Neither side by side, nor as the only class that is there."""
    tree(tmp_path / "a", "p1 p2")
    assert refused(tmp_path / "a").startswith(
        "ROOT: p1, p2: folders of patients, slides or folds, and none of"
    )
    assert {label for _, label, _ in read(tmp_path / "a", layout="class")} == {"p1", "p2"}
    tree(tmp_path / "b", "ALL", "1 2")
    assert refused(tmp_path / "b").startswith(
        "ROOT: one class, ALL, with the folders 1, 2: these may be patients"
    )


def test_images_and_masks_are_no_classes(tmp_path: Path) -> None:
    """Nor are the original images and their segmented copies."""
    assert refused(tree(tmp_path / "a", "images masks")) == (
        "ROOT: images, masks: folders not named after classes, so the class of an image is not known. "
        "One of these:\n"
        "  name the folder that holds the class folders as root\n"
        "  --set \"data.params.pattern='{label}_{n}.png'\": "
        "file names tell the class, in a form such as this\n"
        "  --set data.params.root=ROOT/images --set data.params.layout=flat: without classes\n"
        "  --set data.params.layout=class: these are classes"
    )
    assert "Original, Segmented: folders not" in refused(tree(tmp_path / "b", "Original Segmented", "A B"))
    assert len(read(tmp_path / "a" / "images", layout="flat")) == 2


def test_parts_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """Parts without classes, beside other folders, without training, with classes of their own."""
    assert refused(tree(tmp_path / "a", "train test")).startswith(
        "ROOT: test, train: folders of parts (training, test) without class folders inside. One of these:"
    )
    tree(tmp_path / "b", "train test extra", "A B")
    assert "  --set data.params.layout=part/class: parts test, train; extra not read" in refused(
        tmp_path / "b"
    )
    assert len(read(tmp_path / "b", layout="part/class")) == 8
    assert refused(tree(tmp_path / "c", "val test", "A B")).startswith(
        "ROOT: no images in a training part; there are validation and test"
    )
    tree(tmp_path / "d", "train test", "A B")
    put(tmp_path / "d", "test/C/1.png")
    assert refused(tmp_path / "d").startswith(
        "ROOT: class C: only in test or validation, never in training; training has A, B"
    )


def test_classes_that_differ_in_case_between_parts_are_one(tmp_path: Path) -> None:
    """Otherwise a class would be tested that was never trained."""
    put(tmp_path, "train/ALL/1.png", "train/ALL/2.png", "train/hem/1.png", "test/all/1.png", "test/HEM/1.png")
    dataset = Folder.create(root=tmp_path)
    assert {sample.label for sample in dataset.samples()} == {"ALL", "HEM"}
    assert "all: taken for class ALL, the names differ in case only" in dataset.notes()


def test_parts_may_be_inside_classes_and_hold_patients(tmp_path: Path) -> None:
    """The other orders of levels."""
    tree(tmp_path / "a", "A B", "train test")
    assert len(set(Folder.create(root=tmp_path / "a").splits()["folders"].values())) == 2
    tree(tmp_path / "b", "train test", "p1 p2", "blast normal")
    assert {(label, group) for _, label, group in read(tmp_path / "b")} == set(
        product(("blast", "normal"), ("p1", "p2"))
    )


def test_deeper_folders_are_read_where_that_is_asked(tmp_path: Path) -> None:
    """Images below the levels of a layout are noted; ``recursive`` reads them."""
    put(tmp_path, "A/p1/1.png", "A/p1/slide/2.png", "B/p2/1.png", "B/p2/3.png")
    dataset = Folder.create(root=tmp_path, layout="class/patient")
    assert len(dataset.samples()) == 3
    assert "1 images deeper in the folders were skipped: A/p1/slide/2.png" in dataset.notes()
    assert len(read(tmp_path, layout="class/patient", recursive=True)) == 4
    assert refused(tmp_path).startswith("ROOT: images lie deeper than two levels of folders. One of these:")


NAMES = st.text(
    st.characters(categories=("L", "N"), include_characters="_- ."), min_size=1, max_size=8
).filter(lambda name: name.strip(". ") == name)


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=12), st.booleans())
def test_any_names_are_decided_or_refused(pairs: list[tuple[str, str]], deep: bool) -> None:
    """No names raise anything else, order does not matter, and parts are never taken for classes."""
    folders = [pair if deep else pair[:1] for pair in pairs]

    def answer(given: list[tuple[str, ...]]) -> object:
        try:
            return decided(given, where="ROOT")
        except DataError as error:
            return str(error)

    levels = answer(folders)
    assert levels == answer(folders[::-1])
    if not isinstance(levels, str):
        place = len(levels.base) + levels.roles.index(Role.CLASS)
        classes = {part_of(folder[place]) for folder in folders} - {None}
        assert not (Part.TRAIN in classes and len(classes) > 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.sampled_from(("train", "TRAIN", "Training", "train_data")),
    st.sampled_from(("test", "TEST", "Testing", "test-set")),
    st.lists(NAMES, min_size=2, max_size=4, unique_by=str.casefold),
)
def test_part_folders_hold_classes_of_any_name(train: str, test: str, classes: list[str]) -> None:
    """Whatever the classes are called, or the message says why not."""
    folders = list(product((train, test), classes))
    try:
        found: object = decided(folders, where="ROOT").roles
    except DataError as error:
        found = "layout=part/class" in str(error) or "folders not named" in str(error)
    assert found in ((Role.PART, Role.CLASS), True)
