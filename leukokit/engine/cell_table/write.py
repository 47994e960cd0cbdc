"""Write the cells of a run: ``cells.parquet``, label images and outlines, in the order of the data set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from leukokit.api import FloatArray, Labels, Part
from leukokit.engine.cell_table.geojson import cells_geojson
from leukokit.engine.cell_table.label_file import label_file
from leukokit.engine.cell_table.table_file import CellTableFile, cell_table_file
from leukokit.engine.execution.batches import batches
from leukokit.engine.images.plan import CellStep, ImagePlan, Item
from leukokit.engine.images.stored_images import StoredCells
from leukokit.engine.io.tables import csv_bytes
from leukokit.engine.observer import Observer
from leukokit.engine.run_directory import RunDirectory
from leukokit.evaluation.splits import Fold
from leukokit.ids import written_id
from leukokit.recipe.cells import CellsSetting

CELLS, LABELS, GEOJSON = "cells.parquet", "labels", "geojson"
_AT_ONCE = 64
"""Images whose cells and label images are read from the cache together."""
_LONGEST_STEM = 60


@dataclass
class CellFiles:
    """Writes what a recipe wants of the cells.

    Attributes
    ----------
    directory : RunDirectory
    setting : CellsSetting
    plan : ImagePlan
        With the step of cells; its results are in the cache where that can be written.
    folds : sequence of Fold
        Of the run's split; empty without one.
    stamp : str or None
        What every output of synthetic images says.
    """

    directory: RunDirectory
    setting: CellsSetting
    plan: ImagePlan
    folds: Sequence[Fold]
    stamp: str | None
    _files: dict[str, list[dict[str, object]]] = field(default_factory=lambda: {LABELS: [], GEOJSON: []})

    def write(self, items: Sequence[Item], observer: Observer) -> None:
        """Write all files.

        Parameters
        ----------
        items : sequence of Item
            Images that could be used, in the order of the data set.
        """
        step = self.plan.cells
        if step is None:
            raise ValueError("the plan has no step of cells")
        observer.stage("writing cells", len(items))
        with ExitStack() as stack:
            file = None
            if self.setting.table:
                path = self.directory.file(CELLS)
                file = stack.enter_context(cell_table_file(path, step.columns, self.stamp))
            for item, table, labels in self._cells(step, items):
                self._write_image(step, item, table, labels, file)
                observer.advance()
        for folder, rows in self._files.items():
            if rows:
                self.directory.write(f"{folder}/index.csv", csv_bytes(pd.DataFrame(rows)))

    def _cells(
        self, step: CellStep, items: Sequence[Item]
    ) -> Iterator[tuple[Item, FloatArray, Labels | None]]:
        for batch in batches(items, _AT_ONCE):
            kept = StoredCells(self.plan, step, batch)
            for item in batch:
                outlined = self.setting.labels or self.setting.geojson
                yield item, kept.table(item), kept.labels(item) if outlined else None

    def _write_image(
        self,
        step: CellStep,
        item: Item,
        table: FloatArray,
        labels: Labels | None,
        file: CellTableFile | None,
    ) -> None:
        if file is not None:
            file.add(_sample_texts(item, self.folds), table)
        if labels is None:
            return
        name, id_ = _file_name(item), written_id(item.sample.id)
        if self.setting.labels:
            for role, label_image in sorted(labels.roles.items()):
                ending, content = label_file(label_image)
                path = f"{name}_{role}.{ending}"
                self.directory.write(f"{LABELS}/{path}", content)
                self._files[LABELS].append({"image": id_, "role": role, "file": path})
        if self.setting.geojson:
            path = f"{name}.geojson"
            self.directory.write(f"{GEOJSON}/{path}", cells_geojson(id_, labels, table, step.names))
            self._files[GEOJSON].append({"image": id_, "cells": len(table), "file": path})


def _file_name(item: Item) -> str:
    """Give the number in the data set, and the file's name without what some systems do not take."""
    stem = Path(item.sample.id).stem
    return f"{item.index:06d}_{re.sub(r'[^A-Za-z0-9._-]+', '_', stem)[:_LONGEST_STEM]}"


def _sample_texts(item: Item, folds: Sequence[Fold]) -> Mapping[str, str | None]:
    sample = item.sample
    part = folds[0].parts.get(sample.id) if len(folds) == 1 else None
    tested = [fold.name for fold in folds if fold.parts.get(sample.id) is Part.TEST] if len(folds) > 1 else []
    return {
        "image": written_id(sample.id),
        "group": None if sample.group is None else written_id(sample.group),
        "label": None if sample.label is None else written_id(sample.label),
        "part": None if part is None else part.value,
        "fold": tested[0] if tested else None,
    }
