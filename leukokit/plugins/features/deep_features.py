"""Features of a pretrained network that is not trained further."""

from __future__ import annotations

from leukokit.api import Field
from leukokit.api.deep import Backbone, BackboneFeatures, BackboneFeaturesParams
from leukokit.plugins.backbones.keras_applications import (
    ApplicationBackbone,
    ApplicationName,
    ApplicationParams,
)


class DeepFeaturesParams(ApplicationParams, BackboneFeaturesParams):
    """Parameters of :class:`DeepFeatures`."""

    backbone: ApplicationName = Field(
        "EfficientNetV2B0", description="Network of keras.applications, by name."
    )


class DeepFeatures(BackboneFeatures):
    """Pooled feature maps of a network of keras.applications, frozen.

    Source: Donahue et al. 2014 (DeCAF), arXiv 1310.1531.
    """

    Params = DeepFeaturesParams
    params: DeepFeaturesParams

    def backbone(self) -> Backbone:
        """Choose the network that the parameters name."""
        return ApplicationBackbone.of(self.params)
