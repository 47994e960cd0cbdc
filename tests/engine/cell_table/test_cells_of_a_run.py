"""A run writes every cell: the table, label images and outlines agree, whatever the workers and the cache."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage.io import imread

from leukokit.testing.images import disks
from tests.engine.cell_table.rasterize import covered
from tests.engine.conftest import Leukokit

RECIPE = """
leukokit: 1
name: cells
audit: {{enabled: false}}
data: {{use: folder, params: {{root: {root}}}, scale: {{red_cell_px: 16}}}}
split: {{method: holdout, test: 0.25, validation: 0.25}}
segment: {{use: multi_otsu, params: {{red_cells: true}}}}
features: [{{use: morphology, params: {{aggregates: [mean, quantiles, count]}}}}, red_cells]
cells: {{table: true, labels: true, geojson: true}}
"""
FILES = ("cells.parquet", "features.parquet", "labels/*", "geojson/*")


@pytest.fixture
def runs(tmp_path: Path, cli: Leukokit, environment: dict[str, str]) -> list[Path]:
    """Run the recipe in one process, in two without cache, and from the cache."""
    environment["LEUKOKIT_PLUGINS"] = "none"
    for first_seed, name in ((0, "one"), (10, "two")):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for i in range(4):
            image, _ = disks(seed=first_seed + i, size=128, cells=3)
            Image.fromarray(image).save(tmp_path / "pictures" / name / f"{name} {i}.png")
    (tmp_path / "recipe.yaml").write_text(RECIPE.format(root=tmp_path / "pictures"))
    ways = {"first": ("--workers", 1), "second": ("--workers", 2, "--no-cache"), "third": ("--workers", 1)}
    for name, options in ways.items():
        done = cli("run", "recipe.yaml", "--run-dir", name, "--no-report", *options)
        assert done.returncode == 0, done.stderr
    return [tmp_path / name for name in ways]


def rings(geometry: dict[str, Any]) -> list[list[list[float]]]:
    """Give the rings of a Polygon or MultiPolygon; each is closed."""
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    found = [ring for polygon in parts for ring in polygon]
    assert all(ring[0] == ring[-1] for ring in found)
    return found


def test_cells_are_written_once_and_the_same(runs: list[Path]) -> None:
    """Files are the same to the byte; table, labels, outlines and features tell of the same cells."""
    first = runs[0]
    names = sorted(str(path.relative_to(first)) for pattern in FILES for path in first.glob(pattern))
    assert len(names) == 2 + 8 * 3 + 1 + 8 + 1
    for other in runs[1:]:
        assert {name: (other / name).read_bytes() for name in names} == {
            name: (first / name).read_bytes() for name in names
        }
    steps = [json.loads(line) for line in (runs[2] / "journal.jsonl").read_text().splitlines()]
    did = {step["step"]: step["did"] for step in steps if step.get("step")}
    assert did["cells"] == "cached for 8"

    cells = pd.read_parquet(first / "cells.parquet")
    assert set(cells["part"]) == {"train", "validation", "test"}
    assert cells.groupby("image")["label"].first().value_counts().to_dict() == {"one": 4, "two": 4}
    white, red = cells[cells["kind"] == "white"], cells[cells["kind"] == "red"]
    assert np.allclose(white["nc_area"], white["nucleus_area_px2"] / white["cell_area_px2"])
    assert np.allclose(white["cell_area_um2"], white["cell_area_px2"] * (7.5 / 16) ** 2)
    assert np.allclose(white["nc_area"], white["morphology_nc_area_ratio"])
    assert (white["red_neighbors"] >= 0).all()
    assert white["pallor"].isna().all()
    assert red["red_cells_touching"].isin([0, 1]).all()

    features = pd.read_parquet(first / "features.parquet").set_index("id")
    count = white.groupby("image").size().reindex(features.index, fill_value=0)
    assert features["morphology_cell_count"].tolist() == count.tolist()
    mean = white.groupby("image")["cell_area_um2"].mean().reindex(features.index)
    assert np.allclose(features["morphology_cell_area_um2_mean"], mean, equal_nan=True)

    _check_label_images(first, cells)
    _check_geojson(first, cells)


def _check_label_images(run: Path, cells: pd.DataFrame) -> None:
    index = pd.read_csv(run / "labels" / "index.csv")
    assert set(index["role"]) == {"nucleus", "cell", "red_cell"}
    for row in index.itertuples():
        labels = imread(run / "labels" / str(row.file))
        assert labels.dtype == np.uint16
        kind = {"red_cell": "red"}.get(str(row.role), "white")
        of_image = cells[(cells["image"] == row.image) & (cells["kind"] == kind)]
        area = "nucleus_area_px2" if row.role == "nucleus" else "cell_area_px2"
        counts = np.bincount(labels.ravel())
        assert [counts[number] for number in of_image["cell"]] == of_image[area].fillna(0).tolist()


def _check_geojson(run: Path, cells: pd.DataFrame) -> None:
    labels_of = pd.read_csv(run / "labels" / "index.csv").set_index(["image", "role"])["file"]
    for row in pd.read_csv(run / "geojson" / "index.csv").itertuples():
        collection = json.loads((run / "geojson" / str(row.file)).read_text())
        assert collection["type"] == "FeatureCollection"
        of_image = cells[cells["image"] == row.image].reset_index(drop=True)
        assert len(collection["features"]) == len(of_image)
        for cell, feature in zip(of_image.itertuples(), collection["features"], strict=True):
            role = "cell" if cell.kind == "white" else "red_cell"
            labels = imread(run / "labels" / str(labels_of[row.image, role]))
            assert np.array_equal(covered(rings(feature["geometry"]), labels.shape), labels == cell.cell)
            properties = feature["properties"]
            assert properties["classification"]["name"] == f"{str(cell.kind).capitalize()} cell"
            assert properties["measurements"]["cell_area_um2"] == cell.cell_area_um2
            assert all(np.isfinite(value) for value in properties["measurements"].values())
            if role == "cell":
                nucleus = imread(run / "labels" / str(labels_of[row.image, "nucleus"])) == cell.cell
                assert np.array_equal(covered(rings(feature["nucleusGeometry"]), labels.shape), nucleus)
        assert len({feature["id"] for feature in collection["features"]}) == len(of_image)
