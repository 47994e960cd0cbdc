"""Sound components, one of each kind, that the broken ones derive from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from leukokit.api import (
    CELL,
    NUCLEUS,
    Component,
    Dataset,
    Examples,
    Explainer,
    Explanation,
    FeatureExtractor,
    Labels,
    Part,
    Planes,
    Preprocessor,
    Sample,
    Segmenter,
    Selector,
    Status,
)
from leukokit.testing.images import disks
from leukokit.testing.tables import NaiveBayes


class Invert(Preprocessor):
    """Turns light into dark."""

    def apply(self, image: Any, *, rng: Any = None) -> Any:
        return 255 - image


class Shift(Preprocessor):
    """Adds the mean of the training part."""

    mean: Any = None

    def needs_fit(self) -> bool:
        return True

    def fit(self, images: Iterable[Any]) -> None:
        self.mean = np.array([np.mean([image.mean() for image in images])])

    def state(self) -> Mapping[str, Any]:
        return {} if self.mean is None else {"mean": self.mean}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.mean = state["mean"]

    def apply(self, image: Any, *, rng: Any = None) -> Any:
        return (image + self.mean).astype(np.uint8)


class Dark(Segmenter):
    """All dark pixels are one cell."""

    def segment(self, image: Any, *, rng: Any = None) -> Labels:
        cell = (image.min(axis=2) < 170).astype(np.int32)
        if min(image.shape[:2]) < 16 or cell.all():
            cell = np.zeros_like(cell)
        nucleus = ((image.min(axis=2) < 100) & (cell > 0)).astype(np.int32)
        return Labels({NUCLEUS: nucleus, CELL: cell}, Status.OK if cell.any() else Status.NO_CELL)


class Brightness(FeatureExtractor):
    """Mean of gray, and the mean of gray within cells."""

    def roles(self) -> tuple[str, ...]:
        return (CELL,)

    def names(self) -> tuple[str, ...]:
        return ("gray_mean", "cell_gray_mean")

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        assert labels is not None
        inside = planes.gray[labels.cell > 0]
        return {
            "gray_mean": float(planes.gray.mean()),
            "cell_gray_mean": float(inside.mean()) if inside.size else float("nan"),
        }


class Plain(FeatureExtractor):
    """Mean of gray; needs no labels."""

    def names(self) -> tuple[str, ...]:
        return ("gray_mean",)

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
        return {"gray_mean": float(planes.gray.mean())}


class Keep(Selector):
    """Keeps columns that vary."""

    def transformer(self, *, seed: int) -> Any:
        from sklearn.feature_selection import VarianceThreshold

        return VarianceThreshold()


class Bayes(NaiveBayes):
    """Gaussian naive Bayes."""


class Range(Explainer):
    """Ranks features by how far the means of classes lie apart."""

    def explain(self, classifier: Any, model: Any, examples: Examples, *, seed: int) -> Explanation:
        table: Any = examples.features
        means = table.groupby(np.asarray(examples.labels)).mean()
        spread = (means.max() - means.min()) / table.std()
        frame = spread.rename("importance_mean").rename_axis("feature").reset_index()
        return Explanation(table=frame)


class Two(Dataset):
    """Two rendered images with truth."""

    def samples(self) -> Sequence[Sample]:
        return [Sample("first", label="a"), Sample("second", label="b")]

    def splits(self) -> Mapping[str, Mapping[str, Part]]:
        return {"halves": {"first": Part.TRAIN, "second": Part.TEST}}

    def render(self, sample: Sample) -> Any:
        return disks(len(sample.id))[0]

    def truth(self, sample: Sample) -> Labels | None:
        return disks(len(sample.id))[1]


SOUND: tuple[type[Component], ...] = (Invert, Shift, Dark, Brightness, Plain, Keep, Bayes, Range, Two)
