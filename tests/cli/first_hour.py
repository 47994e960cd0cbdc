"""The likeliest mistakes of a first hour: small files with each of them, and the commands that meet them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2

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
    """

    what: str
    command: str
    environment: dict[str, str] = field(default_factory=dict)


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
    Mistake("a key of the recipe is misspelled", "check key.yaml"),
    Mistake("a component is misspelled", "check component.yaml"),
    Mistake("a parameter is misspelled", "check parameter.yaml"),
    Mistake("a parameter is a word instead of a number", "check word.yaml"),
    Mistake("a parameter is out of range", "check range.yaml"),
    Mistake("features of cells without a segmenter", "check flow.yaml"),
    Mistake("a component of a plugin that is not installed", "check plugin.yaml"),
    Mistake("--set without a value", "check recipe.yaml --set classify.n_neighbors"),
    Mistake("--set of a key that is not there", "check recipe.yaml --set classify.params.neighbors=3"),
    Mistake("a value of --set without quotes", "check recipe.yaml --set classify={use: knn}"),
    Mistake("a value of --set that is cut off", "check recipe.yaml --set classify={use:"),
    Mistake("a value of --set without a blank", "check recipe.yaml --set classify={use:knn}"),
    Mistake("images without folders of classes", "run recipe.yaml --data flat"),
    Mistake("a folder without images", "run recipe.yaml --data empty"),
    Mistake("one class only", "run recipe.yaml --data one_class"),
    Mistake("one image a class", "run recipe.yaml --data one_image"),
    Mistake("folders that can be read in two ways", "run recipe.yaml --data unsure"),
    Mistake("folders of parts with other classes", "run recipe.yaml --data parts"),
    Mistake("pictures in a format that is not read", "run recipe.yaml --data raw"),
    Mistake("a table without a column of paths", "run recipe.yaml --data no_path.csv"),
    Mistake("a table whose images are elsewhere", "run recipe.yaml --data elsewhere.csv"),
    Mistake("a table without classes", "run recipe.yaml --data no_label.csv"),
    Mistake("the paper's data are not there", "check paper.yaml"),
    Mistake("LEUKOKIT_DATA is wrong", "check paper.yaml", {"LEUKOKIT_DATA": "nowhere"}),
    Mistake("LEUKOKIT_DATA is wrong and not needed", "run recipe.yaml", {"LEUKOKIT_DATA": "nowhere"}),
    Mistake("more workers than none", "run recipe.yaml --workers 0"),
    Mistake("a folder of images in place of a run", "report images"),
    Mistake("a folder of images in place of a model", "predict images images"),
    Mistake("nothing to predict", "predict runs"),
    Mistake("one run to compare", "compare runs"),
    Mistake("a component to show is misspelled", "show svmm"),
    Mistake("a data set to get is misspelled", "data get all_pbss"),
    Mistake("nothing to audit", "audit imagse"),
    Mistake("questions without a terminal", "new recipe images"),
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
        "paper": RECIPE.replace("folder, params: {root: images}", "all_pbs").replace(
            "split: {method: holdout, test: 0.3, validation: 0}\n", ""
        ),
    }
    for name, text in recipes.items():
        (root / f"{name}.yaml").write_text(text)
    for number in range(6):
        for label in ("ALL", "healthy"):
            write_image(root / "images" / label / f"{number}.png", number)
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
    (root / "no_path.csv").write_text("name;diagnosis\nfirst;ALL\nsecond;healthy\n")
    (root / "elsewhere.csv").write_text("path,label\nD:\\smears\\1.png,ALL\nD:\\smears\\2.png,healthy\n")
    (root / "no_label.csv").write_text("path\nimages/ALL/0.png\nimages/healthy/1.png\n")
    (root / "runs").mkdir()


def write_image(path: Path, seed: int) -> None:
    """Write a picture of two disks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image, _ = disks(seed=seed, size=48, cells=2)
    cv2.imwrite(str(path), image[:, :, ::-1])
