"""Every built-in component keeps the promises of the plugin contract."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import pytest

from leukokit.api import Aggregate, Kind
from leukokit.catalog import CatalogEntry, discover
from leukokit.errors import CatalogError
from leukokit.testing import Check, component_checks
from leukokit.testing.images import disks

# Data sets that cannot be built without a file or folder; they have a test of their own below.
NEEDS_FILES = {"boxes", "folder", "table"}
# Beside the defaults: settings that take another path through the code.
MORE_SETTINGS: dict[str, tuple[dict[str, Any], ...]] = {
    "reinhard": ({"template": "fitted"},),
    "histogram_match": ({"template": "fitted"},),
    "svm": ({"calibration": "isotonic"}, {"calibration": "temperature", "gamma": {"over_d": 0.3}}),
    "knn": ({"weights": "distance", "metric": "cosine"},),
    "morphology": ({"aggregates": [str(how) for how in Aggregate], "measures": ["area"]},),
    "permutation_importance": ({"scoring": "log_loss", "repeats": 3},),
}
# Fewer trees and smaller networks make the same code faster.
_TINY_NETWORK = {"backbone": "MobileNetV2", "alpha": 0.35, "weights": "none", "side": 64}
SMALLER: dict[str, dict[str, Any]] = {
    "keras_cnn": {**_TINY_NETWORK, "epochs": 1},
    "deep_features": {**_TINY_NETWORK, "tta": "flips"},
    "random_forest": {"n_estimators": 8},
    "extra_trees": {"n_estimators": 8},
    "gradient_boosting": {"max_iter": 5},
}

QUICK = {"keras_cnn": {"saved_model_predicts_the_same", "invalid_training_data_is_rejected"}}
"""Checks that run with every change, of components where each check trains a network."""


def built_ins() -> Iterator[CatalogEntry]:
    catalog = discover()
    for kind in catalog.kinds:
        yield from (entry for entry in catalog.of(kind) if entry.distribution == "leukokit")


def all_checks() -> Iterator[Any]:
    for entry in built_ins():
        if entry.name in NEEDS_FILES:
            continue
        settings = (SMALLER.get(entry.name, {}), *MORE_SETTINGS.get(entry.name, ()))
        for params in settings:
            shown = ",".join(f"{key}={value}" for key, value in params.items())
            try:
                entry.load()
            except CatalogError as error:  # one broken component fails alone
                yield pytest.param(
                    Check("can_be_imported", partial(_fail, str(error))), id=f"{entry.name}-import"
                )
                break
            for check in component_checks(entry.spec.target, params):
                quick = check.id in QUICK.get(entry.name, {check.id})
                marks = () if quick else pytest.mark.slow
                yield pytest.param(check, id=f"{entry.name}[{shown}]-{check.id}", marks=marks)


def _fail(reason: str) -> None:
    pytest.fail(reason)


@pytest.mark.parametrize("check", list(all_checks()))
def test_built_in_component_keeps_the_contract(check: Check) -> None:
    """One id a component, setting and check."""
    check()


BOX = "<bndbox><xmin>5</xmin><ymin>6</ymin><xmax>30</xmax><ymax>28</ymax></bndbox>"


@pytest.fixture
def class_folders(tmp_path: Path) -> Path:
    """Two classes with three small images each, a box in each, and a table of them."""
    rows = ["path,label,group"]
    for number in range(6):
        label = "benign" if number % 2 else "pro"
        path = tmp_path / "images" / label / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image, _ = disks(number, size=48)
        path.write_bytes(cv2.imencode(".png", image[:, :, ::-1])[1].tobytes())
        rows.append(f"{path.relative_to(tmp_path)},{label},patient-{number}")
        boxes = f"<object><name>WBC</name>{BOX}</object>"
        path.with_suffix(".xml").write_text(f"<annotation>{boxes}</annotation>")
    (tmp_path / "table.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


@pytest.mark.parametrize("name", sorted(NEEDS_FILES))
def test_data_set_of_files_keeps_the_contract(name: str, class_folders: Path) -> None:
    """Folders of classes, images with boxes and a table of paths pass every check of data sets."""
    entry = discover().get(Kind.DATASET, name)
    given: dict[str, Any] = (
        {"file": str(class_folders / "table.csv")}
        if name == "table"
        else {"root": str(class_folders / "images")}
    )
    for check in component_checks(entry.spec.target, given):
        check()
