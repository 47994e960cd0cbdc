"""The cells of a data set as samples: regions of its images, with the class and group of each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage

from leukokit.api import (
    CELL,
    Box,
    DataError,
    Dataset,
    ImageRejected,
    Labels,
    Region,
    Sample,
    did_you_mean,
    image_info,
)
from leukokit.api.notes import kept_notes
from leukokit.engine.cell_samples.boxes import NumberedBox, boxes_of, inside
from leukokit.engine.components.call import ComponentCall
from leukokit.engine.execution.isolation import run_isolated
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.io.reading import file_bytes
from leukokit.engine.observer import Observer
from leukokit.recipe.unit import UnitSetting


@dataclass
class CellsFound:
    """Cells of all images, and what a reader should know of them.

    Attributes
    ----------
    samples : list of Sample
        In the order of the images, and of the boxes or ids in each.
    notes : list of str
    """

    samples: list[Sample] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def ask_cells(
    dataset: Dataset,
    name: str,
    samples: Sequence[Sample],
    unit: UnitSetting,
    executor: Executor,
    observer: Observer,
) -> CellsFound:
    """Ask a data set where the cells of its images are; a foreign one in an isolated process.

    The id of a cell is that of its image, ``#``, and its number: the place of its box, or its id in the mask.
    Its group is that of the image or, where the image has none, the image.

    Raises
    ------
    DataError
        Where the data set has no boxes or masks, or no class that the recipe names.
    PluginError
        Where the data set answers otherwise than promised.
    """
    work = (_cells, dataset, tuple(samples), unit)
    try:
        return run_isolated(*work, components=(dataset,), executor=executor, observer=observer)
    except DataError as error:
        where = error.where or f"data set {name}"
        raise DataError(error.what, where=where, hint=error.hint) from error


def _cells(
    dataset: Dataset,
    samples: Sequence[Sample],
    unit: UnitSetting,
    *,
    observer: Observer,  # noqa: ARG001 - given to all such work
) -> CellsFound:
    search = _Search(dataset, unit)
    found = CellsFound()
    seen: Counter[str | None] = Counter()
    for sample in samples:
        for one in search.objects(sample):
            seen[one.label] += 1
            label = None if one.label is None else unit.labels.get(one.label, one.label)
            if not unit.classes or label in unit.classes:
                cell = cell_sample(sample, one.number, one.box, label, unit.margin)
                found.samples.append(replace(cell, group=sample.group or sample.id))
    if not search.known:
        what = "boxes or masks" if unit.by == "auto" else unit.by
        raise DataError(
            f"has no {what}, so nothing says where the cells are",
            hint="Use a data set with them, such as boxes or wbc_masks, or unit: image",
        )
    _refuse_unknown(unit, [label for label in seen if label is not None])
    if not found.samples:
        raise DataError("holds no cell", hint="Look at its boxes or masks, or use unit: image")
    found.notes = search.notes()
    left_out = sum(seen.values()) - len(found.samples)
    if left_out:
        found.notes.append(f"cells of classes that unit.classes does not name, left out: {left_out}")
    return found


def _refuse_unknown(unit: UnitSetting, seen: Sequence[str]) -> None:
    """Raise where the recipe names classes that no cell has: a typing mistake would leave cells out."""
    given = {unit.labels.get(label, label) for label in seen}
    for key, names, known in (("labels", list(unit.labels), set(seen)), ("classes", unit.classes, given)):
        unknown = [name for name in names if name not in known]
        if unknown:
            raise DataError(
                f"no cell is of class {unknown[0]!r}; the classes are {', '.join(sorted(known)) or 'none'}"
                f"{did_you_mean(unknown[0], sorted(known))}",
                where=f"unit.{key}",
            )


def cell_sample(sample: Sample, number: int, box: Box, label: str | None, margin: float) -> Sample:
    """Make a sample of a cell: a region of its image, of the same group.

    Parameters
    ----------
    sample : Sample
        The image.
    number : int
        Of the cell in it.
    box : Box
        Around the cell, px of the image.
    label : str or None
        Class of the cell.
    margin : float
        Share of the box that the region shows on each side of it.
    """
    aside, above = margin * box.width, margin * box.height
    region = Region(
        sample.id,
        math.floor(box.x0 - aside),
        math.floor(box.y0 - above),
        math.ceil(box.x1 + aside),
        math.ceil(box.y1 + above),
    )
    return replace(sample, id=f"{sample.id}#{number}", label=label, region=region)


@dataclass(frozen=True, slots=True)
class _Object:
    """A cell of an image; its label as the data set writes it."""

    number: int
    box: Box
    label: str | None


@dataclass
class _Search:
    """Finds the objects of one image after the other, and remembers what was odd.

    Attributes
    ----------
    known : bool
        Whether any image had boxes or masks, be it without an object.
    """

    dataset: Dataset
    unit: UnitSetting
    known: bool = False
    _odd: Counter[str] = field(default_factory=Counter)
    _example: dict[str, str] = field(default_factory=dict)

    def objects(self, sample: Sample) -> Sequence[_Object]:
        """List the cells of an image; the label of an object of a mask is that of its image."""
        with kept_notes() as notes:
            found = self._boxes(sample) if self.unit.by != "masks" else None
            if found is None and self.unit.by != "boxes":
                found = self._masks(sample)
        for text in notes:
            self._remember(sample, text)
        if found is None:
            self._remember(sample, "images with neither boxes nor a mask, without cells")
            return []
        self.known = True
        return found

    def _boxes(self, sample: Sample) -> Sequence[_Object] | None:
        boxes = boxes_of(self.dataset, sample)
        if boxes is None:
            return None
        size = self._size(sample)
        if size is None:  # the image is rejected when it is read: its cells with it
            return [_Object(number, box, box.label) for number, box in enumerate(boxes, start=1)]
        checked = inside(boxes, *size)
        for count, what in (
            (checked.outside, "boxes outside their image, left out"),
            (checked.small, "boxes smaller than 2 x 2 px, left out"),
            (checked.cut, "boxes that reach beyond their image, cut at its border"),
        ):
            self._remember(sample, what, count)
        return [_Object(one.number, one.box, one.box.label) for one in checked.boxes]

    def _size(self, sample: Sample) -> tuple[int, int] | None:
        """Height and width; None where the file cannot be read."""
        if sample.rendered:
            with ComponentCall(self.dataset, "render", image=sample.id):
                height, width = self.dataset.render(sample).shape[:2]
            return height, width
        try:
            header = image_info(file_bytes(sample))
        except ImageRejected:
            return None
        return header.height, header.width

    def _masks(self, sample: Sample) -> Sequence[_Object] | None:
        try:
            with ComponentCall(self.dataset, "truth", image=sample.id):
                truth = self.dataset.truth(sample)
        except ImageRejected as error:
            self._remember(
                sample,
                f"masks that cannot be read ({error.detail}), without cells",
            )
            return ()
        if truth is None:
            return None
        return [_Object(one.number, one.box, sample.label) for one in boxes_of_mask(truth)]

    def _remember(self, sample: Sample, what: str, count: int = 1) -> None:
        if count:
            self._odd[what] += count
            self._example.setdefault(what, sample.id)

    def notes(self) -> list[str]:
        """Say what was odd: how often, and in which image first."""
        return [f"{what}: {count}, the first in {self._example[what]}" for what, count in self._odd.items()]


def boxes_of_mask(truth: Labels) -> tuple[NumberedBox, ...]:
    """Boxes around the cells of ground-truth masks; their numbers are the ids of the masks.

    Parameters
    ----------
    truth : Labels
        With the role ``cell`` or, without it, any first role.
    """
    objects = truth.roles.get(CELL)
    if objects is None:
        objects = next(iter(truth.roles.values()))
    found = []
    for number, place in enumerate(ndimage.find_objects(np.asarray(objects)), start=1):
        if place is not None:
            rows, columns = place
            box = Box(columns.start, rows.start, columns.stop, rows.stop, CELL)
            found.append(NumberedBox(number, box))
    return tuple(found)
