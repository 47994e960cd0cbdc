"""What comparisons need of each image: its keypoints, also mirrored and resized to a square."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from leukokit.api import Dataset, ImageRejected, RGBImage
from leukokit.audit.pairs.overlap import Features, features, features_and_mirrored
from leukokit.engine.cache.keys import array_digest
from leukokit.engine.images.plan import Item
from leukokit.engine.io.reading import LastImage, ReadOptions, pixels

MOST_VIEWS = 20_000
"""Of more images, none is also described mirrored and squeezed: memory would exceed 1 GB. Their flips,
quarter turns and squeezed copies are still found by hashes."""

_SAME_SHAPE = 1.03
"""Largest ratio of two aspect ratios that count as the same."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Data of an image that comparisons need.

    Attributes
    ----------
    digest : str or None
        Of its pixels; None where all have one color, for example where a segmentation found nothing. Such
        images equal each other and show no cells.
    features : Features
    mirrored : Features or None
        Of the mirror image, since ORB descriptors change under reflection; None where it was not described.
    square : Features or None
        Of the image resized to a square; None for one that is square, and where it was not described.
    aspect : float
        Width over height.
    """

    digest: str | None
    features: Features
    mirrored: Features | None
    square: Features | None
    aspect: float

    @property
    def squared(self) -> Features:
        """Features of the image as a square."""
        return self.features if self.square is None else self.square

    def squeezed_against(self, other: Picture) -> bool:
        """Whether the aspect ratios differ, so that a copy must have been squeezed."""
        return bool(max(self.aspect, other.aspect) > _SAME_SHAPE * min(self.aspect, other.aspect))


@dataclass(frozen=True, slots=True)
class Views:
    """Which views of each image are described.

    Attributes
    ----------
    mirrored, square : bool
    """

    mirrored: bool
    square: bool

    @classmethod
    def needed(cls, aspects: Sequence[float]) -> Views:
        """Square views where aspect ratios differ; none for more than ``MOST_VIEWS`` images."""
        few = len(aspects) <= MOST_VIEWS
        mixed = few and len(aspects) > 0 and max(aspects) > _SAME_SHAPE * min(aspects)
        return cls(few, mixed)


class ImageReader:
    """Reads images; rendered ones under a lock, since a data set need not be thread-safe.

    Attributes
    ----------
    complete : bool
        False once an image could no longer be read: pairs found without it must not be kept.
    """

    def __init__(self, dataset: Dataset, reading: ReadOptions, views: Views) -> None:
        self._dataset = dataset
        self._reading = reading
        self._views = views
        self._lock = threading.Lock()
        self._of_thread = threading.local()
        self.complete = True

    def picture(self, item: Item) -> Picture | None:
        """Describe an image; None where it can no longer be read."""
        image = self._pixels(item)
        if image is None:
            return None
        flat = bool((image == image[0, 0]).all())
        height, width = image.shape[:2]
        square = self._views.square and max(width, height) > _SAME_SHAPE * min(width, height)
        plain, mirrored = features_and_mirrored(image) if self._views.mirrored else (features(image), None)
        return Picture(
            None if flat else array_digest(image),
            plain,
            mirrored,
            features(image, square=True) if square else None,
            width / height,
        )

    def mirrored(self, item: Item, picture: Picture | None) -> Features | None:
        """Features of the mirror image; described now where they were not before."""
        if picture is not None and picture.mirrored is not None:
            return picture.mirrored
        image = self._pixels(item)
        return None if image is None else features_and_mirrored(image)[1]

    @property
    def _last(self) -> LastImage:
        """The image that this thread decoded last, for its other cells."""
        if not hasattr(self._of_thread, "last"):
            self._of_thread.last = LastImage()
        last: LastImage = self._of_thread.last
        return last

    def _pixels(self, item: Item) -> RGBImage | None:
        try:
            with self._lock if item.sample.rendered else nullcontext():
                return pixels(self._dataset, item.sample, item.key, self._reading, self._last)[0]
        except ImageRejected:
            self.complete = False  # its digest could be taken, so its file was changed or removed since
            return None
