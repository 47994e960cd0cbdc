"""Batches for ``keras.Model.fit``, the same for every backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.deep.pixels import RowSource
from leukokit.deep.runtime import load_keras


def epoch_batches(
    source: RowSource,
    targets: NDArray[np.float32],
    weights: NDArray[np.float32] | None,
    *,
    batch_size: int,
    seed: int,
    epoch: int,
    steps: int | None = None,
    part: Callable[[int], slice] | None = None,
) -> Any:
    """Batches of one epoch, in an order that depends only on (seed, epoch).

    Parameters
    ----------
    source : Source
        Rows of the training part.
    targets : float32 array, n x k
        One-hot classes.
    weights : float32 array (n,) or None
        Weight of each sample.
    steps : int, optional
        Number of batches; all of the epoch where omitted.
    part : callable, optional
        Returns the rows of a batch that this process trains on, from the size of the batch; all rows where
        omitted.

    Returns
    -------
    keras.utils.PyDataset
        Items are (rows, targets) or (rows, targets, weights).
    """
    keras = load_keras()
    order = np.random.default_rng(np.random.SeedSequence([seed, epoch])).permutation(len(targets))
    count = -(-len(targets) // batch_size)
    length = count if steps is None else min(steps, count)

    class Batches(keras.utils.PyDataset):  # type: ignore[misc, name-defined]
        def __len__(self) -> int:
            return length

        def __getitem__(self, index: int) -> tuple[NDArray[Any], ...]:
            rows = order[index * batch_size : (index + 1) * batch_size]
            if part is not None:
                rows = rows[part(len(rows))]
            taken = source.rows(rows, epoch)
            if weights is None:
                return taken, targets[rows]
            return taken, targets[rows], weights[rows]

    return Batches()
