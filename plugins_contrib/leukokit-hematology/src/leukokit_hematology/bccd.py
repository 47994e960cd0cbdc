"""BCCD: fields with boxes of white cells, red cells and platelets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from leukokit.api import DataError, Part, Sample, read_input
from leukokit.api.box_files import BoxFiles, ImageFinder, read_voc
from leukokit_hematology.boxed import BoxedDataset
from leukokit_hematology.published import Place, images

_PARTS: Mapping[str, Part] = {"train": Part.TRAIN, "val": Part.VALIDATION, "test": Part.TEST}


class Bccd(BoxedDataset):
    """364 fields of blood, 640 x 480 px, with boxes of white cells (WBC), red cells (RBC) and Platelets.

    Shenggan: BCCD Dataset, github.com/Shenggan/BCCD_Dataset, MIT license; pictures of github.com/cosmicad. No
    publication, no doi. ``BCCD/JPEGImages/BloodImage_00000.jpg`` has its boxes in ``BCCD/Annotations/
    BloodImage_00000.xml``; folders named ``images`` and ``annotations`` are read, too. The lists in
    ``ImageSets/Main`` become the split ``published``. Some cells have no box, and two boxes have one pixel.
    The class of white cells, patients and size of a pixel are not published.
    """

    place = Place(
        ("bccd", "BCCD", "BCCD_Dataset/BCCD", "BCCD_Dataset-master/BCCD"),
        "github.com/Shenggan/BCCD_Dataset",
        "JPEGImages/BloodImage_00000.jpg and Annotations/BloodImage_00000.xml (or images/ and annotations/)",
    )

    def is_here(self, folder: Path) -> bool:
        """Whether the folder holds images and annotations."""
        return _folders(folder) is not None

    def published(self, folder: Path) -> Sequence[Sample]:
        """Fields by number."""
        pictures, _ = self._inside(folder)
        names = images(pictures, extensions=(".jpg", ".jpeg"))
        return [Sample(id=name, path=pictures / name) for name in names]

    def published_boxes(self, folder: Path) -> BoxFiles:
        """Read all XML files."""
        pictures, annotations = self._inside(folder)
        names = images(pictures, extensions=(".jpg", ".jpeg"))
        return read_voc(annotations, images(annotations, extensions=(".xml",)), ImageFinder(names))

    def published_parts(self, folder: Path) -> Mapping[str, Mapping[str, Part]]:
        """Return the split ``published``, where the lists are there."""
        parts: dict[str, Part] = {}
        for name, part in _PARTS.items():
            listed = folder / "ImageSets" / "Main" / f"{name}.txt"
            if listed.is_file():
                parts |= {f"{stem}.jpg": part for stem in read_input(listed).decode("utf-8-sig").split()}
        return {"published": parts} if parts else {}

    def default_split(self) -> str | None:
        """Use ``published``, where the lists are there."""
        return "published" if "published" in self.splits() else None

    def _inside(self, folder: Path) -> tuple[Path, Path]:
        found = _folders(folder)
        if found is None:
            raise DataError("holds no images and annotations", where=str(folder))
        return found


def _folders(folder: Path) -> tuple[Path, Path] | None:
    for pictures, boxes in (("JPEGImages", "Annotations"), ("images", "annotations")):
        if (folder / pictures).is_dir() and (folder / boxes).is_dir():
            return folder / pictures, folder / boxes
    return None
