"""Backbones: the part of a network that computes feature maps from images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from leukokit.errors import LeukokitError


class Backbone(ABC):
    """Builds a Keras model from images to feature maps, with pretrained weights where available.

    Attributes
    ----------
    name : str
        Such as ``EfficientNetV2L``.
    side : int
        Height and width of the images it was designed for, in px.
    channels : int or None
        Channels of the feature map, where they are known without building the network.
    """

    name: str
    side: int
    channels: int | None = None

    @abstractmethod
    def build(self, side: int, *, pretrained: bool = True) -> Any:
        """Build the network without its head.

        Parameters
        ----------
        side : int
            Height and width of the images, in px.
        pretrained : bool
            False where saved weights will be loaded: no weights are read or downloaded then.

        Returns
        -------
        keras.Model
            A functional model from float32 N x side x side x 3, red, green, blue in 0..255, to a feature map
            N x h x w x c. The scaling that the weights expect is done by layers of this model.

        Raises
        ------
        LeukokitError
            Where the weights are not available or do not fit, with the file to download, its address, and how
            to pass it.
        """

    def channels_at(self, layer: str) -> int | None:  # noqa: ARG002 - the default does not know
        """Channels of an inner feature map, where they are known without building the network.

        Parameters
        ----------
        layer : str
            Name of the layer whose output it is.
        """
        return None

    def middle_layers(self) -> tuple[str, ...]:
        """Layers in the middle of the network whose maps make good features; empty where none are known."""
        return ()

    def missing(self) -> str | None:
        """Say which weights are not on this machine, as :meth:`leukokit.api.Component.missing` does."""
        return None

    def fingerprint(self) -> str:
        """Digest of the weights where the parameters do not determine them, such as those of a file."""
        return ""


def refuse_changed(backbone: Backbone, fingerprint: str) -> None:
    """Raise where a backbone was built from other weights than those of the first fingerprint.

    Parameters
    ----------
    backbone : Backbone
        After it was built.
    fingerprint : str
        As an equal backbone gave it before.

    Raises
    ------
    LeukokitError
        Where the file of the weights was changed.
    """
    if backbone.fingerprint() != fingerprint:
        raise LeukokitError(
            f"the weights of {backbone.name} were changed during the run",
            hint="Do not change the file of the weights during a run, and run again",
        )
