"""The figures of a run directory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from leukokit.api import Part
from leukokit.engine.image_plan import Item
from leukokit.engine.run import RunResult
from leukokit.engine.run_directory import RunDirectory
from leukokit.report.figures import confusion_figure, feature_distributions
from leukokit.report.importance_figure import importance_figure
from leukokit.report.overlay_sheet import overlay_sheet

_OVERLAYS_A_CLASS = 4
_OVERLAYS = 16
_PANELS = 24


def write_figures(result: RunResult, directory: RunDirectory) -> None:
    """Draw what the run has: confusion, segmentation overlays, importances, features by class."""
    title = result.recipe.name
    for part in (Part.VALIDATION, Part.TEST):
        if part.value in result.metrics:
            matrix = result.metrics[part.value]["confusion"]
            path = directory.file(f"figures/confusion_{part.value}.png")
            shown = f"{title}, {part.value} part"
            confusion_figure(matrix["matrix"], matrix["labels"], path, shown, stamp=result.stamp)
    if result.recipe.segment is not None:
        _overlays(result, directory)
    if result.recipe.classify is None and len(result.features.columns):
        _distributions(result, directory)
    fitted = result.folds[0].fitted
    if fitted is not None:
        for name, table in fitted.explanations.items():
            path = directory.file(f"figures/{name}.png")
            importance_figure(table, path, title=f"{title}: {name.replace('_', ' ')}", stamp=result.stamp)


def _overlays(result: RunResult, directory: RunDirectory) -> None:
    chosen = list(result.pictures(overlay_items(result)))
    if not chosen:
        return
    overlay_sheet(
        [image for _, image, _ in chosen],
        [labels for _, _, labels in chosen],
        [item.sample.id for item, _, _ in chosen],
        directory.file("figures/segmentation.png"),
        title=f"{result.recipe.name}: {result.recipe.segment.use if result.recipe.segment else ''}",
        stamp=result.stamp,
    )


def overlay_items(result: RunResult) -> list[Item]:
    """Choose images evenly over the classes, and evenly within each, so that nobody picks the prettiest."""
    by_class: dict[str, list[Item]] = defaultdict(list)
    for item in result.data.items:
        by_class[item.sample.label or ""].append(item)
    share = min(_OVERLAYS_A_CLASS, max(1, _OVERLAYS // len(by_class)))
    return [item for name in sorted(by_class) for item in _spread(by_class[name], share)][:_OVERLAYS]


def _spread(items: Sequence[Item], count: int) -> list[Item]:
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
