"""What data sets of fields with boxes share: images without a class, boxes with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from leukokit.api import Box, DataError, ImageRejected, Sample, image_info, read_input
from leukokit.api.box_files import BoxFiles, Edges
from leukokit.api.files import first_names
from leukokit_hematology.published import PublishedDataset


class BoxedDataset(PublishedDataset):
    """Fields with boxes. ``classes`` and ``vocabulary`` concern the boxes; all fields are read."""

    def published_boxes(self, folder: Path) -> BoxFiles:
        """Read all files with boxes, by the id of the image, with labels as published."""
        raise NotImplementedError

    def samples(self) -> Sequence[Sample]:
        """List the fields.

        Raises
        ------
        DataError
            Where the data set is missing, an image has no file with boxes, or such files have mistakes; all
            are listed, with their lines.
        """
        samples = super().samples()
        without = [sample.id for sample in samples if sample.id not in self._files.boxes]
        problems = list(self._files.problems)
        if without:
            named = first_names(without)
            problems.append(f"images without boxes that can be read, {len(without)} of them: {named}")
        if problems:
            raise DataError(
                BoxFiles(problems=problems).problem_text(),
                where=str(self.folder),
                hint="Take images and boxes of the same download",
            )
        return samples

    def notes(self) -> Sequence[str]:
        """Tell of boxes without an area, which are left out."""
        empty = [edges for boxes in self._files.boxes.values() for edges in boxes if not edges.has_area]
        return (
            [f"boxes without an area, {len(empty)} of them, left out; the first: {empty[0].place}"]
            if empty
            else ()
        )

    def boxes(self, sample: Sample) -> Sequence[Box] | None:
        """List the boxes of an image whose class is kept, with labels of the vocabulary.

        Raises
        ------
        ImageRejected
            ``bad_boxes``, where the boxes are shares of the image, and its header cannot be read.
        """
        kept = [edges for edges in self._files.boxes[sample.id] if self._is_kept(edges)]
        size = _size(sample) if any(edges.relative for edges in kept) else (1, 1)
        return [self._box(edges, *size) for edges in kept]

    def _is_kept(self, edges: Edges) -> bool:
        return edges.has_area and self.wanted(edges.label)

    def _box(self, edges: Edges, width: int, height: int) -> Box:
        return replace(edges.box(width, height), label=self.label_of(edges.label))

    @cached_property
    def _files(self) -> BoxFiles:
        return self.published_boxes(self._present)


def _size(sample: Sample) -> tuple[int, int]:
    """Width and height of an image, px, from its header."""
    assert sample.path is not None, "all images are files"
    try:
        header = image_info(read_input(sample.path))
    except (OSError, DataError, ImageRejected) as error:
        raise ImageRejected("bad_boxes", f"the size of {sample.id} cannot be read: {error}") from error
    return header.width, header.height
