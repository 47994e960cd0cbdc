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

from leukokit import load
from leukokit.cli import main
from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.io.tables import csv_bytes
from leukokit.report.html import render_run
from leukokit.testing.images import disks
from tests.conftest import Site

RECIPE = """
leukokit: 1
name: cells
data: {{use: boxes, params: {{root: {root}}}}}
unit: {{of: cell, labels: {{RBC: red cell}}, classes: [red cell, WBC]}}
split: {{method: holdout, test: 0.25, validation: 0.25, group: false}}
features: [haralick]
classify: decision_tree
audit: {{enabled: false}}
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
    options = ("--executor", "inline", "--cache-dir", folder / "cache", "--no-report")
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
    damaged = rejected[rejected["reason"] == "damaged"]
    assert len(damaged) > 1
    assert set(damaged["id"].str.split("#").str[0]) == {"3.png"}
    predicted = pd.read_csv(run / "predictions.csv")
    assert predicted["id"].str.match(r"\d+\.png#\d+").all()
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["test"]["accuracy"] > 0.8
    assert json.loads((run / "provenance.json").read_text())["data"]["groups_are"] == "view"
    assert json.loads((run / "resolved.json").read_text())["unit"]["of"] == "cell"


def test_a_model_of_cells_counts_the_cells_of_fields(
    finished: tuple[Result, Path], fields: Path, tmp_path: Path
) -> None:
    """A row a cell; shares with intervals for each field, each patient and all; a damaged field is told."""
    _, run = finished
    (fields / "fields.csv").write_text("path,patient\n0.png,A\n1.png,A\n2.png,B\n3.png,B\n")
    files = ("--out", tmp_path / "cells.csv", "--counts", tmp_path / "counts.csv")
    options = ("--cells", "multi_otsu", "--executor", "inline", "--json")
    result = leukokit("predict", run, fields / "fields.csv", *files, *options)
    assert result.exit_code == 0, result.output
    assert "1 of 4 fields could not be used, such as 3.png: damaged" in result.stderr
    cells = pd.read_csv(tmp_path / "cells.csv")
    assert set(cells["image"].str.split("#").str[0]) == {"0.png", "1.png", "2.png"}
    counts = pd.read_csv(tmp_path / "counts.csv", keep_default_na=False, na_values={"share": ["", "nan"]})
    assert set(zip(counts["level"], counts["id"], strict=True)) == {
        *(("field", f"{number}.png") for number in range(4)),
        ("patient", "A"),
        ("patient", "B"),
        ("all", ""),
    }
    whole = counts[counts["level"] == "all"]
    assert whole["count"].sum() == len(cells) == whole["cells"].iloc[0]
    for name, count in zip(whole["class"], whole["count"], strict=True):
        assert count == (cells["predicted"] == name).sum()
    of_patient = counts[(counts["id"] == "A") & (counts["class"] == "WBC")].iloc[0]
    assert of_patient["cells"] == cells["image"].str.match("[01].png").sum()
    known = counts[counts["cells"] > 0]
    assert ((known["low"] <= known["share"]) & (known["share"] <= known["high"])).all()
    empty = counts[counts["id"] == "3.png"]
    assert (empty["cells"] == 0).all()
    assert empty["share"].isna().all()
    assert len(json.loads(result.stdout)["differential"]) == len(counts)
    table = load(run).count_cells(fields / "fields.csv", segmenter="multi_otsu")
    assert csv_bytes(table) == (tmp_path / "counts.csv").read_bytes()


def test_what_cannot_be_counted_is_told(finished: tuple[Result, Path], fields: Path, tmp_path: Path) -> None:
    """Before any cell is predicted."""
    _, run = finished
    image = fields / "0.png"
    unused = leukokit("predict", run, image, "--cells", "none", "--counts", tmp_path / "counts.csv")
    assert unused.exit_code == 2
    assert "--counts is for cells: name a segmenter" in unused.stderr
    scored = leukokit("predict", run, image, "--run-dir", tmp_path / "scored")
    assert scored.exit_code == 2
    assert "cells that a segmenter finds have none" in scored.stderr
    blank = tmp_path / "blank.png"
    Image.fromarray(np.full((64, 64, 3), 230, np.uint8)).save(blank)
    nothing = leukokit("predict", run, blank, "--executor", "inline")
    assert nothing.exit_code == 1
    assert "smear_cells found no cell in 1 images" in nothing.stderr


DEADLY = """
from leukokit.api import ComponentSpec, hookimpl

@hookimpl
def leukokit_segmenters():
    return [ComponentSpec("ends", "leukokit_deadly_part:Ends", "Ends the process that imports it.")]
"""


def test_a_segmenter_that_ends_the_process_is_named(
    finished: tuple[Result, Path], fields: Path, site: Site
) -> None:
    """Exit code 1 and not that of the plugin, 0."""
    site.install("leukokit-deadly", "deadly", DEADLY)
    (site.folder / "leukokit_deadly_part.py").write_text("import os\nos._exit(0)\n")
    done = site.run("-m", "leukokit", "predict", str(finished[1]), str(fields), "--cells", "deadly/ends")
    assert done.returncode == 1, done.stderr
    assert "the import of leukokit_deadly_part" in done.stderr
    assert "its process died, exit code 0" in done.stderr
    assert done.stdout == ""


def test_report_and_comparison_count_cells(finished: tuple[Result, Path]) -> None:
    _, run = finished
    page = render_run(FinishedRun(run))
    for words in ("Cells by class and part", "cells of the data set", "Rejected cells", "Each class"):
        assert words in page
    for words in ("Images by class", "test images were classified", ">images<"):
        assert words not in page
    compared = leukokit("compare", run, run)
    assert compared.exit_code == 0, compared.output
    assert "test cells in" in compared.stdout
    assert "Every cell is judged the same." in compared.stdout
