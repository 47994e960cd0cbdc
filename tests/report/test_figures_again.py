"""``leukokit report RUN`` draws every figure again from the run directory alone, by the installed command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from leukokit.testing.images import disks
from tests.warm_command import run_command

TINY = Path(__file__).parents[1] / "engine" / "tiny"
QUICKSTART = Path(__file__).parents[2] / "recipes" / "quickstart.yaml"

HEAD = """
leukokit: 1
name: again
seed: 5
audit: {enabled: false}
data: {use: folder, params: {root: ROOT}}
"""
RECIPES = {
    "heat": "segment: multi_otsu\nsplit: {method: holdout, test: 0.3, validation: 0.3}\n"
    "classify: tiny/mean_color\nexplain: tiny/darkness\n",
    "folds": "segment: multi_otsu\nsplit: {method: kfold, folds: 2, by: random}\nfeatures: [intensity]\n"
    "classify: tiny/hybrid\nexplain: [tiny/darkness, {use: permutation_importance, params: {repeats: 2}}]\n",
    "exploration": "segment: multi_otsu\nfeatures: [intensity]\n",
}
FIGURES = {
    "quickstart": {"confusion_test", "confusion_validation", "permutation_importance", "segmentation"},
    "heat": {
        *("alignment", "confusion_test", "confusion_validation", "segmentation"),
        *("tiny.darkness_few", "tiny.darkness_many"),
    },
    "folds": {
        *("alignment", "confusion_test", "permutation_importance", "segmentation"),
        "tiny.darkness_few",  # the four images of the first fold
    },
    "exploration": {"features_by_class", "segmentation"},
}


def leukokit(*arguments: object, cache: Path) -> subprocess.CompletedProcess[str]:
    """Call the command in another process, with the plugin of the tests, and with this cache."""
    path = os.pathsep.join([str(TINY), *(entry for entry in sys.path if entry)])
    environment = {**os.environ, "PYTHONPATH": path, "LEUKOKIT_CACHE": str(cache), "COLUMNS": "1000"}
    environment.pop("LEUKOKIT_DATA", None)
    return run_command([*map(str, arguments)], cwd=cache.parent, env=environment, timeout=300)


def finished(name: str, folder: Path) -> Path:
    """Run a recipe to its end, then take images and cache away and move the directory."""
    if name == "quickstart":
        recipe = ["--set", "data.params.per_class=12", str(QUICKSTART)]
    else:
        for number, (label, cells) in enumerate((("few", 1), ("many", 4))):
            (folder / "images" / label).mkdir(parents=True)
            for i in range(12):
                # Larger than its panel, so that what is kept is reduced.
                image, _ = disks(seed=100 * number + i, size=600, cells=cells)
                Image.fromarray(image).save(folder / "images" / label / f"{i:02d}.png")
        (folder / "recipe.yaml").write_text(HEAD.replace("ROOT", str(folder / "images")) + RECIPES[name])
        recipe = [str(folder / "recipe.yaml")]
    done = leukokit("run", *recipe, "--run-dir", folder / "first", "--quiet", cache=folder / "cache")
    assert done.returncode == 0, done.stderr
    shutil.rmtree(folder / "images", ignore_errors=True)
    shutil.rmtree(folder / "cache")
    return (folder / "first").rename(folder / "moved")


@pytest.fixture(scope="module")
def heat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run directory with heat maps; tests copy it."""
    return finished("heat", tmp_path_factory.mktemp("heat"))


@pytest.fixture
def copy(heat: Path, tmp_path: Path) -> Path:
    """Run directory with heat maps, for a test to change."""
    return Path(shutil.copytree(heat, tmp_path / "run"))


def content(run: Path) -> dict[str, bytes]:
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in run.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "name",
    [
        "quickstart",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("exploration", "folds", "heat")),
    ],
)
def test_every_figure_and_the_page_are_the_same_to_the_byte(name: str, tmp_path: Path) -> None:
    """Without images and cache, in another place; no other file of the directory is touched."""
    run = finished(name, tmp_path)
    before = content(run)
    assert {Path(file).stem for file in before if file.startswith("figures/")} == FIGURES[name]
    shutil.rmtree(run / "figures")
    (run / "report.html").unlink()
    done = leukokit("report", run, cache=tmp_path / "nothing")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    after = content(run)
    assert sorted(after) == sorted(before)
    assert [file for file in before if before[file] != after[file]] == []


