"""Layers that do not learn: images pass through them once, and what comes out is kept on disk."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.api.classifier import Progress
from leukokit.deep.model import LOGITS
from leukokit.deep.network import input_of
from leukokit.deep.params import NetworkParams
from leukokit.deep.pixels import Source, passed_through
from leukokit.deep.runtime import load_keras
from leukokit.errors import UsageError


@dataclass(frozen=True)
class Part:
    """Rows of one part with their targets.

    Attributes
    ----------
    targets : float32 array, n x k
        One-hot classes.
    weights : float32 array (n,) or None
        Weight of each sample.
    """

    source: Source
    targets: NDArray[np.float32]
    weights: NDArray[np.float32] | None = None


class Frozen:
    """Parts a network into layers that no phase trains, or not this one, and the rest.

    Parameters
    ----------
    network : keras.Model
    params : NetworkParams
    firsts : sequence of str or None
        First layer that learns in each phase; None where all do.
    folder : Path
        Where outputs are kept.
    progress : Progress or None
    """

    def __init__(
        self,
        network: Any,
        params: NetworkParams,
        firsts: Sequence[str | None],
        folder: Path,
        progress: Progress | None,
    ) -> None:
        self.network = network
        self.params = params
        self.folder = folder
        self.progress = progress
        names = [layer.name for layer in network.layers]
        frozen = [first for first in firsts if first is not None]
        # All phases can start from the outputs of the layers that none of them trains.
        self.shallow = min(frozen, key=names.index) if len(frozen) == len(firsts) else None
        self.kept: dict[str, Part] = {}

    def parted(self, first: str | None, learn: Part, watch: Part | None) -> tuple[Any, Part, Part | None]:
        """Give the part of the network that learns, up to its scores, and what it takes.

        Parameters
        ----------
        first : str or None
            First layer that learns in this phase.

        Raises
        ------
        UsageError
            Where another path through the network leads past that layer.
        """
        network, params = self.network, self.params
        model = load_keras().Model
        logits = network.get_layer(LOGITS).output
        fresh = learn.source.augment is not None and learn.source.augment.views is None
        if first is None or self.shallow is None or not params.cache_frozen or fresh:
            return model(network.input, logits), learn, watch
        start = input_of(network.get_layer(self.shallow))
        if not self._has_place(start.shape[1:], learn):
            return model(network.input, logits), learn, watch
        cut = input_of(network.get_layer(first))
        try:
            trunk, top = model(network.input, start), model(cut, logits)
        except ValueError as error:
            raise UsageError(
                f"the network cannot be parted at {first}: another path leads past it",
                hint="Let fine_tune_from name a block, such as block6a, or set cache_frozen: false",
            ) from error
        learn = self._outputs("train", trunk, learn)
        watch = self._outputs("validation", trunk, watch) if watch is not None else None
        if first != self.shallow:
            deeper = model(start, cut)
            learn = self._outputs("train-deeper", deeper, learn)
            watch = self._outputs("validation-deeper", deeper, watch) if watch is not None else None
        return top, learn, watch

    def _has_place(self, shape: tuple[int, ...], learn: Part) -> bool:
        """Whether outputs of this shape, in float32, leave a fifth of the disk's free space alone."""
        size = 4 * math.prod(shape) * len(learn.targets) * _views(learn.source)
        free = shutil.disk_usage(self.folder).free
        if size <= 0.8 * free or self.kept:
            return True
        if self.progress is not None:
            self.progress.say(
                f"frozen layers are computed in each epoch: keeping their outputs would take "
                f"{size / 2**30:.1f} GiB of {free / 2**30:.1f} GiB that are free in {self.folder.parent}"
            )
        return False

    def _outputs(self, name: str, network: Any, part: Part) -> Part:
        if name not in self.kept:
            source = part.source
            views = _views(source)
            array = passed_through(
                network,
                source,
                views,
                self.folder / f"{name}-frozen.npy",
                batch_size=self.params.batch_size,
                progress=self.progress,
            )
            frozen = Source(array, source.ids, seed=source.seed, views=views)
            self.kept[name] = Part(frozen, part.targets, part.weights)
        return self.kept[name]


def _views(source: Source) -> int:
    """Count the fixed views that a source has of each row."""
    fixed = source.augment.views if source.augment is not None else None
    return source.views or fixed or 1
