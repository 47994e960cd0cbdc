"""Images with boxes around their cells, as PASCAL VOC, YOLO or COCO write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from leukokit.api import (
    EXTENSIONS,
    Box,
    DataError,
    Dataset,
    Field,
    ImageRejected,
    Params,
    Part,
    Reading,
    Sample,
    files,
    image_info,
    read_input,
)
from leukokit.api.box_files import (
    BoxFiles,
    BoxRole,
    Edges,
    ImageFinder,
    read_coco,
    read_voc,
    read_yolo,
)
from leukokit.plugins.datasets._extensions import Extensions
from leukokit.plugins.datasets._layout import PARTS

Format: TypeAlias = Literal["voc", "yolo", "coco"]
SPLIT = "folders"
"""Name of the split that folders of parts make."""
_SUFFIX: Mapping[Format, str] = {"voc": ".xml", "yolo": ".txt", "coco": ".json"}
_NAME: Mapping[Format, str] = {"voc": "PASCAL VOC (XML)", "yolo": "YOLO (text)", "coco": "COCO (JSON)"}


class BoxesParams(Params):
    """Parameters of :class:`Boxes`."""

    root: Path = Field(
        description="Folder with the images and the files with their boxes, in any folders inside it. An "
        "image and its file have the same name."
    )
    format: Literal["auto", "voc", "yolo", "coco"] = Field(
        "auto",
        description="voc: an XML file an image; yolo: a text file an image, with shares of its size; coco: "
        "JSON. auto: found out from the files.",
    )
    classes: tuple[str, ...] = Field(
        (),
        description="Names of the classes 0, 1, ... of yolo; empty to read them from data.yaml, classes.txt "
        "or obj.names.",
    )
    roles: dict[str, BoxRole] = Field(
        {},
        description="What a segmenter calls the objects of a class, as {neutrophil: cell}: their boxes are "
        "compared with the objects that it finds. WBC, RBC and platelets are known without a word.",
    )
    extensions: Extensions = Field(
        EXTENSIONS, min_length=1, description="Extensions of the image files, in upper or lower case."
    )


class Boxes(Dataset):
    """Images with boxes around their cells; an image has no class, its cells have (``unit: cell``)."""

    Params = BoxesParams
    params: BoxesParams

    def missing(self) -> str | None:
        """Message that the folder does not exist; None where it does."""
        root = self.params.root
        if root.is_dir():
            return None
        return f"{root} is {'not a folder' if root.exists() else 'not there'}. Correct root in the recipe"

    def samples(self) -> Sequence[Sample]:
        """Images in natural order; the id is the path inside the folder.

        Raises
        ------
        DataError
            Where the folder holds no image or no boxes, or files with boxes have mistakes; all are listed,
            with their lines.
        """
        self._read  # noqa: B018 - mistakes in the files end the run before it starts
        return [
            Sample(id=files.printable_name(image), path=self.params.root / image) for image in self._images
        ]

    def boxes(self, sample: Sample) -> Sequence[Box] | None:
        """List the boxes of an image; None where it has no file with boxes."""
        found = self._read.boxes.get(self._file_of[sample.id])
        if found is None:
            return None
        sized = [edges for edges in found if edges.has_area]
        if not any(edges.relative for edges in sized):
            return [self._box(edges, 1.0, 1.0) for edges in sized]
        path = self.params.root / self._file_of[sample.id]
        try:
            header = image_info(read_input(path))
        except (OSError, DataError, ImageRejected):
            return None  # the run says what is wrong with the image when it reads it
        return [self._box(edges, header.width, header.height) for edges in sized]

    def notes(self) -> Sequence[str]:
        """Say which images have no boxes, and what is odd."""
        notes = list(self._read.notes)
        without = [image for image in self._images if image not in self._read.boxes]
        if without:
            notes.append(
                f"{files.counted(len(without), 'image')} without boxes: {files.first_names(without)}"
            )
        empty = [edges for found in self._read.boxes.values() for edges in found if not edges.has_area]
        if empty:
            notes.append(
                f"{files.counted(len(empty), 'box').replace('boxs', 'boxes')} without an area, left out; "
                f"the first: {empty[0].place}"
            )
        return notes

    def readings(self) -> Sequence[Reading]:
        """List the format and the classes with the number of their boxes."""
        labels = [edges.label for found in self._read.boxes.values() for edges in found if edges.has_area]
        counts = files.counts(labels).removesuffix(" images")
        return [Reading(f"*{_SUFFIX[self._format]}", f"boxes of {_NAME[self._format]}", counts)]

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        """Split ``folders``, where images lie in folders such as ``train`` and ``test``."""
        parts = {}
        for image in self._images:
            named = [PARTS[folder.lower()] for folder in image.split("/")[:-1] if folder.lower() in PARTS]
            if named:
                parts[files.printable_name(image)] = named[0]
        return {SPLIT: parts} if len(set(parts.values())) > 1 else {}

    def default_split(self) -> str | None:
        """``folders``, where there are folders of parts."""
        return SPLIT if self.splits() else None

    def _box(self, edges: Edges, width: float, height: float) -> Box:
        return edges.box(width, height, role=self.params.roles.get(edges.label))

    @cached_property
    def _listing(self) -> files.Listing:
        root = self.params.root
        try:
            listing = files.walk(root, extensions=self.params.extensions)
        except OSError as error:
            raise DataError(f"cannot be listed: {error.strerror or error}", where=str(root)) from error
        if not listing.files:
            endings = ", ".join(self.params.extensions)
            raise DataError("holds no images", where=str(root), hint=f"Files that end in {endings} are read")
        return listing

    @property
    def _images(self) -> list[str]:
        return self._listing.files

    @cached_property
    def _file_of(self) -> Mapping[str, str]:
        return {files.printable_name(image): image for image in self._images}

    @cached_property
    def _candidates(self) -> Mapping[Format, list[str]]:
        """Files of each format; of the text files those that have the name of an image."""
        finder = ImageFinder(self._images)
        others = self._listing.others
        found: dict[Format, list[str]] = {
            form: [name for name in others if name.lower().endswith(suffix)]
            for form, suffix in _SUFFIX.items()
        }
        found["yolo"] = [name for name in found["yolo"] if finder.of(name) is not None]
        return found

    @cached_property
    def _format(self) -> Format:
        asked, root = self.params.format, str(self.params.root)
        there = [form for form, found in self._candidates.items() if found]
        if asked != "auto":
            if asked not in there:
                raise DataError(f"holds no {_SUFFIX[asked]} file with boxes", where=root)
            return asked
        if len(there) == 1:
            return there[0]
        if not there:
            raise DataError(
                "holds no file with boxes",
                where=root,
                hint="Expected an XML (VOC) or text file (YOLO) with the name of each image, or JSON (COCO)",
            )
        listed = ", ".join(f"{form} ({self._candidates[form][0]})" for form in there)
        raise DataError(
            f"holds files of several formats: {listed}",
            where=root,
            hint=f"Say which to read: --set data.params.format={there[0]}",
        )

    @cached_property
    def _read(self) -> BoxFiles:
        root, finder, found = self.params.root, ImageFinder(self._images), self._candidates[self._format]
        match self._format:
            case "voc":
                read = read_voc(root, found, finder)
            case "yolo":
                read = read_yolo(root, found, self._images, finder, self.params.classes)
            case "coco":
                read = read_coco(root, found, finder)
        if read.problems:
            raise DataError(
                read.problem_text(), where=str(root), hint="Correct these files, or move them elsewhere"
            )
        return read