def test_another_page_leaves_the_directory_alone(copy: Path, tmp_path: Path) -> None:
    """With ``--out`` nothing is drawn into a directory that may not be one's own."""
    shutil.rmtree(copy / "figures")
    before = content(copy)
    done = leukokit("report", copy, "--out", tmp_path / "page.html", cache=tmp_path / "nothing")
    assert done.returncode == 0, done.stderr
    assert content(copy) == before


def test_older_runs_say_what_cannot_be_drawn(copy: Path, tmp_path: Path) -> None:
    """The figure that is there stays, the others are drawn, and the exit code is 0."""
    shutil.rmtree(copy / "pictures" / "segmented")
    shutil.rmtree(copy / "pictures" / "explained")
    before = content(copy)
    (copy / "figures" / "confusion_test.png").unlink()
    (copy / "figures" / "segmentation.png").write_bytes(b"of an older version")
    done = leukokit("report", copy, cache=tmp_path / "nothing")
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert lines[0].startswith(
        "not drawn again: figures/segmentation.png. The run directory has no pictures/segmented/index.json"
    )
    assert lines[1].startswith("not drawn again: the heat maps of tiny.darkness. The run directory has no")
    assert all(line.endswith("run the recipe again to have the file.") for line in lines)
    assert (copy / "figures" / "segmentation.png").read_bytes() == b"of an older version"
    assert (copy / "figures" / "confusion_test.png").read_bytes() == before["figures/confusion_test.png"]


def broken_archive(run: Path) -> str:
    (run / "pictures/segmented/labels.npz").write_bytes(b"PK\3\4 no more")
    return "labels.npz: cannot be read as arrays: File is not a zip file"


def another_archive(run: Path) -> str:
    shutil.copy(run / "explanations/tiny.darkness/heat.npz", run / "pictures/segmented/labels.npz")
    return "labels.npz: has no array '0000'"


def missing_picture(run: Path) -> str:
    (run / "pictures/segmented/000000.png").unlink()
    return "pictures/segmented/000000.png: there is no such file"


def damaged_picture(run: Path) -> str:
    (run / "pictures/explained/000000.png").write_bytes(b"no picture")
    return "pictures/explained: names '000000.png', which is no PNG picture beside it"


def picture_elsewhere(run: Path) -> str:
    index = run / "pictures/segmented/index.json"
    told = json.loads(index.read_text())
    told["pictures"][0]["file"] = "../explained/000000.png"
    index.write_text(json.dumps(told))
    return "pictures/segmented: names '../explained/000000.png', which is no PNG picture beside it"


def another_shape(run: Path) -> str:
    index = run / "pictures/segmented/index.json"
    told = json.loads(index.read_text())
    told["pictures"][0]["height"] += 1
    index.write_text(json.dumps(told))
    return (
        "holds an array of shape (600, 600) with numbers up to 1; expected a label image of shape (601, 600)"
    )


def unknown_status(run: Path) -> str:
    index = run / "pictures/segmented/index.json"
    told = json.loads(index.read_text())
    told["pictures"][0]["status"] = "fine"
    index.write_text(json.dumps(told))
    return "'fine' is not a valid Status"


@pytest.mark.parametrize(
    "damage",
    [
        broken_archive,
        another_archive,
        missing_picture,
        damaged_picture,
        picture_elsewhere,
        another_shape,
        unknown_status,
    ],
)
def test_damaged_pictures_are_named(copy: Path, tmp_path: Path, damage) -> None:
    """File, what is wrong, and what to do; exit code 2."""
    message = damage(copy)
    done = leukokit("report", copy, cache=tmp_path / "nothing")
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "The run directory is damaged: run the recipe again" in done.stderr


def test_figures_are_not_written_through_a_link(copy: Path, tmp_path: Path) -> None:
    """A directory from a stranger writes nowhere else."""
    shutil.rmtree(copy / "figures")
    (tmp_path / "elsewhere").mkdir()
    (copy / "figures").symlink_to(tmp_path / "elsewhere")
    done = leukokit("report", copy, cache=tmp_path / "nothing")
    assert done.returncode != 0
    assert "this output would be written outside the run directory" in done.stderr
    assert list((tmp_path / "elsewhere").iterdir()) == []
