"""leukokit's side of the contests in features; imported by our interpreter only."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from contest import Smear, Task, Values

from leukokit.api import CELL, NUCLEUS, FeatureExtractor, Labels, Planes, RGBImage


def extractor_task(
    extractor: FeatureExtractor,
    rename: Callable[[str], str],
    labels: Callable[[Smear], Labels],
    image: Callable[[Smear], RGBImage] = lambda smear: smear.image,
) -> Task:
    """Take features of one image; color planes are made anew, so that each contest pays for its own.

    Parameters
    ----------
    rename : callable
        From leukokit's name of a column to the one that both sides use.
    labels : callable
        Label images of a smear.
    image : callable
        The image that is measured.
    """

    def run(prepared: tuple[RGBImage, Labels]) -> Mapping[str, float]:
        return extractor.extract(Planes(prepared[0]), prepared[1])

    def values(result: Mapping[str, float]) -> Values:
        return {rename(name): np.array(value) for name, value in result.items()}

    return Task(run, values, lambda smear: (image(smear), labels(smear)))


def all_cells(smear: Smear) -> Labels:
    """Give every nucleus and cell."""
    return Labels({NUCLEUS: smear.nucleus, CELL: smear.cell})


def one_nucleus(smear: Smear) -> Labels:
    """Give the largest nucleus alone."""
    return Labels({NUCLEUS: smear.largest, CELL: smear.largest})


def without(*prefixes: str) -> Callable[[str], str]:
    """Cut the first of ``prefixes`` that fits off a name."""

    def rename(name: str) -> str:
        return next((name.removeprefix(prefix) for prefix in prefixes if name.startswith(prefix)), name)

    return rename
