"""A recipe with ``unit: cell``, through the command line: fields with boxes in, cells in all tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from PIL import Image
from scipy import ndimage

from leukokit.cli import main
from leukokit.testing.images import disks

RECIPE = """
leukokit: 1
name: cells
data: {{use: boxes, params: {{root: {root}}}}}
unit: {{of: cell, labels: {{RBC: red cell}}, classes: [red cell, WBC]}}
split: {{method: holdout, test: 0.25, validation: 0.25, group: false}}
features: [lbp]
classify: knn
"""
FIELDS = 12


def field(folder: Path, number: int) -> None:
    """Write an image of disks, and the boxes around them as VOC has them."""
    image, labels = disks(seed=number, size=128, cells=3)
    Image.fromarray(np.asarray(image)).save(folder / f"{number}.png")
    objects = ["<object><name>speck</name><bndbox><xmin>3</xmin><ymin>3</ymin><xmax>4</xmax><ymax>4</ymax>"]
    objects[0] += "</bndbox></object>"
    for role, name in (("cell", "WBC"), ("red_cell", "RBC")):
        for place in ndimage.find_objects(labels.roles[role]):
            if place is not None:
                rows, columns = place
                edges = {"xmin": columns.start, "ymin": rows.start, "xmax": columns.stop, "ymax": rows.stop}
                box = "".join(f"<{edge}>{value}</{edge}>" for edge, value in edges.items())
                objects.append(f"<object><name>{name}</name><bndbox>{box}</bndbox></object>")
    (folder / f"{number}.xml").write_text(f"<annotation>{''.join(objects)}</annotation>")


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fields")
    for number in range(FIELDS):
        field(folder, number)
    damaged = folder / "3.png"
    damaged.write_bytes(damaged.read_bytes()[:-400])
    return folder


def leukokit(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture(scope="module")
def finished(fields: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    folder = tmp_path_factory.mktemp("run")
    (folder / "recipe.yaml").write_text(RECIPE.format(root=fields))
    run = folder / "run"
    options = ("--executor", "inline", "--cache-dir", folder / "cache")
    result = leukokit("run", folder / "recipe.yaml", "--run-dir", run, *options)
    return result, run


def test_cells_are_the_samples_of_every_table(finished: tuple[Result, Path]) -> None:
    """Images stay whole whatever the split says; cells of a damaged image are rejected one by one."""
    result, run = finished
    assert result.exit_code == 0, result.output
    assert "boxes smaller than 2 x 2 px, left out: 12, the first in 0.png" in result.stderr
    split = pd.read_csv(run / "split.csv")
    assert set(split["label"]) == {"red cell", "WBC"}
    assert (split.groupby(split["id"].str.split("#").str[0])["part"].nunique() == 1).all()
    assert set(split["group"]) == {f"{number}.png" for number in range(FIELDS)}
    rejected = pd.read_csv(run / "rejected.csv")
    assert len(rejected) > 1
    assert set(rejected["id"].str.split("#").str[0]) == {"3.png"}
    assert set(rejected["reason"]) == {"damaged"}
    predicted = pd.read_csv(run / "predictions.csv")
    assert predicted["id"].str.match(r"\d+\.png#\d+").all()
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] > 0.8
    assert json.loads((run / "provenance.json").read_text())["data"]["groups_are"] == "view"
    assert json.loads((run / "resolved.json").read_text())["unit"]["of"] == "cell"
    page = (run / "report.html").read_text()
    assert "9.png#" in page or "8.png#" in page or "11.png#" in page
    audit = json.loads((run / "audit.json").read_text())
    assert audit["findings"]
