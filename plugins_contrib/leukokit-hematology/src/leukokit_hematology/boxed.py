"""What data sets of fields with boxes share: images without a class, boxes with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from leukokit.api import Box, DataError, Sample
from leukokit.api.files import first_names
from leukokit_hematology.published import PublishedDataset


class BoxedDataset(PublishedDataset):
    """Fields with boxes. ``classes`` and ``vocabulary`` concern the boxes; all fields are read."""

    def published_boxes(self, sample: Sample) -> Sequence[Box]:
        """Read the boxes of an image, with labels as published."""
        raise NotImplementedError

    def notes(self) -> Sequence[str]:
        """Say that images have no class."""
        return ("images have no class, only their boxes do",)

    def boxes(self, sample: Sample) -> Sequence[Box] | None:
        """List the boxes of an image whose class is kept, with labels of the vocabulary."""
        boxes = self.published_boxes(sample)
        return [replace(box, label=self.label_of(box.label)) for box in boxes if self.wanted(box.label)]


def refuse_unboxed(samples: Sequence[Sample], files: Sequence[Path], folder: Path) -> None:
    """Raise DataError where images have no file of boxes.

    Parameters
    ----------
    samples : sequence of Sample
    files : sequence of Path
        Of the boxes of each sample.
    folder : Path
        Folder of these files.
    """
    without = [sample.id for sample, file in zip(samples, files, strict=True) if not file.is_file()]
    if without:
        raise DataError(
            f"{len(without)} of {len(samples)} images have no file of boxes: {first_names(without)}",
            where=str(folder),
            hint="Take images and boxes of the same download",
        )
