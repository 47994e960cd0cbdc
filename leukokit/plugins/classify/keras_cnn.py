"""A convolutional network, pretrained and fine-tuned."""

from __future__ import annotations

from leukokit.api.deep import Backbone, NetworkClassifier, NetworkParams
from leukokit.plugins.backbones.keras_applications import ApplicationBackbone, ApplicationParams


class KerasCnnParams(ApplicationParams, NetworkParams):
    """Parameters of :class:`KerasCnn`; the defaults are the paper's."""


class KerasCnn(NetworkClassifier):
    """A network of keras.applications with global pooling, dropout and a dense softmax.

    Source: section 5.2 of the paper; EfficientNetV2: Tan and Le 2021, arXiv 2104.00298.
    """

    Params = KerasCnnParams
    params: KerasCnnParams

    def backbone(self) -> Backbone:
        """Choose the network that the parameters name."""
        return ApplicationBackbone.of(self.params)
