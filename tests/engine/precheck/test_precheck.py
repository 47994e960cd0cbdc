"""What is found before a run: each finding says what and what to do, and no picture is decoded."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from leukokit.catalog import discover
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.precheck import RecipeExamination, examination, examine_recipe, sizes
from leukokit.recipe import load_recipe_text

CATALOG = discover()


def images(root: Path, **counts: int) -> Path:
    """Write different small pictures of each class."""
    number = 0
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for i in range(count):
            number += 1
            pixels = np.full((24, 24, 3), (number % 250, number // 250, 7), np.uint8)
            Image.fromarray(pixels).save(root / name / f"{i}.png")
    return root


def examined(root: Path | None, workers: int = 2, **sections: Any) -> RecipeExamination:
    """Examine a recipe for a folder of images, with more or other sections."""
    recipe = {"leukokit": 1, "name": "x", "features": ["lbp"], "classify": "svm", **sections}
    recipe.setdefault("data", {"use": "folder", "params": {"root": str(root)}})
    loaded = load_recipe_text(json.dumps(recipe), CATALOG)
    return examine_recipe(
        loaded, out=Path("runs"), cache=Path("cache"), workers=workers, executor=InlineExecutor()
    )


def texts(found: RecipeExamination, area: str) -> list[str]:
    """Level, text and hint of each finding of an area."""
    return [
        f"{finding.level.value}: {finding.text}. {finding.hint}"
        for finding in found.findings
        if finding.area == area
    ]


def test_a_sound_recipe_has_no_findings(tmp_path: Path) -> None:
    """Only the number of images is told."""
    found = examined(images(tmp_path / "i", Benign=60, Pro=60))
    assert found.findings == ()
    assert found.can_run
    assert found.images["test"] == {"Benign": 12, "Pro": 12}


def test_data_that_are_not_there(tmp_path: Path) -> None:
    """An error; other examinations go on."""
    found = examined(tmp_path / "nowhere", classify={"use": "svm"})
    assert not found.can_run
    assert found.images == {}
    assert texts(found, "data")[0].startswith("fail: data set folder: ")


def test_a_wrong_variable_is_an_error_where_it_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, as in a run: also with images of a folder."""
    monkeypatch.setenv("LEUKOKIT_DATA", str(tmp_path / "nowhere"))
    found = examined(images(tmp_path / "i", Benign=60, Pro=60))
    assert not found.can_run
    assert texts(found, "data") == [
        f"fail: LEUKOKIT_DATA is {tmp_path / 'nowhere'}, which does not exist. "
        "Set it to the folder that holds all-pbs, or unset it"
    ]


def test_one_class_is_none(tmp_path: Path) -> None:
    """There is nothing to tell apart."""
    found = examined(images(tmp_path / "i", Benign=30))
    assert texts(found, "classes") == [
        "fail: all images are of one class, 'Benign', and a classifier tells classes apart. "
        "Add images of another class"
    ]


def test_classes_too_small_for_the_split(tmp_path: Path) -> None:
    """The images are counted all the same."""
    found = examined(images(tmp_path / "i", Benign=30, Pro=2))
    assert not found.can_run
    assert found.images == {"all": {"Benign": 30, "Pro": 2}}
    assert "class 'Pro' has 2 samples" in texts(found, "split")[0]


def test_groups_too_few_for_folds(tmp_path: Path) -> None:
    """Three patients cannot be five folds."""
    root = images(tmp_path / "i", Benign=30, Pro=30)
    lines = [f"{name}/{i}.png,{name}{i % 3}" for name in ("Benign", "Pro") for i in range(30)]
    (tmp_path / "groups.csv").write_text("\n".join(["id,group", *lines]))
    data = {"use": "folder", "params": {"root": str(root)}, "groups": str(tmp_path / "groups.csv")}
    found = examined(None, data=data, split={"method": "kfold", "folds": 5})
    assert "60 samples" not in texts(found, "split")[0]
    assert "in 3 groups" in texts(found, "split")[0]
    tuned = examined(None, data=data, tune={"cv": 3, "grid": {"classify.C": [1, 2]}})
    assert texts(tuned, "classes")[:1] == [
        "fail: class 'Benign' has 1 groups (patients, slides) in the training part of split holdout, too few "
        "for tune.cv: 3. Set tune.cv to 2 or less, or add images of this class"
    ]
    assert "svm needs 2 to calibrate its probabilities" in texts(tuned, "classes")[1]


