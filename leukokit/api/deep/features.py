"""Outputs of a backbone that is not trained, as features of an image."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np

from leukokit.api.deep.backbone import Backbone
from leukokit.api.deep.model import resize
from leukokit.api.deep.runtime import INSTALL_HINT, load_keras, seeded
from leukokit.api.deep.views import Views, views_of
from leukokit.api.features import FeatureExtractor
from leukokit.api.labels import Labels
from leukokit.api.params import Field, Params
from leukokit.api.planes import Planes
from leukokit.errors import UsageError


class BackboneFeaturesParams(Params):
    """Parameters of :class:`BackboneFeatures`."""

    side: int = Field(224, ge=32, le=2048, description="Height and width that images are resized to, in px.")
    pooling: Literal["max", "avg"] = Field("avg", description="Pooling of the feature map over space.")
    layer: str | None = Field(
        None, description="Layer whose output is pooled; null: the last feature map of the backbone."
    )
    tta: Views = Field(
        "none",
        description="Views that features are averaged over: the image alone, its mirror images, or all eight "
        "flips and turns.",
    )


class BackboneFeatures(FeatureExtractor):
    """Base of the extractors with a backbone: one feature a channel of a feature map, pooled over space.

    The backbone is frozen, so features are kept like all others and a head on them trains in seconds. A
    subclass implements :meth:`backbone`.
    """

    Params = BackboneFeaturesParams
    params: BackboneFeaturesParams
    requires: ClassVar[tuple[str, ...]] = ("keras",)
    install_hint: ClassVar[str] = INSTALL_HINT

    def backbone(self) -> Backbone:
        """Choose the network."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """Digest of the backbone's weights where they come from a file."""
        return self.backbone().fingerprint()

    def names(self) -> tuple[str, ...]:
        """``deep_<backbone>_<pooling>_<channel>``, with the layer's name where one is asked for."""
        return self._names

    @cached_property
    def _names(self) -> tuple[str, ...]:
        backbone = self.backbone()
        at = f"{backbone.name}_{self.params.layer}" if self.params.layer else backbone.name
        channels = backbone.channels if self.params.layer is None else None
        if channels is None:
            channels = int(self._layer(backbone.build(self.params.side, pretrained=False)).shape[-1])
        return tuple(f"deep_{at}_{self.params.pooling}_{i:04d}" for i in range(channels))

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:  # noqa: ARG002
        """Pass one image, and its views, through the network; labels play no part."""
        batch = resize(planes.rgb, self.params.side)[None].astype(np.float32)
        views = np.concatenate(list(views_of(self.params.tta, batch)))
        values = np.asarray(self._network.predict_on_batch(views), dtype=np.float64).mean(axis=0)
        return dict(zip(self._names, values.tolist(), strict=True))

    @cached_property
    def _network(self) -> Any:
        """From images to pooled features; built when the first image comes, once a worker."""
        keras = load_keras()
        with seeded(0):  # a network without pretrained weights is the same in every worker
            body = self.backbone().build(self.params.side)
        layers = keras.layers
        pool = layers.GlobalMaxPooling2D if self.params.pooling == "max" else layers.GlobalAveragePooling2D
        return keras.Model(body.input, pool(dtype="float32")(self._layer(body)))

    def _layer(self, body: Any) -> Any:
        if self.params.layer is None:
            return body.output
        maps = [layer.name for layer in body.layers if len(getattr(layer.output, "shape", ())) == 4]
        if self.params.layer not in maps:
            raise UsageError(
                f"the backbone has no feature map at a layer {self.params.layer!r}",
                hint=f"The last of its {len(maps)}: {', '.join(maps[-6:])}",
            )
        return body.get_layer(self.params.layer).output
