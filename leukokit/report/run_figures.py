"""The figures of a run directory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from leukokit.api import Part
from leukokit.engine.explanations.stage import HeatMaps
from leukokit.engine.models.model_stage import FittedFold
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.run_result import RunResult
from leukokit.report.alignment_figure import alignment_figure
from leukokit.report.figures import confusion_figure, feature_distributions
from leukokit.report.heat_sheet import MAX_ROWS, HeatRow, heat_sheet
from leukokit.report.importance_figure import importance_figure
from leukokit.report.kept_figure import kept_figure
from leukokit.report.run_overlays import write_overlays

_PANELS = 24

T = TypeVar("T")


def write_figures(result: RunResult, directory: RunDirectory) -> None:
    """Draw what the run has: confusion, segmentation overlays, features by class, explanations."""
    title, store = result.recipe.name, result.folds[0].plan.store
    for part in (Part.VALIDATION, Part.TEST):
        if part.value in result.metrics:
            matrix = result.metrics[part.value]["confusion"]
            path = directory.file(f"figures/confusion_{part.value}.png")
            shown = f"{title}, {part.value} part"
            content = (matrix["matrix"], matrix["labels"])
            kept_figure(
                store,
                path,
                partial(confusion_figure, *content, title=shown, stamp=result.stamp),
                "confusion",
                content,
                shown,
                result.stamp,
            )
    if result.recipe.segment is not None:
        write_overlays(result, directory)
    if result.recipe.classify is None and len(result.features.columns):
        _distributions(result, directory)
    fitted = result.folds[0].fitted
    if fitted is not None:
        for name, explained in fitted.explanations.items():
            if explained.table is not None:
                path = directory.file(f"figures/{name}.png")
                shown = f"{title}: {name.replace('_', ' ')}"
                importance_figure(explained.table, path, title=shown, stamp=result.stamp)
            if explained.heat is not None:
                _heat_sheets(name, explained.heat, fitted, result, directory)
    if result.alignment is not None and result.alignment.summary["ratio"].notna().any():
        path = directory.file("figures/alignment.png")
        shown = f"{title}: where the heat lies"
        alignment_figure(result.alignment.summary, path, title=shown, stamp=result.stamp)


def _heat_sheets(
    name: str, heat: HeatMaps, fitted: FittedFold, result: RunResult, directory: RunDirectory
) -> None:
    """One sheet a true class; only the images that are drawn are read."""
    examples = fitted.best.examples[heat.part]
    assert examples.images is not None
    places = {sample: place for place, sample in enumerate(examples.ids)}
    classes = sorted(set(heat.table["true"]))
    for label, safe in zip(classes, file_names(classes), strict=True):
        found = np.flatnonzero(heat.table["true"] == label).tolist()
        chosen = _spread(found, MAX_ROWS)
        rows = []
        for row in chosen:
            facts = heat.table.iloc[row]
            rows.append(
                HeatRow(
                    id=facts["id"],
                    image=examples.images[places[facts["id"]]],
                    heat=heat.heat(row),
                    true=label,
                    predicted=facts["predicted"],
                    target=facts["target"],
                    probability=float(facts["probability"]),
                )
            )
        share = f" ({len(chosen)} of {len(found)})" if len(chosen) < len(found) else ""
        heat_sheet(
            rows,
            directory.file(f"figures/{name}_{safe}.png"),
            title=f"{name.replace('_', ' ')}: {label}{share}",
            note=heat.note,
            stamp=result.stamp,
        )


def file_names(classes: Sequence[str]) -> list[str]:
    """Names of classes as parts of file names: plain, and apart even where a system ignores case."""
    names: list[str] = []
    for label in classes:
        base = re.sub(r"[^A-Za-z0-9-]+", "_", label)[:60].strip("_") or "class"
        number, name = 1, base
        while name.lower() in {each.lower() for each in names}:
            number += 1
            name = f"{base}_{number}"
        names.append(name)
    return names


def _spread(items: Sequence[T], count: int) -> list[T]:
    count = min(count, len(items))
    return [items[(2 * i + 1) * len(items) // (2 * count)] for i in range(count)]


def _distributions(result: RunResult, directory: RunDirectory) -> None:
    labels = {item.sample.id: item.sample.label or "unlabeled" for item in result.data.items}
    table = result.features.iloc[:, :_PANELS]
    more = result.features.shape[1] - table.shape[1]
    title = f"{result.recipe.name}: features by class" + (f" (first {_PANELS}, {more} more)" if more else "")
    path = directory.file("figures/features_by_class.png")
    feature_distributions(
        table, [labels[name] for name in table.index], path, title=title, stamp=result.stamp
    )
