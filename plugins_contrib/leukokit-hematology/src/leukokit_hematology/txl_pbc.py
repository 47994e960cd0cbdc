"""TXL-PBC: pictures of four sources with boxes of white cells, red cells and platelets."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from leukokit.api import Box, ImageRejected, Part, Sample, read_input
from leukokit_hematology.boxed import BoxedDataset, refuse_unboxed
from leukokit_hematology.published import Place, images
from leukokit_hematology.yolo import read_yolo

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
        """Pictures by part and name.

        Raises
        ------
        DataError
            Where a picture has no text file.
        """
        names = images(folder / "images", levels=1)
        samples = [Sample(id=name, path=folder / "images" / name) for name in names]
        refuse_unboxed(samples, [_text_of(folder, name) for name in names], folder / "labels")
        return samples

    def published_boxes(self, sample: Sample) -> Sequence[Box]:
        """Read the text file of a picture; its size is that of the picture's header.

        Raises
        ------
        ImageRejected
            ``bad_boxes``, where the text, or the header of the picture, cannot be read.
        """
        assert sample.path is not None, "all pictures are files"
        try:
            with Image.open(io.BytesIO(read_input(sample.path))) as picture:
                size = picture.size
        except OSError as error:
            raise ImageRejected("bad_boxes", f"the size of {sample.id} cannot be read: {error}") from error
        return read_yolo(_text_of(self._present, sample.id), size, _CLASSES)

    def published_parts(self, folder: Path) -> Mapping[str, Mapping[str, Part]]:  # noqa: ARG002 - ids suffice
        """Return the split ``published``, where there are folders of parts."""
        places = {sample.id: sample.id.split("/")[0] for sample in self._found if "/" in sample.id}
        return {"published": {id_: _PARTS[place] for id_, place in places.items() if place in _PARTS}}

    def default_split(self) -> str | None:
        """Use ``published``, where there are folders of parts."""
        return "published" if "published" in self.splits() else None


def _text_of(folder: Path, name: str) -> Path:
    return (folder / "labels" / name).with_suffix(".txt")
