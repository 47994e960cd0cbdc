"""The trained network in NumPy: convolutions as nine products of matrices, no library of networks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_LEVELS = 4


class Network:
    """Weights, and what is computed with them.

    Parameters
    ----------
    path : Path
        As ``unet.train.save`` writes it.
    """

    def __init__(self, path: Path) -> None:
        with np.load(path) as arrays:
            count = len(arrays.files) // 2
            self.layers = [
                (arrays[f"kernel{i}"].astype(np.float32), arrays[f"bias{i}"].astype(np.float32))
                for i in range(count)
            ]

    def __call__(self, planes: Array) -> Array:
        """Shares of background, cytoplasm, nucleus.

        Parameters
        ----------
        planes : float32 array, H x W x 6

        Returns
        -------
        float32 array, H x W x 3
        """
        height, width = planes.shape[:2]
        step = 2 ** (_LEVELS - 1)
        x = np.pad(planes, ((0, -height % step), (0, -width % step), (0, 0)), mode="edge")
        layers = iter(self.layers)
        levels = []
        for level in range(_LEVELS):
            x = x if level == 0 else _halved(x)
            x = _relu(_conv(_relu(_conv(x, *next(layers))), *next(layers)))
            levels.append(x)
        for level in reversed(levels[:-1]):
            up = cv2.resize(x, (level.shape[1], level.shape[0]), interpolation=cv2.INTER_LINEAR)
            x = np.concatenate([up, level], axis=2)
            x = _relu(_conv(_relu(_conv(x, *next(layers))), *next(layers)))
        kernel, bias = next(layers)
        logits = (x @ kernel[0, 0] + bias)[:height, :width]
        shares = np.exp(logits - logits.max(axis=2, keepdims=True))
        return np.asarray(shares / shares.sum(axis=2, keepdims=True), dtype=np.float32)


def _conv(x: Array, kernel: Array, bias: Array) -> Array:
    height, width = x.shape[:2]
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    out = np.tile(bias, (height, width, 1))
    for row in range(3):
        for column in range(3):
            out += padded[row : row + height, column : column + width] @ kernel[row, column]
    return out


def _relu(x: Array) -> Array:
    return np.maximum(x, 0, out=x)


def _halved(x: Array) -> Array:
    height, width, channels = x.shape
    return x.reshape(height // 2, 2, width // 2, 2, channels).max(axis=(1, 3))
