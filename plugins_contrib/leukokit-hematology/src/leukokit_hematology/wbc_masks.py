"""The two halves of segmentation_WBC: cells of Jiangxi and of the CellaVision blog, with masks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from leukokit.api import DataError, Field, Labels, Sample, read_input
from leukokit.api.files import first_names
from leukokit_hematology.masks import OTHER_DESCRIPTION, GrayMask, OtherValues, read_mask
from leukokit_hematology.published import Place, PublishedDataset, PublishedParams, images

_CLASSES: Mapping[str, str] = {
    "1": "neutrophil",
    "2": "lymphocyte",
    "3": "monocyte",
    "4": "eosinophil",
    "5": "basophil",
}
_PUBLISHED = GrayMask(nucleus=255, cytoplasm=128)
_NUMBERED = GrayMask(nucleus=2, cytoplasm=1)


@dataclass(frozen=True, slots=True)
class _Half:
    """Where a half lies: images, masks, classes, how masks are drawn, and what ids begin with."""

    images: Path
    image_extension: str
    masks: Path
    classes: Path
    drawn: GrayMask
    prefix: str


class WbcMasksParams(PublishedParams):
    """Parameters of :class:`WbcMasks`."""

    half: Literal["both", "jiangxi", "cellavision"] = Field(
        "both",
        description="Which half: Dataset 1 (jiangxi), Dataset 2 (cellavision), or those that are there.",
    )
    mask_other: OtherValues = Field("error", description=OTHER_DESCRIPTION)


class WbcMasks(PublishedDataset):
    """White cells with expert outlines: 300 of Jiangxi (120 x 120 px), 100 of CellaVision (300 x 300 px).

    Zheng, Wang, Wang, Liu: Fast and robust segmentation of white blood cell images by self-supervised
    learning, Micron 107 (2018) 55-71, doi 10.1016/j.micron.2018.01.010; files of
    github.com/zxaoyou/segmentation_WBC, which names no license. ``Dataset 1/001.bmp`` has its mask in
    ``Dataset 1/001.png`` (0 background, 128 cytoplasm, 255 nucleus) and its class in ``Class Labels of
    Dataset 1.csv``. The layout of leukokit's own ``wbc_masks`` (``images/001.png``, ``masks/001.png``,
    ``classes.csv``) is read as the half of Jiangxi. Patients and size of a pixel are not published.
    """

    Params = WbcMasksParams
    params: WbcMasksParams
    place = Place(
        ("segmentation_WBC", "segmentation_WBC-master", "wbc-masks"),
        "github.com/zxaoyou/segmentation_WBC",
        "Dataset 1/001.bmp with Dataset 1/001.png, Class Labels of Dataset 1.csv, and the same for Dataset 2",
    )

    def is_here(self, folder: Path) -> bool:
        """Whether the folder holds a wanted half."""
        return bool(_halves(folder, self.params.half))

    def published(self, folder: Path) -> Sequence[Sample]:
        """Cells by half and number.

        Raises
        ------
        DataError
            Where an image has no mask or no class.
        """
        return [sample for half in _halves(folder, self.params.half) for sample in _samples(half)]

    def truth(self, sample: Sample) -> Labels | None:
        """Read the mask of the expert."""
        if sample.mask_path is None:
            return None
        return read_mask(sample.mask_path, self._drawn[sample.mask_path.parent], self.params.mask_other)

    @cached_property
    def _drawn(self) -> Mapping[Path, GrayMask]:
        return {half.masks: half.drawn for half in _halves(self._present, self.params.half)}


def _halves(folder: Path, wanted: str) -> list[_Half]:
    halves = []
    for number, name in ((1, "jiangxi"), (2, "cellavision")):
        inside = folder / f"Dataset {number}"
        if wanted in ("both", name) and inside.is_dir():
            labels = folder / f"Class Labels of Dataset {number}.csv"
            halves.append(_Half(inside, ".bmp", inside, labels, _PUBLISHED, f"{inside.name}/"))
    if not halves and wanted != "cellavision" and (folder / "masks").is_dir():
        halves.append(
            _Half(folder / "images", ".png", folder / "masks", folder / "classes.csv", _NUMBERED, "")
        )
    return halves


def _samples(half: _Half) -> Iterator[Sample]:
    names = images(half.images, extensions=(half.image_extension,))
    classes = _read_classes(half.classes)
    masks = {name: half.masks / f"{Path(name).stem}.png" for name in names}
    problems = [f"{name} has no class" for name in names if _number(name) not in classes]
    problems += [f"{name} has no mask" for name in names if not masks[name].is_file()]
    if problems:
        raise DataError(
            f"{len(problems)} images are incomplete: {first_names(problems)}", where=str(half.images)
        )
    for name in names:
        yield Sample(
            id=half.prefix + name,
            path=half.images / name,
            label=classes[_number(name)],
            mask_path=masks[name],
        )


def _number(name: str) -> int:
    stem = Path(name).stem
    return int(stem) if stem.isdecimal() else -1


def _read_classes(path: Path) -> dict[int, str]:
    """Map the number of an image to its class."""
    try:
        rows = list(csv.reader(io.StringIO(read_input(path).decode("utf-8-sig"), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot be read: {error}", where=str(path)) from error
    classes: dict[int, str] = {}
    for line, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        number, label = (*row, "", "")[:2]
        if not number.strip().isdecimal() or label.strip() not in _CLASSES:
            raise DataError(
                f"line {line}: {','.join(row)!r}, expected an image number and a class from 1 to 5",
                where=str(path),
            )
        classes[int(number)] = _CLASSES[label.strip()]
    return classes
