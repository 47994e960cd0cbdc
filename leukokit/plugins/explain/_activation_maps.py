"""Base of Grad-CAM and Grad-CAM++: the layer whose feature maps are weighted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Field, FloatArray, LeukokitError, near_names
from leukokit.api.deep import NetworkModel, load_keras
from leukokit.plugins.explain._gradients import layer_gradients
from leukokit.plugins.explain._heat import HeatExplainer, HeatMethod, HeatParams


class ActivationMapParams(HeatParams):
    """Parameters of explainers that weight the feature maps of one layer."""

    layer: str | None = Field(
        None,
        description=(
            "Name of the layer whose feature maps are weighted, also in a model inside the network (a path "
            "such as inner/top_conv where two have the name); null uses the last convolution."
        ),
    )


class ActivationMapExplainer(HeatExplainer):
    """Weights the feature maps of one layer by gradients of the class score before softmax."""

    Params = ActivationMapParams
    params: ActivationMapParams

    def weigh(self, maps: FloatArray, gradients: FloatArray) -> FloatArray:
        """Weight of each channel, n x c, from feature maps and gradients, n x h x w x c."""
        raise NotImplementedError

    def method(self, model: NetworkModel) -> HeatMethod:
        """Find the layer."""
        network = model.logits
        name = self.params.layer
        path, layer = last_convolution(network) if name is None else find_layer(network, name)
        return _WeighedMaps(network, layer, self.weigh, f"layer {path}")


@dataclass(frozen=True)
class _WeighedMaps:
    network: Any
    layer: Any
    weigh: Callable[[FloatArray, FloatArray], FloatArray]
    note: str

    def __call__(self, images: NDArray[np.float32], targets: NDArray[np.intp]) -> FloatArray:
        maps, gradients = layer_gradients(self.network, self.layer, images, targets)
        weighed: FloatArray = np.einsum("nhwc,nc->nhw", maps, self.weigh(maps, gradients))
        return weighed


def find_layer(network: Any, name: str) -> tuple[str, Any]:
    """Path and layer of a name or path.

    Raises
    ------
    LeukokitError
        Where no layer, or more than one, has the name.
    """
    layers = list(_layers(network))
    matches = [(path, layer) for path, layer in layers if name in (path, layer.name)]
    if not matches:
        near = near_names(name, sorted({layer.name for _, layer in layers}), most=3, likeness=0.5)
        meant = f" (did you mean {', '.join(near)}?)" if near else ""
        raise LeukokitError(
            f"the network has no layer {name!r}{meant}",
            hint="Leave layer out to use the last convolution",
        )
    if len(matches) > 1:
        raise LeukokitError(
            f"{len(matches)} layers are named {name!r}: {', '.join(path for path, _ in matches)}",
            hint="Give the path of one",
        )
    return matches[0]


def last_convolution(network: Any) -> tuple[str, Any]:
    """Path and layer of the last convolution whose maps are larger than one pixel.

    Raises
    ------
    LeukokitError
        Where there is none.
    """
    layers = load_keras().layers
    kinds = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.Conv2DTranspose)
    convolutions = [
        (path, layer) for path, layer in _layers(network) if isinstance(layer, kinds) and not _is_point(layer)
    ]
    if not convolutions:
        raise LeukokitError(
            "the network has no convolution with maps larger than one pixel",
            hint="Name the layer whose maps are to be weighted, or use occlusion or integrated_gradients",
        )
    return convolutions[-1]


def _layers(network: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Layers with their paths, including those of models inside the network."""
    for layer in network.layers:
        path = f"{prefix}{layer.name}"
        yield path, layer
        if isinstance(layer, load_keras().Model):
            yield from _layers(layer, f"{path}/")


def _is_point(layer: Any) -> bool:
    # Convolutions that weight channels (squeeze and excitation) have maps of one pixel, without positions.
    try:
        height, width = layer.output.shape[1:3]
    except AttributeError:  # a layer of a subclassed model has no output before it runs
        return False
    return bool(height == 1 and width == 1)
