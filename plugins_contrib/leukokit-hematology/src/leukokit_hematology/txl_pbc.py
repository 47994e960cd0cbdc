"""TXL-PBC: pictures of four sources with boxes of white cells, red cells and platelets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from leukokit.api import Part, Sample
from leukokit.api.box_files import BoxFiles, ImageFinder, read_yolo
from leukokit_hematology.boxed import BoxedDataset
from leukokit_hematology.published import Place, images

_CLASSES = ("WBC", "RBC", "Platelets")
"""Of the numbers 0, 1 and 2, as in the published data.yaml."""
_PARTS: Mapping[str, Part] = {"train": Part.TRAIN, "val": Part.VALIDATION, "test": Part.TEST}


class TxlPbc(BoxedDataset):
    """Pictures of BCCD, BCD, PBC and Raabin-WBC with boxes of white cells, red cells and platelets.

    Gan, Li: TXL-PBC: a freely accessible labeled peripheral blood cell dataset, arXiv 2407.13214 (2024), doi
    10.48550/arXiv.2407.13214; github.com/lugan113/TXL-PBC_Dataset, MIT license. Boxes were drawn by a network
    and corrected by hand. ``images/train/NAME.jpg`` has its boxes in ``labels/train/NAME.txt``, a line
    ``class x y width height`` in shares of the image, classes 0 WBC, 1 RBC, 2 Platelets. The folders train,
    val and test become the split ``published``; without them all pictures are read. Names are random: they
    tell neither source nor patient.
    """

    place = Place(
        ("TXL_PBC", "TXL-PBC", "TXL-PBC_Dataset/TXL_PBC", "TXL-PBC_Dataset-main/TXL_PBC", "pbc-boxes"),
        "github.com/lugan113/TXL-PBC_Dataset",
        "images/train/NAME.jpg, images/val/, images/test/ and labels/train/NAME.txt, labels/val/, "
        "labels/test/ "
        "(or images/NAME.jpg and labels/NAME.txt)",
    )

    def is_here(self, folder: Path) -> bool:
        """Whether the folder holds images and labels."""
        return (folder / "images").is_dir() and (folder / "labels").is_dir()

    def published(self, folder: Path) -> Sequence[Sample]:
        """Pictures by part and name."""
        names = images(folder / "images", levels=1)
        return [Sample(id=name, path=folder / "images" / name) for name in names]

    def published_boxes(self, folder: Path) -> BoxFiles:
        """Read all text files."""
        names = images(folder / "images", levels=1)
        listed = images(folder / "labels", levels=1, extensions=(".txt",))
        texts = [name for name in listed if not name.endswith("classes.txt")]
        finder = ImageFinder(names)
        found = read_yolo(folder / "labels", texts, (), finder, _CLASSES)
        found.problems += [f"{text}: no picture has its name" for text in texts if finder.of(text) is None]
        return found

    def published_parts(self, folder: Path) -> Mapping[str, Mapping[str, Part]]:  # noqa: ARG002 - ids suffice
        """Return the split ``published``, where there are folders of parts."""
        places = {sample.id: sample.id.split("/")[0] for sample in self._found if "/" in sample.id}
        return {"published": {id_: _PARTS[place] for id_, place in places.items() if place in _PARTS}}

    def default_split(self) -> str | None:
        """Use ``published``, where there are folders of parts."""
        return "published" if "published" in self.splits() else None
