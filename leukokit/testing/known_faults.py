"""Synthetic data sets with one known fault each, to test that an audit reports it and nothing else.

::

    from leukokit.testing.known_faults import KNOWN_FAULTS

    for fault in KNOWN_FAULTS:
        recipe = fault.recipe(tmp_path / fault.name, seed=0)  # YAML text; images lie in the folder

Images are rendered smears of 24 patients in four classes; the groups of the recipe are the patients.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from leukokit.api import Dataset, RGBImage
from leukokit.testing.picture_faults import one_camera, relabeled, softened

_TARGET = "leukokit.plugins.datasets.smears:Smears"  # as a string: the kit must not import plugins
_PER_CLASS = 30
_FAULTY_CLASS = "Pro"


@dataclass(frozen=True)
class KnownFault:
    """A data set with one known fault.

    Attributes
    ----------
    name : str
        Short name.
    shown : str
        What was changed in the images.
    expected : frozenset of str
        Checks or probes of which at least one must warn or fail; empty for a clean set, where none may.
    implied : frozenset of str
        Checks and probes that may warn or fail as well, as a consequence of the fault.
    """

    name: str
    shown: str
    expected: frozenset[str]
    implied: frozenset[str]
    _build: Callable[[Path, int], dict[str, Any]]

    def recipe(self, folder: Path, *, seed: int) -> str:
        """Write the images into ``folder`` and return the text of a recipe that reads them."""
        folder.mkdir(parents=True, exist_ok=True)
        return json.dumps({"leukokit": 1, "name": self.name, "seed": seed, **self._build(folder, seed)})


class _Folder:
    """Rendered smears as files, with the patient of each."""

    def __init__(self, folder: Path, seed: int, **params: Any) -> None:
        module, _, name = _TARGET.partition(":")
        self._smears: Dataset = getattr(import_module(module), name).create(
            per_class=_PER_CLASS, patients=24, seed=seed, **params
        )
        self.folder = folder
        self.images = folder / "images"
        self.samples = {f"{sample.id}.png": sample for sample in self._smears.samples()}
        self.patients = {id_: sample.group or "" for id_, sample in self.samples.items()}

    def render(self, id_: str) -> RGBImage:
        return self._smears.render(self.samples[id_])

    def cells(self, id_: str) -> Any:
        """White cells of an image, bool H x W."""
        truth = self._smears.truth(self.samples[id_])
        assert truth is not None
        return truth.cell > 0

    def of(self, label: str) -> list[str]:
        return [id_ for id_, sample in self.samples.items() if sample.label == label]

    def write(self, change: Callable[[str, RGBImage], RGBImage] = lambda _, image: image) -> _Folder:
        for id_ in self.samples:
            self.put(id_, change(id_, self.render(id_)))
        return self

    def put(self, id_: str, image: RGBImage, *, patient: str | None = None, quality: int = 0) -> None:
        path = self.images / id_
        path.parent.mkdir(parents=True, exist_ok=True)
        if quality:
            Image.fromarray(image).save(path, "JPEG", quality=quality)
        else:
            Image.fromarray(image).save(path, "PNG", compress_level=1)
        if patient is not None:
            self.patients[id_] = patient

    def read(self, id_: str) -> RGBImage:
        with Image.open(self.images / id_) as image:
            return np.asarray(image.convert("RGB"))

    def sections(self, **more: Any) -> dict[str, Any]:
        groups = self.folder / "groups.csv"
        with groups.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("id", "group"), *self.patients.items()])
        data = {"use": "folder", "params": {"root": str(self.images)}, "groups": str(groups)}
        return {"data": data, **more}


def _rendered(**params: Any) -> Callable[[Path, int], dict[str, Any]]:
    def build(_: Path, seed: int) -> dict[str, Any]:
        given = {"per_class": _PER_CLASS, "patients": 24, "seed": seed, **params}
        return {"data": {"use": "smears", "params": given}}

    return build


def _clean(folder: Path, seed: int) -> dict[str, Any]:
    return _Folder(folder, seed).write().sections()


def _turned(image: RGBImage, turns: int) -> RGBImage:
    """Flip and rotate an image, and compress it as JPEG."""
    changed = np.ascontiguousarray(np.rot90(np.fliplr(image), turns))
    packed = cv2.imencode(".jpg", changed, [cv2.IMWRITE_JPEG_QUALITY, 70])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)


def _copies(folder: Path, seed: int) -> dict[str, Any]:
    files = _Folder(folder, seed).write()
    for i, id_ in enumerate(files.of(_FAULTY_CLASS)[:3]):
        copy = f"{_FAULTY_CLASS}/zz-copy-{i}.png"  # far from its original, for no alarm about file order
        shutil.copyfile(files.images / id_, files.images / copy)
        files.patients[copy] = files.patients[id_]
    return files.sections()


def _turned_copies(folder: Path, seed: int) -> dict[str, Any]:
    files = _Folder(folder, seed).write()
    for i, id_ in enumerate(files.of(_FAULTY_CLASS)[:4]):
        files.put(f"{_FAULTY_CLASS}/copy-{i}.png", _turned(files.read(id_), i), patient=files.patients[id_])
    return files.sections()


def _conflict(folder: Path, seed: int) -> dict[str, Any]:
    files = _Folder(folder, seed).write()
    shutil.copyfile(files.images / files.of(_FAULTY_CLASS)[0], files.images / "Early" / "copy.png")
    files.patients["Early/copy.png"] = "unknown"
    return files.sections()


def _turned_conflict(folder: Path, seed: int) -> dict[str, Any]:
    files = _Folder(folder, seed).write()
    files.put("Early/copy.png", _turned(files.read(files.of(_FAULTY_CLASS)[0]), 1), patient="unknown")
    return files.sections()


def _neighbors(folder: Path, seed: int) -> dict[str, Any]:
    """Make every two files views of one field that overlap by two thirds."""
    files = _Folder(folder, seed, size=288)
    for label in sorted({sample.label or "" for sample in files.samples.values()}):
        ids = files.of(label)
        for first, second in zip(ids[::2], ids[1::2], strict=True):
            field = files.render(first)
            files.put(first, np.ascontiguousarray(field[32:256, :224]))
            files.put(second, np.ascontiguousarray(field[20:244, 64:]), patient=files.patients[first])
    return files.sections()


def _leak(folder: Path, seed: int) -> dict[str, Any]:
    """Put rotated copies of training images into the test part, with other patients."""
    files = _Folder(folder, seed).write()
    parts: dict[str, str] = {}
    for label in sorted({sample.label or "" for sample in files.samples.values()}):
        patients = sorted({files.patients[id_] for id_ in files.of(label)})
        for id_ in files.of(label):
            place = patients.index(files.patients[id_])
            parts[id_] = "train" if place < 4 else "validation" if place < 5 else "test"
    tested = [id_ for id_, part in parts.items() if part == "test"][::4]
    trained = [id_ for id_, part in parts.items() if part == "train"]
    for i, id_ in enumerate(tested):
        own = [other for other in trained if other.split("/")[0] == id_.split("/")[0]]
        files.put(id_, _turned(files.read(own[i]), i % 4))
    return files.sections(split=_split_file(folder, parts))


def _patients_in_two_parts(folder: Path, seed: int) -> dict[str, Any]:
    """Test two images of every third patient, whose other images are in training."""
    files = _Folder(folder, seed).write()
    parts: dict[str, str] = {}
    for label in sorted({sample.label or "" for sample in files.samples.values()}):
        patients = sorted({files.patients[id_] for id_ in files.of(label)})
        for place, patient in enumerate(patients):
            own = [id_ for id_ in files.of(label) if files.patients[id_] == patient]
            parts |= dict.fromkeys(own, "train" if place < 4 else "test")
            if place in (0, 2):
                parts |= dict.fromkeys(own[:2], "test")
    return files.sections(split=_split_file(folder, parts))


def _split_file(folder: Path, parts: dict[str, str]) -> dict[str, Any]:
    split = folder / "split.csv"
    with split.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "part"), *parts.items()])
    return {"method": "file", "path": str(split)}


def _quality(folder: Path, seed: int) -> dict[str, Any]:
    files = _Folder(folder, seed)
    for id_, sample in files.samples.items():
        files.put(id_, files.render(id_), quality=70 if sample.label == _FAULTY_CLASS else 92)
    return files.sections()


def _dimensions(folder: Path, seed: int) -> dict[str, Any]:
    def cut(id_: str, image: RGBImage) -> RGBImage:
        return np.ascontiguousarray(image[:208, :208]) if id_.startswith(_FAULTY_CLASS) else image

    return _Folder(folder, seed).write(cut).sections()


def _magnified(folder: Path, seed: int) -> dict[str, Any]:
    """Render one class at 1.6 times the magnification, with the same camera."""

    def enlarge(id_: str, image: RGBImage) -> RGBImage:
        if not id_.startswith(_FAULTY_CLASS):
            return image
        inner = np.ascontiguousarray(image[42:182, 42:182])
        return np.asarray(cv2.resize(inner, (224, 224), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)

    return _Folder(folder, seed).write(enlarge).sections()


def _imbalance(folder: Path, seed: int) -> dict[str, Any]:
    files = _Folder(folder, seed).write()
    for id_ in files.of(_FAULTY_CLASS):
        if files.of(_FAULTY_CLASS).index(id_) % 5:  # every patient keeps an image
            (files.images / id_).unlink()
            del files.patients[id_]
    return files.sections()


def _no_cells(folder: Path, seed: int) -> dict[str, Any]:
    """Make half of the images of one class show background only."""
    rng = np.random.default_rng(seed)

    def wipe(id_: str, image: RGBImage) -> RGBImage:
        if not id_.startswith(_FAULTY_CLASS) or int(id_[-5]) % 2:
            return image
        plasma = np.median(image[image.min(axis=2) >= np.quantile(image.min(axis=2), 0.75)], axis=0)
        noise = rng.normal(plasma, 1.5, image.shape)
        return np.clip(noise, 0, 255).astype(np.uint8)

    files = _Folder(folder, seed).write(wipe)
    return files.sections(segment="hsv_threshold", features=["morphology"])


def _blanked(folder: Path, seed: int) -> dict[str, Any]:
    """Blank the background in every class; make half of the images of one class entirely black."""
    files = _Folder(folder, seed)

    def blank(id_: str, image: RGBImage) -> RGBImage:
        if id_.startswith(_FAULTY_CLASS) and int(id_[-5]) % 2:
            return np.zeros_like(image)
        blanked: RGBImage = image * files.cells(id_)[..., None].astype(np.uint8)
        return blanked

    return files.write(blank).sections()


def _damaged(folder: Path, seed: int) -> dict[str, Any]:
    files = _Folder(folder, seed).write()
    for id_ in files.of(_FAULTY_CLASS)[::6]:
        content = (files.images / id_).read_bytes()
        (files.images / id_).write_bytes(content[: len(content) // 2])
    return files.sections()


def _fault(
    name: str,
    shown: str,
    expected: str,
    build: Callable[[Path, int], dict[str, Any]],
    implied: str = "",
) -> KnownFault:
    return KnownFault(name, shown, frozenset(expected.split()), frozenset(implied.split()), build)


KNOWN_FAULTS = (
    _fault("clean", "nothing", "", _rendered()),
    _fault("clean_files", "nothing, as PNG files", "", _clean),
    _fault("clean_bars", "scale bars in all classes, style by patient", "", _rendered(scale_bars="all")),
    _fault("copies", "3 files copied within a class", "exact_duplicates", _copies),
    _fault("turned_copies", "4 images copied, flipped, turned, as JPEG", "near_duplicates", _turned_copies),
    _fault(
        "conflict",
        "1 file copied into another class",
        "label_conflicts",
        _conflict,
        "exact_duplicates across_parts",
    ),
    _fault(
        "turned_conflict",
        "1 image copied into another class, flipped, turned, as JPEG",
        "label_conflicts",
        _turned_conflict,
        "near_duplicates across_parts",
    ),
    _fault(
        "leak",
        "turned copies of training images in the test part",
        "across_parts",
        _leak,
        "near_duplicates color frame red_cells glass",
    ),
    _fault(
        "patients",
        "two images of every third patient in the test part, the others in training",
        "groups_across_parts",
        _patients_in_two_parts,
        "across_parts",
    ),
    _fault(
        "neighbors", "every two files overlap by two thirds", "neighbors_alike", _neighbors, "near_duplicates"
    ),
    _fault(
        "stain",
        "each class has its own stain",
        "stain_spread color",
        _rendered(stain_confound=1.0),
        "frame red_cells glass sharpness exposure_spread",
    ),
    _fault(
        "bars",
        "each class has its own scale bar",
        "burned_in_marks corner",
        _rendered(scale_bars="by_class"),
        "frame",
    ),
    _fault(
        "quality",
        "one class saved at JPEG quality 70, the others at 92",
        "file_properties",
        _quality,
        "file sharpness",
    ),
    _fault("dimensions", "one class cut to 208 px", "file_properties", _dimensions, "file"),
    _fault(
        "magnified",
        "one class at 1.6 times the magnification, of the same size in px",
        "scale_spread",
        _magnified,
        "color frame corner file scale_unknown red_cells glass sharpness sharpness_spread",
    ),
    _fault("imbalance", "one class has a fifth of the images", "class_balance", _imbalance),
    _fault(
        "no_cells",
        "half of one class shows no cell",
        "segmentation_failures",
        _no_cells,
        "missing color frame corner stain_spread file scale_unknown picture_quality red_cells glass "
        "sharpness sharpness_spread exposure_spread",
    ),
    _fault(
        "blanked",
        "background blanked; half of one class is black all over",
        "empty_foreground",
        _blanked,
        "exact_duplicates neighbors_alike color frame corner file scale_unknown scale_spread red_cells glass "
        "sharpness sharpness_spread",
    ),
    _fault(
        "soft",
        "one class out of focus: blurred by 1 px",
        "sharpness_spread sharpness",
        lambda folder, seed: softened(_Folder(folder, seed), _FAULTY_CLASS),
        "color frame corner file scale_spread",
    ),
    _fault(
        "camera",
        "one class with another camera in its EXIF",
        "camera_and_software",
        lambda folder, seed: one_camera(_Folder(folder, seed), _FAULTY_CLASS),
    ),
    _fault(
        "relabeled",
        "each stain a class; 6 of 120 images with the label of another",
        "label_noise",
        lambda folder, seed: relabeled(_Folder(folder, seed, stain_confound=1.0)),
        "stain_spread exposure_spread color frame red_cells glass file scale_spread sharpness",
    ),
    _fault("damaged", "a sixth of one class cut off halfway", "rejected_images", _damaged),
)
"""Data sets that audits are tested with; the first three have no fault."""