def test_patients_in_several_parts_are_named_before_any_pixel_is_read(tmp_path: Path) -> None:
    """A split by image divides them under one protocol; one that keeps them together is sound."""
    root = tmp_path / "i"
    for number in range(120):
        folder = root / ("Benign" if number < 60 else "Pro") / f"patient_{number // 5:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((24, 24, 3), (number, 7, 7), np.uint8)).save(folder / f"{number}.png")
    split = {"method": "holdout", "test": 0.2, "validation": 0.2}
    apart = {"name": "apart", "split": {"method": "kfold", "folds": 3, "by": "group"}}
    by_image = {"name": "by_image", "split": {**split, "group": False}}
    data = {"use": "folder", "params": {"root": str(root), "layout": "class/patient"}}
    (text,) = texts(examined(None, data=data, evaluate=[by_image, apart]), "split")
    assert text.startswith("note: images of ")
    assert "patients lie in several parts under the protocol by_image (patient_" in text
    assert "by: group" in text
    assert texts(examined(None, data=data, split={**split, "group": True}), "split") == []


def test_few_test_images_and_few_to_calibrate_on(tmp_path: Path) -> None:
    """Notes: the run can start."""
    root = images(tmp_path / "i", Benign=40, Pro=20)
    found = examined(root, calibrate="isotonic")
    assert found.can_run
    assert [text.partition(" in split")[0] for text in texts(found, "classes")] == [
        "note: calibrate: isotonic learns from few validation images",
        "note: few test images (Benign 8, Pro 4): the scores will be very uncertain. Add images, or test "
        "each once (split.method: kfold)",
    ]
    assert examined(root, split={"method": "kfold", "folds": 5}).findings == ()


def test_a_classifier_says_what_it_cannot_learn_from(tmp_path: Path) -> None:
    """Here: more neighbors than images."""
    found = examined(
        images(tmp_path / "i", Benign=20, Pro=20), classify={"use": "knn", "params": {"n_neighbors": 50}}
    )
    assert any("neighbors" in text for text in texts(found, "classes") if text.startswith("fail"))


def test_an_image_that_is_too_large_by_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be rejected, and is named; its pixels are not read."""
    root = images(tmp_path / "i", Benign=60, Pro=60)
    header = b"P6 60000 60000 255\n"  # no pixels follow: decoding would fail
    (root / "Pro" / "huge.png").write_bytes(header)
    (root / "Pro" / "broken.png").write_bytes(b"no picture")
    monkeypatch.setattr(sizes, "_BYTES_A_PIXEL", 10**12)
    found = examined(root, workers=2)
    large, memory = texts(found, "images")
    assert large.startswith("note: 1 images have more than 67,108,864 pixels and will be rejected, such as ")
    assert "Pro/huge.png" in large
    assert "(Benign/" in memory or "(Pro/" in memory
    assert ": 24 x 24 px) takes about " in memory
    assert memory.endswith("Cut the images into tiles")


def test_fewer_workers_are_advised_where_memory_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as fit."""
    root = images(tmp_path / "i", Benign=60, Pro=60)
    limit = sizes.MemoryLimit(single=None, total=4 * 24 * 24 * 100)
    monkeypatch.setattr(sizes.MemoryLimit, "of", staticmethod(lambda _: limit))
    assert texts(examined(root, workers=4), "images") == []
    assert texts(examined(root, workers=5), "images")[0].endswith("Run with --workers 4")


def test_large_data_sets_are_only_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That equal pictures were not looked for is said."""
    root = images(tmp_path / "i", Benign=60, Pro=60)
    (root / "Pro" / "0.png").write_bytes((root / "Benign" / "0.png").read_bytes())
    assert "are the same picture" in texts(examined(root), "data")[0]
    monkeypatch.setattr(examination, "_MOST_READ", 100)
    found = examined(root)
    assert texts(found, "data")[0].startswith("note: identical pictures were not looked for: 0.0 GB")
    assert found.images["all"] == {"Benign": 60, "Pro": 60}


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what may be removed."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=2**20))
    found = examined(images(tmp_path / "i", Benign=60, Pro=60))
    assert texts(found, "disk")[0].startswith("fail: 0.0 GiB free for runs (")
    assert "leukokit cache prune" in texts(found, "disk")[0]


def test_weights_that_are_missing_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras would fetch them: a note, with what to do without the internet."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    root = images(tmp_path / "i", Benign=60, Pro=60)
    network = {"use": "keras_cnn", "params": {"backbone": "ResNet50"}}
    sections: dict[str, Any] = {"features": [], "classify": network}
    (text,) = texts(examined(root, **sections), "needs")
    assert text.startswith("note: classify: the ImageNet weights of ResNet50 are not in ")
    folder = tmp_path / "keras" / "models"
    folder.mkdir(parents=True)
    (folder / "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5").touch()
    assert texts(examined(root, **sections), "needs")
    (folder / "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5").touch()
    assert texts(examined(root, **sections), "needs") == []
