"""What is done to images before they are segmented again: sizes and colors.

Colors change in optical density, ``-ln(level / glass)`` a channel, where stain adds up: a stain of another
lab absorbs more or less of each channel, and glass stays glass. The glass of an image is the 95th percentile
of each channel; afterwards it has the level 240, tinted where said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from labs.annotated_images import AnnotatedImage, frozen

GLASS = 240.0

RECOLORINGS: Mapping[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    # Factors on the optical density of red, green, blue; tint of the glass, 1 is none.
    "pink": ((0.65, 1.05, 0.75), (1.0, 0.97, 0.98)),
    "blue": ((1.35, 0.95, 0.60), (0.97, 0.99, 1.0)),
    "pale": ((0.55, 0.55, 0.55), (1.0, 1.0, 1.0)),
    "dark": ((1.50, 1.50, 1.50), (0.94, 0.94, 0.94)),
    "yellow": ((0.90, 1.00, 1.50), (1.0, 0.98, 0.92)),
}


def recolored(sample: AnnotatedImage, name: str) -> AnnotatedImage:
    """Give an image another stain."""
    factors, tint = (np.array(numbers) for numbers in RECOLORINGS[name])
    levels = sample.image.astype(np.float64) + 1.0
    glass = np.percentile(levels.reshape(-1, 3), 95, axis=0)
    density = np.maximum(-np.log(levels / glass), -0.06)  # what is lighter than glass stays about as light
    image = np.exp(-density * factors) * GLASS * tint
    return replace(sample, image=frozen(np.clip(np.rint(image), 0, 255)))


def conditions() -> dict[str, Callable[[AnnotatedImage], AnnotatedImage]]:
    """All conditions by name, the image as it is first."""

    def size(factor: float) -> Callable[[AnnotatedImage], AnnotatedImage]:
        return lambda sample: sample.resized(factor)

    def color(name: str) -> Callable[[AnnotatedImage], AnnotatedImage]:
        return lambda sample: recolored(sample, name)

    return {
        "as is": lambda sample: sample,
        **{f"x{factor:g}": size(factor) for factor in (0.5, 2.0, 3.0)},
        **{name: color(name) for name in RECOLORINGS},
    }
