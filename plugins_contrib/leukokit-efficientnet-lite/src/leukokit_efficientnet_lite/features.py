"""Feature maps of EfficientNet-Lite as features of an image."""

from __future__ import annotations

from leukokit.api import Field
from leukokit.api.deep import Backbone, BackboneFeatures, BackboneFeaturesParams
from leukokit_efficientnet_lite.backbone import LiteBackbone, VariantName, WeightsName


class LiteFeaturesParams(BackboneFeaturesParams):
    """Parameters of the features."""

    variant: VariantName = Field(
        "lite0", description="Size of the network; made for a side of 224, 240 or 260 px."
    )
    weights: WeightsName = Field(
        "imagenet", description="Weights of the network: those of ImageNet, or random ones."
    )


class LiteFeatures(BackboneFeatures):
    """Feature maps of EfficientNet-Lite, pooled over space: 544 features from three maps in its middle.

    Source: Tan and Le 2019, https://arxiv.org/abs/1905.11946; Lite variants by the TensorFlow authors.
    """

    Params = LiteFeaturesParams
    params: LiteFeaturesParams

    def backbone(self) -> Backbone:
        """Choose the variant."""
        return LiteBackbone(self.params.variant, self.params.weights)
