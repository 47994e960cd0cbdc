"""Weights files of networks: HDF5 of Keras, checked before it is loaded."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from leukokit.deep.runtime import load_keras
from leukokit.errors import LeukokitError

_LARGEST = 8_000_000_000
"""Bytes of all weights, unpacked; the largest networks of Keras have a fifth of that."""

_HINT = "Give the weights of this network: a model that leukokit wrote belongs to its own recipe"


def write_weights(path: Path, network: Any) -> None:
    """Write the weights of a ``keras.Model``; ``network.load_weights`` reads them anywhere.

    Parameters
    ----------
    path : Path
        Ends in ``.weights.h5``.
    """
    network.save_weights(path)


def read_weights(path: Path, network: Any) -> None:
    """Load weights into a network of the same architecture; all weights must be in the file.

    Raises
    ------
    LeukokitError
        Where the file is missing, is not HDF5, refers to other files, does not fit the network, or lacks a
        weight. The network must not be used then.
    """
    check_weights_file(path)
    # Keras silently skips layers that are not in the file: a weight that is still NaN was skipped.
    for weight in network.weights:
        if "float" in str(weight.dtype):
            weight.assign(np.full(weight.shape, np.nan, dtype=np.float32))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Skipping nested container")
            network.load_weights(path)
    except Exception as error:  # invalid files cause many kinds of errors in h5py and Keras
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise LeukokitError(
            f"the weights do not fit the network: {first[:300]}", where=str(path), hint=_HINT
        ) from error
    to_numpy = load_keras().ops.convert_to_numpy
    empty = [weight.path for weight in network.weights if np.isnan(to_numpy(weight)).any()]
    if empty:
        raise LeukokitError(
            f"the weights do not fit the network: {len(empty)} of its {len(network.weights)} weights are not "
            f"in the file or are not numbers, such as {empty[0]}",
            where=str(path),
            hint=_HINT,
        )


def check_weights_file(path: Path) -> None:
    """Refuse an HDF5 file with links, external storage or anything but numbers.

    Raises
    ------
    LeukokitError
        With the reason.
    """
    import h5py

    if not path.is_file():
        raise LeukokitError("the weights file does not exist", where=str(path))
    try:
        with h5py.File(path, "r") as file:
            size = _check_group(h5py, file, path)
    except LeukokitError:
        raise
    except Exception as error:  # h5py raises OSError, RuntimeError, KeyError and ValueError for damage
        raise LeukokitError(
            "the weights file is damaged or is not HDF5", where=str(path), hint=_HINT
        ) from error
    if size > _LARGEST:
        raise LeukokitError(
            f"the weights file unpacks to {size / 1e9:,.1f} GB; expected at most {_LARGEST / 1e9:g} GB",
            where=str(path),
            hint=_HINT,
        )


def _check_group(h5py: Any, group: Any, path: Path) -> int:
    """Check all parts of a group; returns the bytes that its numbers take in memory."""
    size = 0
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise LeukokitError(f"the weights file holds a link, {name!r}", where=str(path), hint=_HINT)
        item = group[name]
        if isinstance(item, h5py.Group):
            size += _check_group(h5py, item, path)
            continue
        if item.external or item.is_virtual:
            raise LeukokitError(
                f"the weights file keeps {name!r} in another file", where=str(path), hint=_HINT
            )
        if item.dtype.kind not in "fiub":
            raise LeukokitError(
                f"the weights file holds {name!r} of type {item.dtype}, expected numbers",
                where=str(path),
                hint=_HINT,
            )
        size += int(item.nbytes)
    return size
