"""Measure every image before any preprocessing, in one pass of the engine's workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leukokit.api import Dataset, FeatureExtractor, FloatArray, Labels, Planes
from leukokit.audit.checks.marks import mark_styles
from leukokit.audit.file_facts import FileFacts, file_facts
from leukokit.audit.image_traits import (
    CORNERS,
    GRID,
    at_working_size,
    corner_strokes,
    foreground_share,
    frame_traits,
)
from leukokit.audit.pairs.hashes import TRANSFORMS, perceptual_hashes
from leukokit.audit.picture_traits import EXPOSURE_NAMES, LAYER_NAMES, blur_width, exposure, layer_colors
from leukokit.engine.cache.store import Store
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.file_measures import FileMeasure, measure_files
from leukokit.engine.images.plan import Item, Rejection
from leukokit.engine.io.reading import ReadOptions
from leukokit.engine.observer import Observer
from leukokit.smear.color import BACKGROUND_NAMES, COLOR_NAMES, background_color, color_traits

_COLOR = tuple(f"color_{name}" for name in COLOR_NAMES)
_FRAME = tuple(f"frame_{name}" for name in COLOR_NAMES)
_BACKGROUND = BACKGROUND_NAMES
_SIZE = ("width", "height")
_FOREGROUND = ("foreground",)
_MARKS = tuple(f"mark_{i}" for i in range(len(CORNERS)))
_PER_CORNER = 2 * GRID[0] * GRID[1]
_STROKES = tuple(f"stroke_{i}_{j}" for i in range(len(CORNERS)) for j in range(_PER_CORNER))
# A float64 cannot hold a 64-bit hash exactly, but each half of it.
_BLUR = ("blur",)
_HASHES = tuple(f"hash_{i}_{half}" for i in range(len(TRANSFORMS)) for half in ("high", "low"))
_NAMES = (
    *_COLOR,
    *_FRAME,
    *_BACKGROUND,
    *_SIZE,
    *_FOREGROUND,
    *_BLUR,
    *EXPOSURE_NAMES,
    *LAYER_NAMES,
    *_MARKS,
    *_STROKES,
    *_HASHES,
)


class ImageTraits(FeatureExtractor):
    """All values that an audit needs of one image, as numbers that the cache can store."""

    revision = 2

    def names(self) -> tuple[str, ...]:
        """Columns, in the order of the table."""
        return _NAMES

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:  # noqa: ARG002
        """Measure one image."""
        rgb, lab, gray = planes.rgb, planes.lab, planes.gray
        small = at_working_size(rgb)
        hashes = perceptual_hashes(rgb)
        halves = np.stack([hashes >> np.uint64(32), hashes & np.uint64(0xFFFFFFFF)], axis=1)
        values = np.concatenate(
            [
                color_traits(lab),
                frame_traits(lab),
                background_color(lab),
                [rgb.shape[1], rgb.shape[0], foreground_share(rgb), np.nan_to_num(blur_width(gray))],
                exposure(rgb, gray),
                layer_colors(rgb, lab),
                mark_styles(small),
                corner_strokes(small).ravel(),
                halves.ravel().astype(np.float64),
            ]
        )
        return dict(zip(_NAMES, values.tolist(), strict=True))


_TRAITS = FileMeasure("audit.traits", ImageTraits())


@dataclass(frozen=True)
class MeasuredImages:
    """Measurements of the readable images.

    Attributes
    ----------
    items : tuple of Item
        The readable images in data set order; the rows of all arrays below.
    rejected : tuple of (Item, Rejection)
    table : DataFrame (n x d)
        Columns of :class:`ImageTraits`.
    files : tuple of FileFacts
    """

    items: tuple[Item, ...]
    rejected: tuple[tuple[Item, Rejection], ...]
    table: pd.DataFrame
    files: tuple[FileFacts, ...]

    def rows(self, kept: NDArray[np.intp]) -> MeasuredImages:
        """Return these rows only."""
        return MeasuredImages(
            tuple(self.items[i] for i in kept),
            self.rejected,
            self.table.iloc[kept],
            tuple(self.files[i] for i in kept),
        )

    @property
    def color(self) -> FloatArray:
        """Mean and standard deviation of L, a, b, n x 6."""
        return self._columns(_COLOR)

    @property
    def frame(self) -> FloatArray:
        """Mean and standard deviation of L, a, b in the outer frame, n x 6."""
        return self._columns(_FRAME)

    @property
    def background(self) -> FloatArray:
        """L, a, b of the background, n x 3."""
        return self._columns(_BACKGROUND)

    @property
    def foreground(self) -> FloatArray:
        """Share of pixels that are not black, n."""
        return self._columns(_FOREGROUND)[:, 0]

    @property
    def blur(self) -> FloatArray:
        """Standard deviation of the blur of edges in px, n; NaN for images of one color."""
        blur = self._columns(_BLUR)[:, 0]
        return np.where(blur > 0, blur, np.nan)

    @property
    def exposure(self) -> FloatArray:
        """Gray levels of .5, 5, 99 and 99.5 % of the pixels, and the share of white ones, n x 5."""
        return self._columns(EXPOSURE_NAMES)

    @property
    def glass(self) -> FloatArray:
        """Color, spread and area of the background, n x 7."""
        return self._columns(LAYER_NAMES[: len(LAYER_NAMES) // 2])

    @property
    def red_cells(self) -> FloatArray:
        """Color, spread and area of the red cells, n x 7."""
        return self._columns(LAYER_NAMES[len(LAYER_NAMES) // 2 :])

    @property
    def size(self) -> FloatArray:
        """Width and height in px, n x 2."""
        return self._columns(_SIZE)

    @property
    def marks(self) -> NDArray[np.intp]:
        """Style of the mark in each corner, n x 4."""
        return self._columns(_MARKS).astype(np.intp)

    @property
    def strokes(self) -> FloatArray:
        """Dark strokes in each corner, n x 4 x d."""
        return self._columns(_STROKES).reshape(len(self.items), len(CORNERS), _PER_CORNER)

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """Perceptual hashes under the flips and quarter turns, n x 8."""
        halves = self._columns(_HASHES).astype(np.uint64).reshape(len(self.items), len(TRANSFORMS), 2)
        whole: NDArray[np.uint64] = (halves[..., 0] << np.uint64(32)) | halves[..., 1]
        return whole

    @property
    def kinds(self) -> list[str]:
        """Dimensions, format and compression of each image as one text, n."""
        return [
            ", ".join(filter(None, (f"{width:.0f} x {height:.0f}", file.compression)))
            for file, (width, height) in zip(self.files, self.size, strict=True)
        ]

    @property
    def devices(self) -> list[str]:
        """Camera and software that each file names, n."""
        return [file.device for file in self.files]

    @property
    def bytes(self) -> FloatArray:
        """Size of each file, n; NaN where an image has none."""
        sizes = [np.nan if file.size is None else file.size for file in self.files]
        return np.array(sizes, dtype=np.float64)

    def _columns(self, names: Sequence[str]) -> FloatArray:
        return self.table[list(names)].to_numpy(dtype=np.float64)


def measure(
    dataset: Dataset,
    items: Sequence[Item],
    reading: ReadOptions,
    *,
    store: Store | None,
    executor: Executor,
    observer: Observer,
) -> MeasuredImages:
    """Measure all images; list those that cannot be read or crash a worker as rejected."""
    images = measure_files(
        (_TRAITS,),
        dataset,
        items,
        reading,
        store=store,
        executor=executor,
        observer=observer,
        name="audit: colors and corners",
    )
    lost = {item.index for item, _ in images.rejected}
    kept = tuple(item for item in items if item.index not in lost)
    files = tuple(file_facts(kept, store, executor.count))
    return MeasuredImages(kept, tuple(images.rejected), images.features.reindex(columns=list(_NAMES)), files)
