"""Frozen layers: their outputs are computed once per image and kept on disk while training."""

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
from leukokit.deep.pixels import RowSource, frozen_outputs
from leukokit.deep.runtime import load_keras
from leukokit.errors import UsageError


@dataclass(frozen=True)
class TrainingRows:
    """Rows of one part with their targets.

    Attributes
    ----------
    targets : float32 array, n x k
        One-hot classes.
    weights : float32 array (n,) or None
        Weight of each sample.
    """

    source: RowSource
    targets: NDArray[np.float32]
    weights: NDArray[np.float32] | None = None


class FrozenLayers:
    """Splits a network into frozen layers, in all phases or in the current one, and trained layers.

    Parameters
    ----------
    network : keras.Model
    params : NetworkParams
    firsts : sequence of str or None
        First trained layer of each phase; None where all layers are trained.
    folder : Path
        Folder for the outputs of frozen layers.
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
        # All phases can start from the outputs of the layers that are frozen in all of them.
        self.shallow = min(frozen, key=names.index) if len(frozen) == len(firsts) else None
        self.kept: dict[str, TrainingRows] = {}

    def split_network(
        self, first: str | None, learn: TrainingRows, watch: TrainingRows | None
    ) -> tuple[Any, TrainingRows, TrainingRows | None]:
        """Return the trained part of the network, up to its scores, and its inputs.

        Parameters
        ----------
        first : str or None
            First trained layer of this phase.

        Raises
        ------
        UsageError
            Where another path through the network bypasses that layer.
        """
        network, params = self.network, self.params
        model = load_keras().Model
        logits = network.get_layer(LOGITS).output
        fresh = learn.source.augment is not None and learn.source.augment.views is None
        if first is None or self.shallow is None or not params.cache_frozen or fresh:
            return model(network.input, logits), learn, watch
        start = input_of(network.get_layer(self.shallow))
        if not self._fits_on_disk(start.shape[1:], learn):
            return model(network.input, logits), learn, watch
        cut = input_of(network.get_layer(first))
        try:
            trunk, top = model(network.input, start), model(cut, logits)
        except ValueError as error:
            raise UsageError(
                f"the network cannot be split at {first}: another path bypasses it",
                hint="Let fine_tune_from name a block, such as block6a, or set cache_frozen: false",
            ) from error
        learn = self._outputs("train", trunk, learn)
        watch = self._outputs("validation", trunk, watch) if watch is not None else None
        if first != self.shallow:
            deeper = model(start, cut)
            learn = self._outputs("train-deeper", deeper, learn)
            watch = self._outputs("validation-deeper", deeper, watch) if watch is not None else None
        return top, learn, watch

    def _fits_on_disk(self, shape: tuple[int, ...], learn: TrainingRows) -> bool:
        """Whether outputs of this shape, in float32, need at most 80 % of the disk's free space."""
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

    def _outputs(self, name: str, network: Any, part: TrainingRows) -> TrainingRows:
        if name not in self.kept:
            source = part.source
            views = _views(source)
            array = frozen_outputs(
                network,
                source,
                views,
                self.folder / f"{name}-frozen.npy",
                batch_size=self.params.batch_size,
                progress=self.progress,
            )
            frozen = RowSource(array, source.ids, seed=source.seed, views=views)
            self.kept[name] = TrainingRows(frozen, part.targets, part.weights)
        return self.kept[name]


def _views(source: RowSource) -> int:
    """Return the number of fixed views that a source has of each row."""
    fixed = source.augment.views if source.augment is not None else None
    return source.views or fixed or 1
