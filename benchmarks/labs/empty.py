"""Images without a cell: blank fields with noise of several grains, and bare glass cut out of bccd."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from labs.annotated_images import AnnotatedImage, frozen

GRAINS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Standard deviations of the blur that makes grains of noise, in px."""
STRENGTHS = (2.0, 5.0, 10.0)
"""Standard deviations of the noise, in gray levels."""
GLASS = (226.0, 214.0, 222.0)
SMALLEST = 64
"""Side of the smallest piece of bare glass, in px."""


def noise_fields(seeds: int, size: int = 224) -> list[AnnotatedImage]:
    """Glass with noise, half of it common to the channels; a field a grain, a strength and a seed."""
    return [
        AnnotatedImage(
            f"grain {grain:g} strength {strength:g} seed {seed}", _field(grain, strength, seed, size)
        )
        for grain in GRAINS
        for strength in STRENGTHS
        for seed in range(seeds)
    ]


def _field(grain: float, strength: float, seed: int, size: int) -> np.ndarray:
    rng = np.random.default_rng([seed, round(10 * grain), round(strength)])
    noise = rng.normal(size=(size, size, 3)) + rng.normal(size=(size, size, 1))
    if grain:
        noise = cv2.GaussianBlur(noise, (0, 0), grain, borderType=cv2.BORDER_REFLECT)
    noise *= strength / noise.std()
    return frozen(np.clip(np.rint(np.array(GLASS) + noise), 0, 255))


def bare_glass(fields: Sequence[AnnotatedImage]) -> list[AnnotatedImage]:
    """Cut the largest square without boxes and foreground out of each field that has one of 64 px or more."""
    return list(_bare_glass(fields))


def _bare_glass(fields: Sequence[AnnotatedImage]) -> Iterator[AnnotatedImage]:
    for field in fields:
        green = cv2.GaussianBlur(field.image[..., 1], (0, 0), 2.0)
        height, width = green.shape
        # Ink: darker than the glass by 18 levels. Glass is taken for the 90th percentile of green.
        free = (green > np.percentile(green, 90) - 18).astype(np.uint8)
        boxes = field.others if field.boxes is None else np.vstack([field.boxes, field.others])
        for left, top, right, bottom in boxes.round().astype(int):
            free[max(top, 0) : bottom, max(left, 0) : right] = 0
        free = cv2.copyMakeBorder(free, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        radius = cv2.distanceTransform(free, cv2.DIST_C, 3)[1:-1, 1:-1]
        y, x = np.unravel_index(int(np.argmax(radius)), (height, width))
        reach = int(radius[y, x]) - 1
        if 2 * reach + 1 >= SMALLEST:
            piece = field.image[y - reach : y + reach + 1, x - reach : x + reach + 1]
            yield AnnotatedImage(field.name, frozen(piece))


def round_view(sample: AnnotatedImage) -> AnnotatedImage:
    """Black out all but the largest centered disk, as a microscope's round field of view does.

    Boxes whose center is in the black are dropped.
    """
    height, width = sample.image.shape[:2]
    disk = np.zeros((height, width), np.uint8)
    center, radius = ((width - 1) / 2, (height - 1) / 2), min(height, width) // 2
    cv2.circle(disk, (round(center[0]), round(center[1])), radius, 1, cv2.FILLED)
    boxes = sample.boxes
    if boxes is not None:
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2 - center
        boxes = boxes[np.hypot(middle[:, 0], middle[:, 1]) < radius]
    return AnnotatedImage(
        sample.name, frozen(sample.image * disk[..., None]), boxes=boxes, group=sample.group
    )
