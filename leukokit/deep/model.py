"""A fitted network: a Keras model, its classes, and the conversion of images to its input."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from leukokit.api.classifier import Examples
from leukokit.arrays import FloatArray, RGBImage
from leukokit.deep.runtime import load_keras
from leukokit.deep.views import Views, averaged
from leukokit.deep.weights_file import write_weights
from leukokit.errors import LeukokitError
from leukokit.imageio.images import check_rgb

LOGITS = "logits"
"""Name of the layer with the score of each class before softmax."""

WEIGHTS_FILE = "model.weights.h5"
FACTS_FILE = "network.json"
_STEPS = 16  # batches that are read and then predicted together


@dataclass(frozen=True)
class NetworkModel:
    """A trained network.

    Attributes
    ----------
    network : keras.Model
        Maps float32 N x side x side x 3, red, green, blue in 0..255, to probabilities N x k. The output of
        the layer ``logits`` is the scores before softmax.
    classes : tuple of str
        In the order of the probability columns.
    side : int
        Height and width that images are resized to, in px.
    batch_size : int
        Images per step in predictions.
    tta : Views
        Rotated and mirrored views that a prediction is averaged over.
    replicas : int
        Number of processes that trained it together.
    """

    network: Any
    classes: tuple[str, ...]
    side: int
    batch_size: int = 25
    tta: Views = "none"
    replicas: int = 1

    @cached_property
    def logits(self) -> Any:
        """The same network up to the scores before softmax, as a ``keras.Model``; it shares the weights."""
        return load_keras().Model(self.network.input, self.network.get_layer(LOGITS).output)

    def batch(self, images: Iterable[RGBImage]) -> NDArray[np.float32]:
        """Resize images to the input of the network.

        Returns
        -------
        float32 array, n x side x side x 3
            In 0..255, the input of the network.
        """
        return self._resized(images).astype(np.float32)

    def _resized(self, images: Iterable[RGBImage]) -> NDArray[np.uint8]:
        resized = [resize(image, self.side) for image in images]
        return np.asarray(resized, dtype=np.uint8).reshape(-1, self.side, self.side, 3)

    def predict_proba(self, examples: Examples) -> FloatArray:
        """Probabilities, float64 n x k, rows sum to 1.

        Raises
        ------
        LeukokitError
            Where there are no images, or all values are 0 or 1, since they were divided by 255.
        """
        return self.predict_represented(examples)[0]

    def predict_represented(self, examples: Examples) -> tuple[FloatArray, FloatArray]:
        """Probabilities (n, k), and the input of the last layer (n, d), in one pass; both float64."""
        if examples.images is None:
            raise LeukokitError("this model takes images and was given none")
        both = [averaged(self.tta, block, self._both) for block in self._blocks(examples.images)]
        classes = len(self.classes)
        width = classes + int(self._represented.output[1].shape[-1])
        values = np.vstack([np.empty((0, width)), *both]).astype(np.float64)
        proba: FloatArray = values[:, :classes] / values[:, :classes].sum(axis=1, keepdims=True)
        return proba, values[:, classes:]

    @cached_property
    def _represented(self) -> Any:
        """The same network with the input of its last layer as a second output; it shares the weights."""
        last = self.network.get_layer(LOGITS).input
        return load_keras().Model(self.network.input, [self.network.output, last])

    def _both(self, view: NDArray[np.uint8]) -> NDArray[np.float32]:
        proba, represented = self._represented.predict(view, self.batch_size, verbose=0)
        return np.hstack([proba, represented.astype(proba.dtype)])

    def _blocks(self, images: Iterable[RGBImage]) -> Iterator[NDArray[np.uint8]]:
        # As uint8: the network casts to float32, so only a fourth of the bytes is copied.
        stream = iter(images)
        while chosen := list(islice(stream, _STEPS * self.batch_size)):
            check_range(chosen)
            yield self._resized(chosen)

    def save(self, folder: Path) -> None:
        """Write the weights and ``network.json``; the architecture is rebuilt from the recipe on loading."""
        facts = {"classes": list(self.classes), "side": self.side, "parameters": self.network.count_params()}
        if self.replicas > 1:
            facts["replicas"] = self.replicas
        (folder / FACTS_FILE).write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n")
        write_weights(folder / WEIGHTS_FILE, self.network)


def resize(image: RGBImage, side: int) -> RGBImage:
    """Resize to ``side`` x ``side``; the aspect ratio is not kept.

    Parameters
    ----------
    image : uint8 array, H x W x 3
    """
    if image.shape[:2] == (side, side):
        return image
    # The area method averages when shrinking; when enlarging it would repeat pixels.
    interpolation = cv2.INTER_AREA if min(image.shape[:2]) > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (side, side), interpolation=interpolation), dtype=np.uint8)


def check_range(images: Sequence[RGBImage]) -> None:
    """Refuse images that were divided by 255: networks scale their input, so these would be black.

    Raises
    ------
    LeukokitError
        Where all pixels of all images are 0 or 1.
    PluginError
        Where an image is not uint8 H x W x 3, with advice for floats.
    """
    for image in images:
        check_rgb(image, "image for the network")
    if images and max(int(image.max()) for image in images) <= 1:
        raise LeukokitError(
            "the images hold nothing above 1, expected values in 0..255: they look divided by 255",
            hint="Give the images as they are; each network scales its input inside",
        )
