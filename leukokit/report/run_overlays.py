"""The overlay sheet of a run directory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from leukokit.api import Labels, Preprocessor
from leukokit.engine.components.call import ComponentCall
from leukokit.engine.images.plan import ImagePlan, Item
from leukokit.engine.images.stored_images import kept_labels
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.run_result import RunResult
from leukokit.report.kept_figure import kept_figure
from leukokit.report.overlay_choice import STATISTICS, Chosen, choose, label_statistics

_NOTE = "Of each class the worst images first, then typical ones; chosen by rule, not for their looks."
_KEPT_A_CLASS, _UNKEPT_A_CLASS = 200, 8
"""Segmentations to choose from, where the cache holds them and where it does not."""
_PIXELS_A_CLASS = 10_000_000


def write_overlays(result: RunResult, directory: RunDirectory) -> None:
    """Draw ``figures/segmentation.png``, or take it from the cache."""
    plan, segment = result.folds[0].plan, result.recipe.segment
    if plan.segment is None or segment is None:
        return
    title = f"{result.recipe.name}: {segment.use}"

    def draw(path: Path) -> None:
        # Imported where it draws: scikit-image's outlines take a fifth of a second to load.
        from leukokit.report.overlay_sheet import overlay_sheet

        chosen = {each.id: each for each in chosen_overlays(result)}
        items = {item.sample.id: item for item in result.data.items if item.sample.id in chosen}
        found = list(result.pictures([items[name] for name in chosen]))
        if not found:
            return
        shown = [chosen[item.sample.id] for item, _, _ in found]
        overlay_sheet(
            [image for _, image, _ in found],
            [labels for _, _, labels in found],
            [item.sample.id for item, _, _ in found],
            path,
            title=title,
            note=_NOTE,
            reasons=[_reason(each) for each in shown],
            details=[each.detail for each in shown],
            truths=[_truth(plan, item, labels) for item, _, labels in found],
            row_lengths=_row_lengths([each.label for each in shown]),
            scales=[item.scale if _keeps_shape(plan) else None for item, _, _ in found],
            stamp=result.stamp,
        )

    usable = [item for item in result.data.items if item.sample.id in result.features.index]
    if usable:
        steps = [*plan.preprocess, plan.segment]
        content = [
            (item.sample.id, item.sample.label, str(item.scale), [plan.row_key(step, item) for step in steps])
            for item in usable
        ]
        keys, scores = [step.key for step in steps], None if result.masks is None else result.masks.to_csv()
        path = directory.file("figures/segmentation.png")
        depends_on = (plan.reading.key(), keys, content, scores, title, result.stamp)
        kept_figure(plan.store, path, draw, "overlays", *depends_on)


def chosen_overlays(result: RunResult) -> list[Chosen]:
    """Choose the images of the overlay sheet from what the run has; few or none are segmented again."""
    items = {i.sample.id: i for i in result.data.items if i.sample.id in result.features.index}
    classes = {name: item.sample.label or "" for name, item in items.items()}
    images = result.folds[0].images

    def statistics(ids: Sequence[str]) -> pd.DataFrame:
        by_class: dict[str, list[str]] = defaultdict(list)
        for name in ids:
            by_class[classes[name]].append(name)
        rows: dict[str, dict[str, float]] = {}
        for names in by_class.values():
            rows |= _statistics(result, [items[name] for name in names])
        return pd.DataFrame.from_dict(rows, orient="index", columns=STATISTICS)

    return choose(classes, images.status, images.masks, statistics)


def _reason(chosen: Chosen) -> str:
    return f"{chosen.label}: {chosen.reason}" if chosen.label else chosen.reason


def _row_lengths(labels: Sequence[str]) -> list[int] | None:
    """Give each class a row of its own, unless that leaves most of the sheet empty."""
    counts = list(Counter(labels).values())
    return counts if max(counts) > 2 else None


def _statistics(result: RunResult, items: Sequence[Item]) -> dict[str, dict[str, float]]:
    """Statistics of some images of a class: what ten million pixels hold, from the cache if it can be."""
    plan = result.folds[0].plan
    first = next(iter(kept_labels(plan, items[:1])), None)
    if first is None:
        few = result.pictures(_spread(items, _UNKEPT_A_CLASS))
        return {item.sample.id: label_statistics(labels) for item, _, labels in few}
    pixels = max(1, next(iter(first[1].roles.values()), np.ones(1)).size)
    count = int(np.clip(_PIXELS_A_CLASS // pixels, _UNKEPT_A_CLASS, _KEPT_A_CLASS))
    kept = kept_labels(plan, _spread(items, count))
    return {item.sample.id: label_statistics(labels) for item, labels in kept}


def _truth(plan: ImagePlan, item: Item, labels: Labels) -> Labels | None:
    """Give the true outlines of a scored image, where they lie on the picture."""
    truth: Labels | None = None
    if plan.score_masks:
        with ComponentCall(plan.dataset, "truth", image=item.sample.id):
            truth = plan.dataset.truth(item.sample)
    shapes = {each.shape for found in (truth, labels) if found is not None for each in found.roles.values()}
    return truth if len(shapes) == 1 else None


def _keeps_shape(plan: ImagePlan) -> bool:
    """Whether pictures are as large as the images that were read, so that the scale holds for them."""
    return all(isinstance(s.component, Preprocessor) and s.component.keeps_shape for s in plan.preprocess)


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    """At most ``count`` items, evenly over the sequence."""
    count = min(count, len(items))
    return [items[(2 * i + 1) * len(items) // (2 * count)] for i in range(count)]
