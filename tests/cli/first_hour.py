"""The likeliest mistakes of a first hour: small files with each of them, and the commands that meet them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from leukokit.testing.images import disks

RECIPE = """\
leukokit: 1
name: first
data: {use: folder, params: {root: images}}
split: {method: holdout, test: 0.3, validation: 0}
features: [intensity]
classify: {use: knn, params: {n_neighbors: 1}}
"""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake, and the command that meets it.

    Attributes
    ----------
    what : str
        What went wrong, for readers of the golden file.
    command : str
        Arguments of ``leukokit``, separated by blanks.
    environment : dict
        Variables beside those of the tests.
    code : int
        Exit code of the command.
    """

    what: str
    command: str
    environment: dict[str, str] = field(default_factory=dict)
    code: int = 2


MISTAKES = (
    Mistake("a command is misspelled", "rnu recipe.yaml"),
    Mistake("no recipe is named", "run"),
    Mistake("the recipe is not there", "run recipes/first.yaml"),
    Mistake("a folder is named in place of a recipe", "run images"),
    Mistake("an image is named in place of a recipe", "run images/ALL/0.png"),
    Mistake("an option is misspelled", "run recipe.yaml --dat images"),
    Mistake("the folder after --data is misspelled", "run recipe.yaml --data imagse"),
    Mistake("--data names one image", "run recipe.yaml --data images/ALL/0.png"),
    Mistake("the recipe is indented wrongly", "check indented.yaml"),
    Mistake("the recipe is indented with tabs", "check tabs.yaml"),
    Mistake("the recipe is of another version", "check version.yaml"),
    Mistake("the recipe lacks its first line", "check no_version.yaml"),
    Mistake("the recipe is empty", "check blank.yaml"),
    Mistake("a path of Windows in double quotes", "check windows.yaml"),
    Mistake("a table is named in place of a recipe", "check no_path.csv"),
    Mistake("a key of the recipe is misspelled", "check key.yaml"),
    Mistake("a component is misspelled", "check component.yaml"),
    Mistake("a parameter is misspelled", "check parameter.yaml"),
    Mistake("a parameter is a word instead of a number", "check word.yaml"),
    Mistake("a parameter is out of range", "check range.yaml"),
    Mistake("features of cells without a segmenter", "check flow.yaml"),
    Mistake("a component of a plugin that is not installed", "check plugin.yaml"),
    Mistake("--set without a value", "check recipe.yaml --set classify.n_neighbors"),
    Mistake("--set of a key that is not there", "check recipe.yaml --set classify.params.neighbors=3"),
    Mistake("--set of a section that is not there", "check recipe.yaml --set clasify.use=svm"),
    Mistake("a value of --set without quotes", "check recipe.yaml --set classify={use: knn}"),
    Mistake("a value of --set that is cut off", "check recipe.yaml --set classify={use:"),
    Mistake("a value of --set without a blank", "check recipe.yaml --set classify={use:knn}"),
    Mistake("images without folders of classes", "run recipe.yaml --data flat"),
    Mistake("a folder without images", "run recipe.yaml --data empty"),
    Mistake("the folder of one class in place of that of all", "run recipe.yaml --data images/ALL"),
    Mistake("a packed folder", "run recipe.yaml --data images.zip"),
    Mistake("photographs of a telephone", "run recipe.yaml --data heic"),
    Mistake(
        "images of 16 bits",
        "run recipe.yaml --data tiff16 --workers 1 --no-report --run-dir runs/deep --set audit.enabled=false",
        code=1,
    ),
    Mistake("a class that is written in two ways", "check recipe.yaml --data two_ways.csv"),
    Mistake("one picture in two classes", "check recipe.yaml --data copied"),
    Mistake("an image is named twice in a table", "check recipe.yaml --data twice.csv"),
    Mistake("one class only", "run recipe.yaml --data one_class"),
    Mistake("one image a class", "run recipe.yaml --data one_image"),
    Mistake("folders that can be read in two ways", "run recipe.yaml --data unsure"),
    Mistake("folders of parts with other classes", "run recipe.yaml --data parts"),
    Mistake("pictures in a format that is not read", "run recipe.yaml --data raw"),
    Mistake("a table without a column of paths", "run recipe.yaml --data no_path.csv"),
    Mistake("a column of the table is misspelled", "check columns.yaml"),
    Mistake("a table whose images are elsewhere", "run recipe.yaml --data elsewhere.csv"),
    Mistake("a table without classes", "run recipe.yaml --data no_label.csv"),
    Mistake("the paper's data are not there", "check paper.yaml"),
    Mistake("LEUKOKIT_DATA is wrong", "check paper.yaml", {"LEUKOKIT_DATA": "nowhere"}),
    Mistake("LEUKOKIT_DATA is wrong and not needed", "run recipe.yaml", {"LEUKOKIT_DATA": "nowhere"}),
    Mistake("more workers than none", "run recipe.yaml --workers 0"),
    Mistake("a place for runs that is a file", "run recipe.yaml --out no_path.csv --no-report", code=1),
    Mistake("a folder of images in place of a run", "report images"),
    Mistake("a folder of images in place of a model", "predict images images"),
    Mistake("nothing to predict", "predict runs"),
    Mistake("an image in place of a model", "predict images/ALL/0.png images"),
    Mistake("no run to compare", "compare"),
    Mistake("one run to compare", "compare runs"),
    Mistake("a component to show is misspelled", "show svmm"),
    Mistake("a data set to get is misspelled", "data get all_pbss"),
    Mistake("nothing to audit", "audit imagse"),
    Mistake("questions without a terminal", "new recipe images"),
    Mistake("a recipe in a folder that is not there", "new recipe images --yes --out nowhere/my.yaml"),
)


