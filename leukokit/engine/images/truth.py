"""Agreement of label images with what a data set knows of an image: masks, or boxes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from leukokit.api import Dataset, Labels, Region, Sample, Status
from leukokit.api.notes import kept_notes
from leukokit.engine.cell_samples.boxes import boxes_of, edges_by_role, inside
from leukokit.engine.components.call import ComponentCall, call_method
from leukokit.engine.images.plan import ImagePlan, SegmentStep
from leukokit.engine.io.reading import cut_region
from leukokit.evaluation.box_scores import score_boxes
from leukokit.evaluation.masks import Row, score_image
from leukokit.smear.label_grid import labels_on_grid, resize_factor


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well labels agree with the truth.

    Attributes
    ----------
    row : Row or None
        None where nothing is known of the image, or nothing can be compared.
    notes : tuple of str
        What was noticed.
    """

    row: Row | None
    notes: tuple[str, ...] = ()


def compare_with_truth(
    plan: ImagePlan,
    sample: Sample,
    step: SegmentStep,
    labels: Labels,
    *,
    shape: tuple[int, int],
    factor: float,
) -> Agreement:
    """Compare labels with the masks that the data set has of a sample or, where it has none, with its boxes.

    Parameters
    ----------
    step : SegmentStep
        Whose segmenter made the labels.
    shape : (int, int)
        Height and width of the prepared image, in px.
    factor : float
        How many times as wide as the file's image the prepared one is; NaN where that cannot be said.
    """
    with kept_notes() as kept, ComponentCall(plan.dataset, "truth", image=sample.id):
        truth = plan.dataset.truth(sample.whole)
    notes = tuple(dict.fromkeys(kept))
    if truth is None:
        found = _with_boxes(plan, sample, step, labels, shape, factor)
    else:
        found = _with_masks(
            plan, step, labels, truth if sample.region is None else _cut(truth, sample.region)
        )
    return Agreement(found.row, tuple(f"truth: {text}" for text in (*notes, *found.notes)))


def true_labels(dataset: Dataset, sample: Sample) -> Labels | None:
    """Ask a data set for the masks of a sample; of a cell, those of its image are cut. None without any."""
    with ComponentCall(dataset, "truth", image=sample.id):
        truth = dataset.truth(sample.whole)
    return truth if truth is None or sample.region is None else _cut(truth, sample.region)


def _with_masks(plan: ImagePlan, step: SegmentStep, labels: Labels, truth: Labels) -> Agreement:
    if not plan.keeps_shape():
        roles = {}
        for role, true in truth.roles.items():
            if role not in labels.roles:
                continue
            if math.isnan(resize_factor(true, labels.roles[role])):
                return _incomparable("truth does")
            roles[role] = labels_on_grid(labels.roles[role], true.shape)
        labels = replace(labels, roles=roles)
    return Agreement(score_image(labels, truth, clears_border=call_method(step.component, "clears_border")))


def _with_boxes(
    plan: ImagePlan, sample: Sample, step: SegmentStep, labels: Labels, shape: tuple[int, int], factor: float
) -> Agreement:
    """Compare with boxes; a cell that is a sample has none inside it."""
    boxes = boxes_of(plan.dataset, sample) if sample.region is None else None
    if boxes is None or not plan.box_roles:
        return Agreement(None)
    if math.isnan(factor):
        return _incomparable("boxes do")
    height, width = (round(side / factor) for side in shape)
    checked = inside(boxes, height, width)
    edges = edges_by_role(checked.boxes, plan.box_roles, factor)
    row = score_boxes(labels, edges, clears_border=call_method(step.component, "clears_border"))
    return Agreement(row or None, tuple(checked.notes()))


def _incomparable(what: str) -> Agreement:
    return Agreement(
        None, (f"a preprocessor changed the image's proportions: the {what} not lie on it; not compared",)
    )


def _cut(truth: Labels, region: Region) -> Labels:
    roles = {role: cut_region(labels, region)[0] for role, labels in truth.roles.items()}
    found = any(labels.any() for labels in roles.values())
    return Labels(roles, Status.OK if found else Status.NO_CELL)
