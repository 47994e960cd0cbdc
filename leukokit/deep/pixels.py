"""Memory-mapped arrays for training: decoded images, and outputs of frozen layers."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.api.classifier import Images, Progress
from leukokit.deep.augment import Augmentation, augmented, sample_rng
from leukokit.deep.model import check_range, resize
from leukokit.errors import LeukokitError

_BLOCK = 250


def row_blocks(n: int) -> Iterator[NDArray[np.intp]]:
    """Row indices, 0 to n - 1, in blocks that are processed together."""
    for start in range(0, n, _BLOCK):
        yield np.arange(start, min(start + _BLOCK, n), dtype=np.intp)


def decode_to_file(images: Images, side: int, path: Path, progress: Progress | None) -> NDArray[np.uint8]:
    """Write resized images to a file and map it into memory.

    Parameters
    ----------
    images : Images
        Read one by one.
    side : int
        Height and width that images are resized to, in px.
    path : Path
        The file, uint8 n x side x side x 3.

    Raises
    ------
    LeukokitError
        Where the images look divided by 255.
    """
    if progress is not None:
        progress.stage("reading images", len(images))
    array = _new_array(path, np.uint8, (len(images), side, side, 3))
    for rows in row_blocks(len(images)):
        block = [images[row] for row in rows.tolist()]
        check_range(block)
        for row, image in zip(rows, block, strict=True):
            array[row] = resize(image, side)
            if progress is not None:
                progress.advance()
    array.flags.writeable = False
    return array


def _new_array(path: Path, dtype: type, shape: tuple[int, ...]) -> NDArray[Any]:
    """Map a new file after reserving its disk space.

    A write to a mapped file without space on the disk would kill the process.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    try:
        with path.open("wb") as file:
            if size and hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
        return np.memmap(path, dtype, "r+", shape=shape) if size else np.empty(shape, dtype)
    except OSError as error:
        raise LeukokitError(
            f"{size / 2**30:.1f} GiB are needed while training and are not available: {error.strerror}",
            where=str(path.parent),
            hint="Free space, name a folder with more in TMPDIR, or set cache_frozen: false",
        ) from error


class RowSource:
    """Source of the rows of a batch: pixels, augmented on access, or stored outputs of frozen layers.

    Parameters
    ----------
    array : array, n x ... or v x n x ...
        Pixels, or outputs for each of v fixed views.
    ids : sequence of str
        Sample ids, for the random generators.
    augment : Augmentation or None
        Augmentation of pixels; None for outputs of frozen layers, or for none.
    """

    def __init__(
        self,
        array: NDArray[Any],
        ids: Sequence[str],
        *,
        seed: int,
        augment: Augmentation | None = None,
        views: int | None = None,
    ) -> None:
        self.array = array
        self.ids = ids
        self.seed = seed
        self.augment = augment if augment is not None and augment.active else None
        self.views = views

    def rows(self, chosen: NDArray[np.intp], epoch: int) -> NDArray[Any]:
        """Rows of an epoch."""
        if self.views is not None:
            return np.asarray(self.array[epoch % self.views, chosen])
        taken = self.array[chosen]
        if self.augment is None:
            return np.asarray(taken)
        view = epoch if self.augment.views is None else epoch % self.augment.views
        changed = [
            augmented(image, self.augment, sample_rng(self.seed, self.ids[row], view))
            for image, row in zip(taken, chosen.tolist(), strict=True)
        ]
        return np.stack(changed)


def frozen_outputs(
    network: Any,
    source: RowSource,
    views: int,
    path: Path,
    *,
    batch_size: int,
    progress: Progress | None,
) -> NDArray[np.float32]:
    """Store the outputs of a frozen network for the first views of all rows in a file.

    Returns
    -------
    float32 array, views x n x ...
        Memory map of ``path``.
    """
    n = len(source.ids)
    if progress is not None:
        progress.stage("frozen layers", views * n)
    shape = (views, n, *network.output.shape[1:])
    array = _new_array(path, np.float32, shape)
    for view in range(views):
        for rows in row_blocks(n):
            array[view, rows] = network.predict(source.rows(rows, view), batch_size, verbose=0)
            if progress is not None:
                progress.advance(len(rows))
    array.flags.writeable = False
    return array
