"""The stain of an image as it is on disk: color of the image and of its background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from leukokit.api import FeatureExtractor, FloatArray, Labels, Planes
from leukokit.engine.images.file_measures import FileMeasure
from leukokit.engine.images.plan import Item
from leukokit.engine.images.stage import ImageTable
from leukokit.smear.color import BACKGROUND_NAMES, COLOR_NAMES, background_color, color_traits

STEP = "stain"
NAMES = (*COLOR_NAMES, *BACKGROUND_NAMES)


class StainOfImage(FeatureExtractor):
    """Mean and standard deviation of L, a, b over the image, and their medians over the background."""

    revision = 1  # raised when the same image gets other numbers

    def names(self) -> tuple[str, ...]:
        """Columns, in the order of the table."""
        return NAMES

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:  # noqa: ARG002
        """Measure one image."""
        values = np.concatenate([color_traits(planes.lab), background_color(planes.lab)])
        return dict(zip(NAMES, values.tolist(), strict=True))


STAIN = FileMeasure(STEP, StainOfImage())


def stain_in(images: ImageTable, items: Sequence[Item]) -> FloatArray:
    """Take the stain out of a table of :data:`STAIN` and maybe other measures.

    Returns
    -------
    float64 array n x 9
        In levels of 0..255; NaN where an image cannot be read.
    """
    rows = images.features.loc[:, list(NAMES)].reindex([item.sample.id for item in items])
    return rows.to_numpy(dtype=np.float64)