def make_workspace(root: Path) -> None:
    """Write the files that the commands meet."""
    recipes = {
        "recipe": RECIPE,
        "indented": RECIPE.replace("split:", "  split:"),
        "tabs": RECIPE.replace("data: {use: folder, params: {root: images}}", "data:\n\tuse: smears"),
        "key": RECIPE.replace("classify", "clasify"),
        "component": RECIPE.replace("knn", "kmn"),
        "parameter": RECIPE.replace("n_neighbors", "neighbors"),
        "word": RECIPE.replace("n_neighbors: 1", "n_neighbors: three"),
        "range": RECIPE.replace("n_neighbors: 1", "n_neighbors: 0"),
        "flow": RECIPE.replace("[intensity]", "[morphology]"),
        "plugin": RECIPE.replace("knn, params: {n_neighbors: 1}", "stardist/cnn"),
        "version": RECIPE.replace("leukokit: 1", "leukokit: 2"),
        "no_version": RECIPE.replace("leukokit: 1\n", ""),
        "blank": "",
        "windows": RECIPE.replace("root: images", 'root: "C:\\smears\\new"'),
        "columns": RECIPE.replace(
            "{use: folder, params: {root: images}}",
            "{use: table, params: {file: two_ways.csv, columns: {path: file}}}",
        ),
        "paper": RECIPE.replace("folder, params: {root: images}", "all_pbs").replace(
            "split: {method: holdout, test: 0.3, validation: 0}\n", ""
        ),
    }
    for name, text in recipes.items():
        (root / f"{name}.yaml").write_text(text)
    for number in range(6):
        for seed, label in ((number, "ALL"), (20 + number, "healthy")):
            write_image(root / "images" / label / f"{number}.png", seed)
            write_image(root / "copied" / label / f"{number}.png", number)
        write_image(root / "one_class" / "ALL" / f"{number}.png", number)
    write_image(root / "flat" / "1.png", 1)
    for number, label in enumerate(("ALL", "healthy")):
        write_image(root / "one_image" / label / "1.png", number)
        write_image(root / "unsure" / "A" / str(number + 1) / f"{number}.png", number)
        write_image(root / "unsure" / "B" / str(number + 1) / f"{number}.png", number + 2)
    for number, name in enumerate(("train/ALL", "train/healthy", "test/AML", "test/healthy")):
        write_image(root / "parts" / name / "1.png", number)
    (root / "empty").mkdir()
    for label in ("ALL", "healthy"):
        (root / "raw" / label).mkdir(parents=True)
        (root / "raw" / label / "1.czi").write_bytes(b"raw")
        (root / "heic" / label).mkdir(parents=True)
        (root / "heic" / label / "IMG_1.HEIC").write_bytes(b"telephone")
        (root / "tiff16" / label).mkdir(parents=True)
        for number in range(2):
            image = cv2.imread(str(root / "images" / label / f"{number}.png"))
            assert image is not None
            cv2.imwrite(str(root / "tiff16" / label / f"{number}.tiff"), image.astype(np.uint16) * 200)
    (root / "images.zip").write_bytes(b"PK")
    (root / "two_ways.csv").write_text(
        "path,label\nimages/ALL/0.png,ALL\nimages/ALL/1.png,all \nimages/healthy/0.png,healthy\n"
    )
    (root / "twice.csv").write_text(
        "path,label\nimages/ALL/0.png,ALL\nimages/ALL/0.png,healthy\nimages/healthy/0.png,healthy\n"
    )
    (root / "no_path.csv").write_text("name;diagnosis\nfirst;ALL\nsecond;healthy\n")
    (root / "elsewhere.csv").write_text("path,label\nD:\\smears\\1.png,ALL\nD:\\smears\\2.png,healthy\n")
    (root / "no_label.csv").write_text("path\nimages/ALL/0.png\nimages/healthy/1.png\n")
    (root / "runs").mkdir()


def write_image(path: Path, seed: int) -> None:
    """Write a picture of two disks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image, _ = disks(seed=seed, size=48, cells=2)
    cv2.imwrite(str(path), image[:, :, ::-1])
