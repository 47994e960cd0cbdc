"""300 white cells with expert outlines.

Source: Zheng, Wang, Wang and Liu 2018, doi 10.1016/j.micron.2018.01.010 (Dataset 1 of segmentation_WBC).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from leukokit.api import DataError, Dataset, Field, Labels, Params, Sample
from leukokit.plugins.datasets import _location
from leukokit.plugins.datasets._masks import MaskRole, labels_from_mask, read_mask

CLASSES = {"1": "neutrophil", "2": "lymphocyte", "3": "monocyte", "4": "eosinophil", "5": "basophil"}
VALUES: Mapping[MaskRole, int] = {"cytoplasm": 1, "nucleus": 2}
_FOLDERS = ("wbc-masks", ".")


class WbcMasksParams(Params):
    """Parameters of :class:`WbcMasks`."""

    root: Path | None = Field(
        None,
        description="Folder that holds wbc-masks (or its images and masks themselves); by default "
        "$LEUKOKIT_DATA, then the user's data folder.",
    )


class WbcMasks(Dataset):
    """Crops around one white cell each, mostly 120 x 120 px, with expert masks of nucleus and cytoplasm.

    Another laboratory and stain than ``all_pbs``: a segmenter that only knows one shows it here.
    """

    Params = WbcMasksParams
    params: WbcMasksParams

    @cached_property
    def folder(self) -> Path | None:
        """Folder with ``images`` and ``masks``; None where it is not on this machine."""
        names = _FOLDERS if self.params.root else _FOLDERS[:1]
        return _location.find(
            self.params.root, names, lambda path: (path / "images").is_dir() and (path / "masks").is_dir()
        )

    def places(self) -> tuple[str, ...]:
        """Folders that are looked in, in order, each with its reason."""
        return tuple(str(place) for place in _location.places(self.params.root))

    def missing(self) -> str | None:
        """Say where the images were looked for and how to get them; None where they are here."""
        if self.folder is not None:
            return None
        how = (
            "Get Dataset 1 of github.com/zxaoyou/segmentation_WBC and arrange it as images/, masks/ and "
            "classes.csv"
        )
        return _location.not_found(self.params.root, _FOLDERS, how)

    def samples(self) -> Sequence[Sample]:
        """All images with a mask, by number.

        Raises
        ------
        DataError
            Where the data set is missing or an image has no mask.
        """
        folder = self.folder
        if folder is None:
            raise DataError(self.missing() or "not found", where="data set wbc_masks")
        labels = _labels(folder / "classes.csv")
        found = []
        for path in sorted((folder / "images").glob("*.png")):
            mask = folder / "masks" / path.name
            if not mask.is_file():
                raise DataError("this image has no mask", where=str(path), hint=f"Expected {mask}")
            found.append(
                Sample(id=path.name, path=path, label=labels.get(path.stem.lstrip("0")), mask_path=mask)
            )
        return found

    def truth(self, sample: Sample) -> Labels | None:
        """Nucleus and cell of the expert, under id 1."""
        if sample.mask_path is None:
            return None
        return labels_from_mask(read_mask(sample.mask_path), VALUES, one_cell=True)


def _labels(path: Path) -> dict[str, str]:
    """Class of each image number; empty where the table is absent."""
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        return {row["image ID"]: CLASSES[row["class label"]] for row in csv.DictReader(file)}
