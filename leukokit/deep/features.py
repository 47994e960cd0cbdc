"""Features of an image from a frozen backbone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from leukokit.api.features import FeatureExtractor
from leukokit.api.labels import Labels
from leukokit.api.params import Distinct, Field, Params
from leukokit.api.planes import Planes
from leukokit.arrays import FloatArray
from leukokit.deep.backbone import Backbone, refuse_changed
from leukokit.deep.model import resize
from leukokit.deep.pooling import Pooling, pooled, pooled_names
from leukokit.deep.runtime import INSTALL_HINT, load_keras, seeded
from leukokit.deep.views import Views, views_of
from leukokit.errors import UsageError
from leukokit.near_names import near_names

LAST = "last"
"""Name of the last feature map of a backbone, in ``layers``."""


class BackboneFeaturesParams(Params):
    """Parameters of :class:`BackboneFeatures`."""

    side: int = Field(224, ge=32, le=2048, description="Height and width that images are resized to, in px.")
    pooling: Distinct[Pooling] = Field(
        (Pooling.MEAN, Pooling.STD),
        description="What is kept of each feature map over space: mean, max, std, gem (generalized mean with "
        "power 3), and covariance of the channels of a layer (at most 128).",
    )
    layers: Distinct[str] | None = Field(
        None,
        description="Layers whose feature maps are pooled, side by side, such as block4c_add, or last. "
        "null: layers in the middle of the backbone where it names some, else the "
        "last.",
    )
    tta: Views = Field(
        "none",
        description="Views that features are averaged over (test-time augmentation): only the image, its "
        "mirror "
        "images, or all eight flips and rotations.",
    )


class BackboneFeatures(FeatureExtractor):
    """Base of the extractors with a backbone: feature maps, pooled over space.

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
        """``deep_<backbone>_<layer>_<pooling>_<channel>``; without the layer for the last one."""
        return self._names

    @cached_property
    def _layers(self) -> tuple[str, ...]:
        return self.params.layers or self.backbone().middle_layers() or (LAST,)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        backbone = self.backbone()
        counts = [
            backbone.channels if layer == LAST else backbone.channels_at(layer) for layer in self._layers
        ]
        if None in counts:
            load_keras()
            maps = self._maps(backbone.build(self.params.side, pretrained=False))
            counts = [int(feature_map.shape[-1]) for feature_map in maps]
        start = f"deep_{backbone.name}"
        titles = [start if layer == LAST else f"{start}_{layer}" for layer in self._layers]
        return tuple(
            f"{title}_{name}"
            for title, count in zip(titles, counts, strict=True)
            for pooling in self.params.pooling
            for name in pooled_names(pooling, count or 0)
        )

    def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:  # noqa: ARG002
        """Pass one image, and its views, through the network; labels are not used."""
        batch = resize(planes.rgb, self.params.side)[None].astype(np.float32)
        views = np.concatenate(list(views_of(self.params.tta, batch)))
        maps = self._network.predict_on_batch(views)
        maps = maps if isinstance(maps, list) else [maps]  # Keras unpacks a list of one
        rows = [self._pooled([of_layer[view] for of_layer in maps]) for view in range(len(views))]
        return dict(zip(self._names, np.mean(rows, axis=0).tolist(), strict=True))

    def _pooled(self, maps: list[NDArray[np.float32]]) -> FloatArray:
        """Features of one view, from the maps of its layers, each h x w x c."""
        pixels = [of_layer.reshape(-1, of_layer.shape[-1]).astype(np.float64) for of_layer in maps]
        return np.concatenate([pooled(each, way) for each in pixels for way in self.params.pooling])

    @cached_property
    def _network(self) -> Any:
        """Network from images to the maps of the layers; built at the first image, once per worker."""
        keras = load_keras()
        backbone = self.backbone()
        with seeded(0):  # a network without pretrained weights is the same in every worker
            body = backbone.build(self.params.side)
        refuse_changed(backbone, self._fingerprint)
        maps = [keras.layers.Identity(dtype="float32")(of_layer) for of_layer in self._maps(body)]
        return keras.Model(body.input, maps)

    def _maps(self, body: Any) -> list[Any]:
        """Feature maps that are pooled."""
        maps = {layer.name: layer.output for layer in body.layers if _is_map(layer)}
        maps[LAST] = body.output
        for name in self._layers:
            if name not in maps:
                suggestions = near_names(name, maps, most=4, likeness=0.4) or list(maps)[-5:]
                raise UsageError(
                    f"the backbone has no feature map at a layer {name!r}",
                    hint=f"There are: {', '.join(suggestions)}",
                )
        return [maps[name] for name in self._layers]


def _with_fingerprint(
    kind: type[BackboneFeatures], params: BackboneFeaturesParams, fingerprint: str
) -> BackboneFeatures:
    component = kind(params)
    component.__dict__["_fingerprint"] = fingerprint
    return component


def _is_map(layer: Any) -> bool:
    return len(getattr(layer.output, "shape", ())) == 4
