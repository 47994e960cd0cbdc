"""Features of an image from a frozen backbone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np

from leukokit.api.features import FeatureExtractor
from leukokit.api.labels import Labels
from leukokit.api.params import Field, Params
from leukokit.api.planes import Planes
from leukokit.deep.backbone import Backbone, refuse_changed
from leukokit.deep.model import resize
from leukokit.deep.runtime import INSTALL_HINT, load_keras, seeded
from leukokit.deep.views import Views, views_of
from leukokit.errors import UsageError
from leukokit.near_names import near_names


class BackboneFeaturesParams(Params):
    """Parameters of :class:`BackboneFeatures`."""

    side: int = Field(224, ge=32, le=2048, description="Height and width that images are resized to, in px.")
    pooling: Literal["max", "avg"] = Field("avg", description="Pooling of the feature map over space.")
    layers: tuple[str, ...] = Field(
        (),
        description="Layers whose feature maps are pooled and concatenated, such as block4c_add; empty: "
        "the last "
        "feature map of the backbone.",
    )
    tta: Views = Field(
        "none",
        description="Views that features are averaged over (test-time augmentation): only the image, its "
        "mirror "
        "images, or all eight flips and rotations.",
    )


class BackboneFeatures(FeatureExtractor):
    """Base of the extractors with a backbone: one feature per channel of a feature map, pooled over space.

    The backbone is frozen, so features are cached like all others, and a classifier on them trains in
    seconds. A subclass implements :meth:`backbone`.
    """

    Params = BackboneFeaturesParams
    params: BackboneFeaturesParams
    requires: ClassVar[tuple[str, ...]] = ("keras",)
    install_hint: ClassVar[str] = INSTALL_HINT

    def backbone(self) -> Backbone:
        """Choose the network."""
        raise NotImplementedError

    def missing(self) -> str | None:
        """Weights of the backbone that are not on this machine."""
        return self.backbone().missing()

    def fingerprint(self) -> str:
        """Digest of the backbone's weights where they come from a file."""
        return self._fingerprint

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker must load the weights that the keys of the results stand for.
        return _with_fingerprint, (type(self), self.params, self._fingerprint)

    @cached_property
    def _fingerprint(self) -> str:
        # Called once per key, and a weights file may have hundreds of megabytes.
        return self.backbone().fingerprint()

    def names(self) -> tuple[str, ...]:
        """``deep_<backbone>_<pooling>_<channel>``, with the layer's name where ``layers`` is set."""
        return self._names

    @cached_property
    def _names(self) -> tuple[str, ...]:
        backbone = self.backbone()
        layer_names = self.params.layers
        counts = [backbone.channels_at(layer) for layer in layer_names] or [backbone.channels]
        if None in counts:
            load_keras()
            maps = self._maps(backbone.build(self.params.side, pretrained=False))
            counts = [int(feature_map.shape[-1]) for feature_map in maps]
        titles = [f"deep_{backbone.name}_{layer}" for layer in layer_names] or [f"deep_{backbone.name}"]
        return tuple(
            f"{title}_{self.params.pooling}_{i:04d}"
            for title, count in zip(titles, counts, strict=True)
            for i in range(count or 0)
        )

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:  # noqa: ARG002
        """Pass one image, and its views, through the network; labels are not used."""
        batch = resize(planes.rgb, self.params.side)[None].astype(np.float32)
        views = np.concatenate(list(views_of(self.params.tta, batch)))
        values = np.asarray(self._network.predict_on_batch(views), dtype=np.float64).mean(axis=0)
        return dict(zip(self._names, values.tolist(), strict=True))

    @cached_property
    def _network(self) -> Any:
        """Network from images to pooled features; built at the first image, once per worker."""
        keras = load_keras()
        backbone = self.backbone()
        with seeded(0):  # a network without pretrained weights is the same in every worker
            body = backbone.build(self.params.side)
        refuse_changed(backbone, self._fingerprint)
        layers = keras.layers
        pool = layers.GlobalMaxPooling2D if self.params.pooling == "max" else layers.GlobalAveragePooling2D
        pooled = [pool(dtype="float32")(feature_map) for feature_map in self._maps(body)]
        return keras.Model(body.input, layers.concatenate(pooled) if len(pooled) > 1 else pooled[0])

    def _maps(self, body: Any) -> list[Any]:
        """Feature maps that are pooled."""
        if not self.params.layers:
            return [body.output]
        maps = {layer.name: layer.output for layer in body.layers if _is_map(layer)}
        for name in self.params.layers:
            if name not in maps:
                suggestions = near_names(name, maps, most=4, likeness=0.4) or list(maps)[-4:]
                raise UsageError(
                    f"the backbone has no feature map at a layer {name!r}",
                    hint=f"There are: {', '.join(suggestions)}",
                )
        return [maps[name] for name in self.params.layers]


def _with_fingerprint(
    kind: type[BackboneFeatures], params: BackboneFeaturesParams, fingerprint: str
) -> BackboneFeatures:
    component = kind(params)
    component.__dict__["_fingerprint"] = fingerprint
    return component


def _is_map(layer: Any) -> bool:
    return len(getattr(layer.output, "shape", ())) == 4
