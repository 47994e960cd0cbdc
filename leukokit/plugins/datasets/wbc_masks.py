"""300 white blood cells with expert outlines of nucleus and cytoplasm.

Source: Zheng, Wang, Wang, Liu: Fast and robust segmentation of white blood cell images by self-supervised
learning, Micron 107 (2018) 55-71, doi 10.1016/j.micron.2018.01.010; Dataset 1 (Jiangxi Tecom Science
Corporation) of github.com/zxaoyou/segmentation_WBC, whose page gives the classes of the numbers 1 to 5.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from leukokit.api import DataError, Dataset, Field, Labels, Params, Sample, files, location, read_input
from leukokit.plugins.datasets._mask_values import MaskValues
from leukokit.plugins.datasets._masks import read_truth

CLASSES: Mapping[str, str] = {
    "1": "neutrophil",
    "2": "lymphocyte",
    "3": "monocyte",
    "4": "eosinophil",
    "5": "basophil",
}
_FOLDERS = ("wbc-masks", ".")
_MASK_VALUES: MaskValues = {"cytoplasm": 1, "nucleus": 2}


class WbcMasksParams(Params):
    """Parameters of :class:`WbcMasks`."""

    root: Path | None = Field(
        None,
        description="Folder that contains wbc-masks (or its images, masks and classes.csv); by default "
        "$LEUKOKIT_DATA, or the user's data folder where that is not set.",
    )


class WbcMasks(Dataset):
    """White cells with ground-truth nucleus and cytoplasm, of another lab and stain than ``all_pbs``."""

    Params = WbcMasksParams
    params: WbcMasksParams

    @cached_property
    def folder(self) -> Path | None:
        """Folder with ``images``, ``masks`` and ``classes.csv``; None where it is not on this machine."""
        names = _FOLDERS if self.params.root else _FOLDERS[:1]
        return location.find(self.params.root, names, _has_masks)

    def missing(self) -> str | None:
        """Message with the searched folder and how to get the images; None where they are available.

        Raises
        ------
        DataError
            Where ``root`` or ``LEUKOKIT_DATA`` names a folder that does not hold them.
        """
        if self.folder is not None:
            return None
        return location.absent(
            self.params.root,
            _FOLDERS,
            "Get Dataset 1 of github.com/zxaoyou/segmentation_WBC, put images/001.png ..., masks/001.png ... "
            "(0 background, 1 cytoplasm, 2 nucleus) and its class labels, as classes.csv, into a folder "
            "wbc-masks, and name the folder above it in LEUKOKIT_DATA",
            _has_masks,
        )

    def samples(self) -> Sequence[Sample]:
        """Cells by number, with class and mask.

        Raises
        ------
        DataError
            Where the data set is missing, or images have no mask or class; with their names.
        """
        folder = self.folder
        if folder is None:
            raise DataError(self.missing() or "not found", where="data set wbc_masks")
        try:
            images = files.walk(folder / "images", extensions=(".png",), levels=0).files
        except OSError as error:
            raise DataError(
                f"cannot be listed: {error.strerror or error}", where=str(folder / "images")
            ) from error
        if not images:
            raise DataError("holds no PNG images", where=str(folder / "images"))
        classes = _read_classes(folder / "classes.csv")
        problems = [f"{name} has no class" for name in images if Path(name).stem not in classes]
        problems += [f"{name} has no mask" for name in images if not (folder / "masks" / name).is_file()]
        if problems:
            raise DataError(
                f"{len(problems)} images are incomplete: {files.first_names(problems)}", where=str(folder)
            )
        return [
            Sample(
                id=name,
                path=folder / "images" / name,
                label=classes[Path(name).stem],
                mask_path=folder / "masks" / name,
            )
            for name in images
        ]

    def truth(self, sample: Sample) -> Labels | None:
        """Read the expert outlines; nucleus and cell share one id."""
        if sample.mask_path is None:
            return None
        return read_truth(sample.mask_path, _MASK_VALUES)


def _has_masks(folder: Path) -> bool:
    return (folder / "masks").is_dir()


def _read_classes(path: Path) -> dict[str, str]:
    """Map the stem of an image, ``001``, to its class."""
    try:
        text = read_input(path).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", where=str(path)) from error
    classes: dict[str, str] = {}
    for line, row in enumerate(csv.reader(io.StringIO(text, newline="")), start=1):
        if line == 1 or not row:
            continue
        number, label = (*row, "", "")[:2]
        if not number.isdecimal() or label not in CLASSES:
            raise DataError(
                f"line {line}: {','.join(row)!r}, expected an image number and a class from 1 to 5",
                where=str(path),
            )
        classes[f"{int(number):03d}"] = CLASSES[label]
    return classes
