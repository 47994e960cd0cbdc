"""Find the cells of fields that nobody has outlined, with a segmenter: each becomes a sample."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from leukokit.api import CELL, NUCLEUS, Box, Sample, Segmenter, Status
from leukokit.catalog import CatalogEntry
from leukokit.engine.cache.store import Store
from leukokit.engine.cell_samples.samples import boxes_of_mask, cell_sample
from leukokit.engine.components.call import call_method
from leukokit.engine.execution.batches import batches
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.batch_rows import BatchRows
from leukokit.engine.images.file_measures import measure_files
from leukokit.engine.images.plan import ImagePlan, Item, Rejection
from leukokit.engine.images.plan_building import ImageComponents, fitted_plan
from leukokit.engine.images.stage import run_image_stage
from leukokit.engine.images.work import ImageTask
from leukokit.engine.io.reading import ReadOptions
from leukokit.engine.observer import Observer
from leukokit.engine.prediction.measuring import Files, Member
from leukokit.engine.scale.stage import SCALE, scales_in
from leukokit.errors import RunFailed, UsageError
from leukokit.process.scratch import scratch_folder
from leukokit.recipe import Bound

FIELD_SEGMENTER = "smear_cells"
"""Finds the cells of fields where no other segmenter is named."""
_MARGIN = 0.1
"""Share of a cell's box that crops show around it, for a model that learned images."""
_AT_ONCE = 512
"""Fields whose label images are kept at the same time."""


@dataclass
class FoundCells:
    """Cells of fields.

    Attributes
    ----------
    cells : list of Sample
        Regions of the fields, in their order; the label is missing, the group that of the field.
    empty : dict of sample id to Status
        Fields without a cell, and what the segmenter says of them.
    rejected : dict of sample id to Rejection
        Fields that could not be used.
    """

    cells: list[Sample] = field(default_factory=list)
    empty: dict[str, Status] = field(default_factory=dict)
    rejected: dict[str, Rejection] = field(default_factory=dict)

    def refuse_none(self, segmenter: str, fields: int) -> None:
        """Raise RunFailed where there is no cell."""
        if not self.cells:
            raise RunFailed(
                f"{segmenter} found no cell in {fields} images",
                hint="Add --cells none where the images are crops of single cells, or name another segmenter",
            )


def cells_of_fields(
    fields: Sequence[Sample],
    entry: CatalogEntry,
    member: Member,
    *,
    executor: Executor,
    store: Store | None,
    observer: Observer,
) -> FoundCells:
    """Find the white cells of fields for a fitted pipeline.

    Parameters
    ----------
    fields : sequence of Sample
        With files.
    entry : CatalogEntry
        The segmenter, which gets its default parameters.
    member : Member
        Cells are cut out as those of its training.

    Raises
    ------
    UsageError
        Where the segmenter makes no white cells.
    """
    component = entry.load().create()
    assert isinstance(component, Segmenter)
    if not {CELL, NUCLEUS} & set(call_method(component, "roles")):
        raise UsageError(f"the segmenter {entry.name!r} finds no white cells", hint=f"Use {FIELD_SEGMENTER}")
    return find_cells(
        fields,
        Bound(entry, component, "segment"),
        margin=_MARGIN if member.cell_margin is None else member.cell_margin,
        reading=member.images.reading,
        seed=member.images.seed,
        executor=executor,
        store=store,
        observer=observer,
    )


def find_cells(
    fields: Sequence[Sample],
    segmenter: Bound[Segmenter],
    *,
    margin: float,
    reading: ReadOptions,
    seed: int,
    executor: Executor,
    store: Store | None,
    observer: Observer,
) -> FoundCells:
    """Segment fields and take the white cells out of them.

    Parameters
    ----------
    fields : sequence of Sample
        With files.
    segmenter : Bound of Segmenter
        Makes the role ``cell`` or ``nucleus``; one that uses the scale gets that of each field's red cells.
    margin : float
        Share of a cell's box that a crop shows on each side of it.
    reading : ReadOptions
    seed : int
        Of the segmenter, where it draws random numbers.
    store : Store or None
        Keeps label images; a temporary one where None.
    """
    components = ImageComponents(reading, (), segmenter, (), seed)
    found = FoundCells()
    for piece in batches(list(fields), _AT_ONCE):
        with ExitStack() as stack:
            kept = store if store is not None else Store(stack.enter_context(scratch_folder()))
            plan = fitted_plan(components, Files(), store=kept)
            _take(plan, _items(piece, plan, executor, observer), margin, executor, observer, found)
    return found


def _items(fields: Sequence[Sample], plan: ImagePlan, executor: Executor, observer: Observer) -> list[Item]:
    keys = executor.content_keys(plan.dataset, "", fields)
    items = [Item(i, sample, key) for i, (sample, key) in enumerate(zip(fields, keys, strict=True))]
    if plan.segment is None or not plan.segment.scaled:
        return items
    table = measure_files(
        [SCALE],
        plan.dataset,
        items,
        plan.reading,
        store=plan.store,
        executor=executor,
        observer=observer,
        name="measuring the scale",
    )
    own = scales_in(table, items, plan.reading)
    return [
        replace(item, scale=own.scales[item.sample.id], changed=own.changed.get(item.sample.id))
        for item in items
    ]


def _take(
    plan: ImagePlan,
    items: Sequence[Item],
    margin: float,
    executor: Executor,
    observer: Observer,
    found: FoundCells,
) -> None:
    """Segment one piece of the fields, and add its cells."""
    table = run_image_stage(plan, items, executor, observer, name="finding cells")
    found.rejected |= {item.sample.id: why for item, why in table.rejected}
    assert plan.segment is not None
    for item in items:
        if item.sample.id in found.rejected:
            continue
        labels = ImageTask(plan, item, BatchRows(plan, [item])).labels(plan.segment)
        boxes: list[tuple[int, Box]] = []
        if labels.status is Status.OK:
            boxes = [(one.number, one.box) for one in boxes_of_mask(labels)]
        if not boxes:
            found.empty[item.sample.id] = labels.status
        for number, box in boxes:
            found.cells.append(cell_sample(item.sample, number, box, None, margin))
