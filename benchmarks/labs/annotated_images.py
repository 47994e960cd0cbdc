"""Read the images: masks of wbc-masks, boxes of pbc-boxes and bccd, classes of all-pbs, rendered smears."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api import CELL, NUCLEUS, Labels, RGBImage, read_image
from leukokit.plugins.datasets.smears import Smears

Boxes = NDArray[np.float64]
"""Boxes, n x 4: left, top, right, bottom, in px."""

KINDS = ("white", "red", "platelet")
"""Kinds of cell, in the order of the classes of pbc-boxes."""
_BCCD_KINDS = {"WBC": "white", "RBC": "red", "Platelets": "platelet"}


@dataclass(frozen=True)
class AnnotatedImage:
    """One image and what is known of it.

    Attributes
    ----------
    name : str
    image : uint8 array, H x W x 3
    truth : Labels, optional
        Outlines of nuclei and cells.
    boxes : float64 array, n x 4, optional
        Boxes of white cells.
    others : float64 array, n x 4
        Boxes of anything else.
    group : str
        Its class, where a set has classes.
    by_kind : mapping of str to float64 array, n x 4
        Boxes of ``white``, ``red`` and ``platelet``, where the set has them all.
    """

    name: str
    image: RGBImage
    truth: Labels | None = None
    boxes: Boxes | None = None
    others: Boxes = field(default_factory=lambda: np.zeros((0, 4)))
    group: str = ""
    by_kind: Mapping[str, Boxes] = field(default_factory=dict)

    def resized(self, factor: float) -> AnnotatedImage:
        """Make the same image ``factor`` times as wide and high, with its truth."""
        size = (round(self.image.shape[1] * factor), round(self.image.shape[0] * factor))
        way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        image = frozen(cv2.resize(self.image, size, interpolation=way))
        truth = self.truth
        if truth is not None:
            roles = {
                role: cv2.resize(label_image, size, interpolation=cv2.INTER_NEAREST_EXACT)
                for role, label_image in truth.roles.items()
            }
            truth = replace(truth, roles=roles)
        boxes = None if self.boxes is None else self.boxes * factor
        return replace(self, image=image, truth=truth, boxes=boxes, others=self.others * factor)


def frozen(image: object) -> RGBImage:
    """Make an image uint8 and read-only, as segmenters get it."""
    array = np.ascontiguousarray(image, dtype=np.uint8)
    array.setflags(write=False)
    return array


def data_root() -> Path:
    """Folder of the data sets."""
    given = os.environ.get("LEUKOKIT_DATA")
    return Path(given) if given else Path(__file__).resolve().parents[3] / "shared" / "data"


def thinned(paths: Sequence[Path], limit: int | None) -> list[Path]:
    """Take ``limit`` of the paths, evenly spaced; all where None."""
    if limit is None or limit >= len(paths):
        return list(paths)
    return [paths[i] for i in np.linspace(0, len(paths) - 1, limit).round().astype(int)]


def wbc_masks(limit: int | None = None) -> list[AnnotatedImage]:
    """Crops of one white cell each, with outlines: 1 cytoplasm, 2 nucleus."""
    root = data_root() / "wbc-masks"
    samples = []
    for path in thinned(sorted((root / "images").glob("*.png")), limit):
        mask = cv2.imread(str(root / "masks" / path.name), cv2.IMREAD_UNCHANGED)
        truth = Labels({NUCLEUS: (mask == 2).astype(np.int32), CELL: (mask >= 1).astype(np.int32)})
        samples.append(AnnotatedImage(path.stem, read(path), truth=truth))
    return samples


def pbc_boxes(limit: int | None = None) -> list[AnnotatedImage]:
    """Fields around one white cell at high magnification, with YOLO boxes; class 0 is a white cell."""
    root = data_root() / "pbc-boxes"
    samples = []
    for path in thinned(sorted((root / "images").glob("*.jpg")), limit):
        image = read(path)
        height, width = image.shape[:2]
        rows = np.loadtxt(root / "labels" / f"{path.stem}.txt", ndmin=2).reshape(-1, 5)
        center, half = rows[:, 1:3], rows[:, 3:5] / 2
        boxes = np.hstack([center - half, center + half]) * [width, height, width, height]
        samples.append(_with_kinds(path.stem, image, boxes, [KINDS[int(row)] for row in rows[:, 0]]))
    return samples


def bccd(limit: int | None = None) -> list[AnnotatedImage]:
    """Whole fields with boxes. Boxes of a few pixels, which the source has, are left out."""
    root = data_root() / "bccd"
    samples = []
    for path in thinned(sorted((root / "images").glob("*.jpg")), limit):
        tree = ElementTree.parse(root / "annotations" / f"{path.stem}.xml")
        names, rows = [], []
        for item in tree.iter("object"):
            box = [float(item.findtext(f"bndbox/{side}") or 0) for side in ("xmin", "ymin", "xmax", "ymax")]
            if min(box[2] - box[0], box[3] - box[1]) >= 8:
                names.append(_BCCD_KINDS[item.findtext("name") or ""])
                rows.append(box)
        samples.append(_with_kinds(path.stem, read(path), np.array(rows).reshape(-1, 4), names))
    return samples


def _with_kinds(name: str, image: RGBImage, boxes: Boxes, kinds: Sequence[str]) -> AnnotatedImage:
    """Sort boxes by the kind of cell that they are around."""
    by_kind = {kind: boxes[np.array([one == kind for one in kinds], bool)] for kind in KINDS}
    others = boxes[np.array([one != "white" for one in kinds], bool)]
    return AnnotatedImage(name, image, boxes=by_kind["white"], others=others, by_kind=by_kind)


def all_pbs(limit: int | None = None, folder: str = "all-pbs") -> list[AnnotatedImage]:
    """Smears of the paper's four classes, ``limit`` in all; nothing is known but the class."""
    samples = []
    classes = sorted(
        class_folder for class_folder in (data_root() / folder).iterdir() if class_folder.is_dir()
    )
    for class_folder in classes:
        share = None if limit is None else max(1, limit // len(classes))
        paths = thinned(sorted(class_folder.glob("*.jpg")), share)
        samples += [AnnotatedImage(path.stem, read(path), group=class_folder.name) for path in paths]
    return samples


def rendered(limit: int = 96) -> list[AnnotatedImage]:
    """Render smears with their masks, of as many patients as there are."""
    smears = Smears.create(per_class=max(6, limit // 4))
    return [
        AnnotatedImage(
            sample.id, frozen(smears.render(sample)), truth=smears.truth(sample), group=str(sample.label)
        )
        for sample in smears.samples()
    ]


def read(path: Path) -> RGBImage:
    """Read an image the way runs do."""
    return frozen(read_image(path))
