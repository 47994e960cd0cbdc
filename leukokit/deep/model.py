"""A fitted network: a Keras model, its classes, and the way from images to its input."""

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
"""Name of the layer that gives the score of each class before softmax."""

WEIGHTS_FILE = "model.weights.h5"
FACTS_FILE = "network.json"
_STEPS = 16  # batches that are read before they are predicted together


@dataclass(frozen=True)
class NetworkModel:
    """A trained network.

    Attributes
    ----------
    network : keras.Model
        From float32 N x side x side x 3, red, green, blue in 0..255, to probabilities N x k. The layer named
        ``logits`` gives the scores before softmax.
    classes : tuple of str
        In the order of the probability columns.
    side : int
        Height and width that images are resized to, in px.
    batch_size : int
        Images a step when predicting.
    tta : Views
        Turned and mirrored views that a prediction is averaged over.
    replicas : int
        Processes that trained it together.
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
            In 0..255, as the network takes them.
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
            Where there are no images, or none of them reaches beyond 1: somebody has divided by 255.
        """
        if examples.images is None:
            raise LeukokitError("this model takes images and was given none")
        found = [
            averaged(self.tta, block, lambda view: self.network.predict(view, self.batch_size, verbose=0))
            for block in self._blocks(examples.images)
        ]
        proba = np.vstack([np.empty((0, len(self.classes))), *found]).astype(np.float64)
        normalized: FloatArray = proba / proba.sum(axis=1, keepdims=True)
        return normalized

    def _blocks(self, images: Iterable[RGBImage]) -> Iterator[NDArray[np.uint8]]:
        # The network casts: four times as many bytes would have to be made and moved otherwise.
        stream = iter(images)
        while chosen := list(islice(stream, _STEPS * self.batch_size)):
            check_range(chosen)
            yield self._resized(chosen)

    def save(self, folder: Path) -> None:
        """Write the weights and ``network.json``; the network itself is built anew from the recipe."""
        facts = {"classes": list(self.classes), "side": self.side, "parameters": self.network.count_params()}
        if self.replicas > 1:
            facts["replicas"] = self.replicas
        (folder / FACTS_FILE).write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n")
        write_weights(folder / WEIGHTS_FILE, self.network)


def resize(image: RGBImage, side: int) -> RGBImage:
    """Resize to ``side`` x ``side``; the ratio of height to width is not kept.

    Parameters
    ----------
    image : uint8 array, H x W x 3
    """
    if image.shape[:2] == (side, side):
        return image
    # The area method averages what it leaves out; enlarging, it would repeat pixels.
    how = cv2.INTER_AREA if min(image.shape[:2]) > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (side, side), interpolation=how), dtype=np.uint8)


def check_range(images: Sequence[RGBImage]) -> None:
    """Refuse images that were divided by 255: the networks scale inside, and would see black.

    Raises
    ------
    LeukokitError
        Where all pixels of all images are 0 or 1.
    PluginError
        Where an image is not uint8 H x W x 3, saying what to do about floats.
    """
    for image in images:
        check_rgb(image, "image for the network")
    if images and max(int(image.max()) for image in images) <= 1:
        raise LeukokitError(
            "the images hold nothing above 1, expected values in 0..255: they look divided by 255",
            hint="Give the images as they are; each network scales its input inside",
        )
