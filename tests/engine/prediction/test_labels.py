"""True classes come from tables and from folders that are named after classes."""

from __future__ import annotations

from pathlib import Path

from leukokit.api import Sample
from leukokit.engine.prediction.given import GivenImages, find_images
from leukokit.engine.prediction.labels import true_classes

CLASSES = ("Benign", "Early")


def pictures(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def none(_: str) -> list[Sample]:
    raise AssertionError("there is no table")


def test_folders_inside_the_given_one(tmp_path: Path) -> None:
    root = pictures(tmp_path, "Benign/10.png", "Benign/2.png", "early/a/1.png", "other/1.png", "1.png")
    images = find_images([str(root)], none)
    assert [Path(sample.id).relative_to(root).as_posix() for sample in images] == [
        "1.png",
        "Benign/2.png",
        "Benign/10.png",
        "early/a/1.png",
        "other/1.png",
    ]
    truth = true_classes(images, CLASSES)
    assert list(truth.by_id.values()) == ["Benign", "Benign", "Early"]
    assert truth.unknown == {"other": 1}
    assert truth.renamed == {"early": "Early"}
    assert truth.unlabeled == 1
    assert len(truth.sentences(CLASSES)) == 3


def test_a_given_folder_is_a_class_itself(tmp_path: Path) -> None:
    root = pictures(tmp_path, "Benign/1.png", "Early/1.png")
    images = find_images([str(root / "Benign"), str(root / "Early")], none)
    assert list(true_classes(images, CLASSES).by_id.values()) == ["Benign", "Early"]


def test_folders_that_are_no_classes_give_no_labels(tmp_path: Path) -> None:
    root = pictures(tmp_path, "slide1/1.png", "slide2/1.png")
    truth = true_classes(find_images([str(root)], none), CLASSES)
    assert truth.by_id == {}
    assert truth.unknown == {}


def test_labels_and_groups_of_tables() -> None:
    samples = [Sample("a", path=Path("a"), label="Benign", group="p1"), Sample("b", path=Path("b"))]
    images = GivenImages()
    for sample in samples:
        images.add(sample)
    truth = true_classes(images, CLASSES)
    assert truth.by_id == {"a": "Benign"}
    assert truth.groups == {"a": "p1"}


def test_two_classes_that_differ_in_case_only_are_not_guessed() -> None:
    images = GivenImages()
    images.add(Sample("a", path=Path("a"), label="EARLY"))
    assert true_classes(images, ("Early", "early")).unknown == {"EARLY": 1}
