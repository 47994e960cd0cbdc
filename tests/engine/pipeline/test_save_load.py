"""What a saved pipeline says when something of it is missing, damaged, or another one."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leukokit.api import Preprocessor, Scale, ScaleSource
from leukokit.catalog import Catalog, discover
from leukokit.engine.pipeline.document import ScaleDocument
from leukokit.engine.pipeline.load import load_pipeline
from leukokit.engine.pipeline.save import beside_model, save_pipeline
from leukokit.engine.run_result import RunResult
from leukokit.engine.scale.rule import ScaleRule
from leukokit.errors import CatalogError, DataError, LeukokitError, MissingPackageError
from leukokit.recipe import Bound
from leukokit.recipe.scale import ScaleSetting
from leukokit.smear.pool import Pool
from leukokit.tabular.classifier import TabularClassifier
from tests.engine.pipeline.conftest import WHOLE, run_recipe

SMALL = (
    WHOLE.replace("segment: {{use: multi_otsu}}\n", "")
    .replace(", morphology]", "]")
    .replace(": 10}}", ": 4}}", 1)
)


@pytest.fixture(scope="module")
def result(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """Run once, without segmentation: quick."""
    return run_recipe(SMALL, pictures, tmp_path_factory.mktemp("small"))


@pytest.fixture
def model(result: RunResult, tmp_path: Path) -> Path:
    """Copy ``model/`` for a test to damage."""
    return Path(shutil.copytree(result.path / "model", tmp_path / "model"))


def changed(model: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = model / "pipeline.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_what_lies_in_the_folder(result: RunResult, model: Path, tmp_path: Path) -> None:
    """The fitted template, the model and the document; written again from memory they are the same bytes."""
    names = {path.relative_to(model).as_posix() for path in model.rglob("*") if path.is_file()}
    assert names == {
        "calibration.json",
        "model.skops",
        "model_card.md",
        "pipeline.json",
        "preprocessors/1.npz",
        "unlike.npz",
    }
    fitted = result.folds[0].fitted
    assert fitted is not None
    with np.load(model / "preprocessors" / "1.npz", allow_pickle=False) as arrays:
        assert np.array_equal(
            arrays["histograms"], fitted.pipeline.images.preprocess[1].component.state()["histograms"]
        )
    (tmp_path / "again").mkdir()
    save_pipeline(fitted.pipeline, tmp_path / "again")
    for name in ("model.skops", "pipeline.json", "preprocessors/1.npz", "unlike.npz"):
        assert (tmp_path / "again" / name).read_bytes() == (model / name).read_bytes(), name
    for folder in (result.path, model):
        assert load_pipeline(folder, discover()).classes == ("few", "many")


@pytest.mark.parametrize("name", ["model.skops", "preprocessors/1.npz"])
def test_a_file_that_unpacks_to_gigabytes_is_refused_unpacked(model: Path, name: str) -> None:
    """Whoever makes such a file also writes its digest; leukokit itself never compresses."""
    path = model / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb.npy", "w") as part:
        for _ in range(300):
            part.write(bytes(1_000_000))
    assert path.stat().st_size < 1_000_000
    document = json.loads((model / "pipeline.json").read_text())
    document["files"][name] = hashlib.sha256(path.read_bytes()).hexdigest()
    (model / "pipeline.json").write_text(json.dumps(document))
    with pytest.raises(LeukokitError, match=r"holds a compressed part, 'bomb\.npy'") as refused:
        load_pipeline(model, discover())
    assert refused.value.where == str(path)


@pytest.mark.parametrize("name", ["model.skops", "preprocessors/1.npz"])
def test_a_missing_or_damaged_file_is_named(model: Path, name: str) -> None:
    """One changed byte, a link and a file that is gone are found before anything is read."""
    path = model / name
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DataError, match="is damaged") as damaged:
        load_pipeline(model, discover())
    assert damaged.value.where == str(path)
    path.unlink()
    with pytest.raises(DataError, match="is missing") as missing:
        load_pipeline(model, discover())
    assert missing.value.where == str(path)
    kept = model.parent / "kept"
    kept.write_bytes(content)
    path.symlink_to(kept)
    with pytest.raises(DataError, match="may not be a link"):
        load_pipeline(model, discover())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(format=2), "format: .*install the version that wrote it"),
        (lambda d: d.update(strange=1), "strange"),
        (lambda d: d.pop("classes"), "classes: Field required"),
        (lambda d: d["files"].update({"../out": "0" * 64}), "outside of its folder"),
        (lambda d: d.update(classes=["few", "lots"]), "classes"),
        (lambda d: d["columns"].append("more"), "missing: more"),
        (lambda d: d["preprocess"][1].update(state=None), "its learned state is missing"),
        (lambda d: d["preprocess"][1].update(state="elsewhere.npz"), "not among the files"),
        (lambda d: d["preprocess"][0].update(fingerprint="0"), "changed since the fit"),
        (lambda d: d["classify"]["params"].update(C=-1), "classify: svm of .* refuses C"),
    ],
)
def test_a_document_that_cannot_be_used_is_refused(
    model: Path, change: Callable[[dict[str, Any]], None], words: str
) -> None:
    """Of another version, with keys that nobody knows, or at odds with its files: named, never guessed."""
    changed(model, change)
    with pytest.raises(DataError, match=words):
        load_pipeline(model, discover())


def test_no_json_and_no_pipeline(model: Path, tmp_path: Path) -> None:
    """What is no run directory or no JSON says what was looked for."""
    (model / "pipeline.json").write_text('{"format": NaN')
    with pytest.raises(DataError, match="is no fitted pipeline"):
        load_pipeline(model, discover())
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"no pipeline\.json in it or in its model/"):
        load_pipeline(tmp_path / "empty", discover())


def test_a_missing_plugin_is_named_with_how_to_install_it(model: Path) -> None:
    """Absent, of another distribution, or of another revision: each says what to install."""
    changed(
        model,
        lambda d: d["features"][0].update(use="cells/shape", distribution="leukokit-cells", version="2.1"),
    )
    with pytest.raises(
        MissingPackageError, match=r"feature extractor cells/shape of leukokit-cells 2\.1"
    ) as error:
        load_pipeline(model, discover())
    assert error.value.hint == "Install with: pip install leukokit-cells==2.1"
    changed(model, lambda d: d["features"][0].update(use="intensity", distribution="other", version="3"))
    with pytest.raises(MissingPackageError, match="here intensity is of leukokit"):
        load_pipeline(model, discover())
    changed(model, lambda d: d["features"][0].update(distribution="leukokit", revision=99))
    with pytest.raises(CatalogError, match=r"intensity of leukokit .* is revision .*the fit had revision 99"):
        load_pipeline(model, discover())


def test_other_versions_are_noted(model: Path) -> None:
    """Libraries and distributions of another version can change the last digits: notes say which."""

    def older(document: dict[str, Any]) -> None:
        document["libraries"]["numpy"] = "1.0"
        document["classify"]["version"] = "0.0.1"

    changed(model, older)
    notes = load_pipeline(model, discover()).notes
    assert any(note.startswith("numpy is ") and "was 1.0 at the fit" in note for note in notes)
    assert any(note.startswith("leukokit is ") and "was 0.0.1" in note for note in notes)


class Forgetful(Preprocessor):
    """Learns and does not say what."""

    def needs_fit(self) -> bool:
        return True


class Unloadable(TabularClassifier):
    """Saves a model that it refuses to load."""

    def load(self, folder: Path, *, select: Any = ()) -> Any:
        raise LeukokitError("types that are not allowed: made.up.Thing")


def test_what_cannot_be_saved_is_said(result: RunResult, model: Path, tmp_path: Path) -> None:
    """A preprocessor without state and a model that does not load are named: by save, document and load."""
    fitted = result.folds[0].fitted
    assert fitted is not None
    pipeline = fitted.pipeline

    def bound(component: Any) -> Bound[Any]:
        entry = replace(pipeline.classify.entry, name="made/up", distribution="made", version="1")
        return Bound(entry, component, "place")

    forgets = replace(pipeline, images=replace(pipeline.images, preprocess=(bound(Forgetful()),)))
    refuses = replace(pipeline, classify=bound(Unloadable()))
    for broken, words in ((forgets, "made/up of made 1 learns"), (refuses, "made.up.Thing")):
        with pytest.raises(LeukokitError, match=f"cannot be saved: .*{words}"):
            save_pipeline(broken, tmp_path)
        document, files = beside_model(broken, model)
        assert document.incomplete is not None
        (model / "pipeline.json").write_bytes(files["pipeline.json"])
        with pytest.raises(DataError, match=f"cannot be loaded: .*{words}"):
            load_pipeline(model, Catalog([]))


def test_the_scale_rule_comes_back() -> None:
    """Pools of the data set and of slides, unknown ones too, through JSON."""
    known = Pool(Scale(23.456, 0.71, ScaleSource.RED_CELLS), 12, 0.93)
    rule = ScaleRule(
        ScaleSetting(by="group", pixel_size_um=None, red_cell_px=None),
        known,
        {"b": known, "a": Pool(Scale(), 0, 0.0)},
    )
    text = ScaleDocument.of(rule).model_dump_json()
    again = ScaleDocument.model_validate_json(text).rule()
    assert again.setting == rule.setting
    assert again.whole == rule.whole
    assert again.groups["b"] == known
    assert not again.groups["a"].usable
