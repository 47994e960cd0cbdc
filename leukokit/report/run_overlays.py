"""The overlay sheet of a run: its images are chosen and kept once, and drawn from the run directory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from leukokit._version import __version__
from leukokit.api import UNKNOWN_SCALE, Labels, Preprocessor
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import array_digest, digest, library_versions
from leukokit.engine.cache.memo import memo_folder
from leukokit.engine.cache.store import Store
from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.images.plan import ImagePlan, Item
from leukokit.engine.images.stored_images import kept_labels
from leukokit.engine.images.truth import true_labels
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.run_result import RunResult
from leukokit.process.scratch import scratch_folder
from leukokit.record.files import SEGMENTED
from leukokit.report.kept_figure import REVISION, kept_figure
from leukokit.report.overlay_choice import STATISTICS, Chosen, choose, label_statistics
from leukokit.report.overlay_panel import OverlayPanel
from leukokit.report.segmented_pictures import FOLDER, read_segmented, write_segmented

_NOTE = "Of each class the worst images first, then typical ones; chosen by rule, not for their looks."
_KEPT_A_CLASS, _UNKEPT_A_CLASS = 200, 8
"""Segmentations to choose from, where the cache holds them and where it does not."""
_PIXELS_A_CLASS = 10_000_000


def keep_segmented(result: RunResult, directory: RunDirectory) -> None:
    """Fill ``pictures/segmented/``, from which the overlay sheet is drawn, or take it from the cache."""
    plan = result.folds[0].plan
    usable = [item for item in result.data.items if item.sample.id in result.features.index]
    if plan.segment is None or not usable:
        return

    complete = True

    def write(folder: Path) -> None:
        nonlocal complete
        panels, labels, complete = _panels(result)
        write_segmented(folder, panels, _row_lengths(labels))

    steps = [*plan.preprocess, plan.segment]
    content = [
        (item.sample.id, item.sample.label, str(item.scale), [plan.row_key(step, item) for step in steps])
        for item in usable
    ]
    scores = None if result.masks is None else result.masks.to_csv()
    depends_on = (plan.reading.key(), [step.key for step in steps], content, scores)
    how = (REVISION, __version__, library_versions(), code_digest(__name__))
    key = digest("segmented pictures", *how, *depends_on)
    with scratch_folder() as root:
        folder = root / FOLDER
        memo_folder(
            key,
            write,
            lambda _: read_segmented(root, SEGMENTED.read(root)),
            folder,
            store=plan.store,
            title="pictures of segmentations",
            keep=lambda _: complete,
        )
        for path in sorted(folder.iterdir()):
            directory.write(f"{FOLDER}/{path.name}", path.read_bytes())


def draw_overlays(run: FinishedRun, path: Path, *, stamp: str | None, store: Store | None) -> None:
    """Draw ``figures/segmentation.png`` from ``pictures/segmented/``, or take it from the cache.

    Parameters
    ----------
    run : FinishedRun
    path : Path
        PNG file to write; not written where no image was segmented.
    stamp : str or None
    store : Store or None

    Raises
    ------
    DataError
        Where the pictures are missing or damaged.
    """
    index = SEGMENTED.read(run.path)
    if not index.pictures:
        return
    panels = read_segmented(run.path, index)
    segmenter = run.resolved.segment
    title = run.name if segmenter is None else f"{run.name}: {segmenter.use}"

    def draw(file: Path) -> None:
        # Imported where it draws: scikit-image's outlines take a fifth of a second to load.
        from leukokit.report.overlay_sheet import overlay_sheet

        overlay_sheet(panels, file, title=title, note=_NOTE, row_lengths=index.rows, stamp=stamp)

    arrays = [
        array_digest(array)
        for panel in panels
        for labels in (panel.labels, panel.truth)
        for array in (panel.picture, *(labels.roles.values() if labels is not None else ()))
    ]
    kept_figure(store, path, draw, "overlays", index.plain(), arrays, title, stamp)


def _panels(result: RunResult) -> tuple[list[OverlayPanel], list[str], bool]:
    """Panels of the chosen images as far as they can be read, the class of each, and whether all could be.

    One that cannot was changed since the image stage.
    """
    plan = result.folds[0].plan
    chosen = {choice.id: choice for choice in chosen_overlays(result)}
    items = {item.sample.id: item for item in result.data.items if item.sample.id in chosen}
    keeps_shape = _keeps_shape(plan)
    panels = [
        OverlayPanel(
            picture=image,
            labels=labels,
            caption=item.sample.id,
            reason=_reason(chosen[item.sample.id]),
            detail=chosen[item.sample.id].detail,
            scale=(item.scale or UNKNOWN_SCALE) if keeps_shape else UNKNOWN_SCALE,
            truth=_truth(plan, item, labels),
        )
        for item, image, labels in result.pictures([items[name] for name in chosen])
    ]
    return panels, [chosen[panel.caption].label for panel in panels], len(panels) == len(chosen)


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
    return counts if counts and max(counts) > 2 else None


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
    truth = true_labels(plan.dataset, item.sample) if plan.score_masks else None
    shapes = {
        label_image.shape
        for labels_ in (truth, labels)
        if labels_ is not None
        for label_image in labels_.roles.values()
    }
    return truth if len(shapes) == 1 else None


def _keeps_shape(plan: ImagePlan) -> bool:
    """Whether pictures are as large as the images that were read, so that the scale holds for them."""
    return all(isinstance(s.component, Preprocessor) and s.component.keeps_shape for s in plan.preprocess)


def _spread(items: Sequence[Item], count: int) -> list[Item]:
    """At most ``count`` items, evenly over the sequence."""
    count = min(count, len(items))
    return [items[(2 * i + 1) * len(items) // (2 * count)] for i in range(count)]
