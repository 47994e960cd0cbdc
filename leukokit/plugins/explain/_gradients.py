"""Gradients of class scores, for each backend of Keras.

For each backend there is one function: the gradient of a number with respect to one array. For a layer inside
a network, an array of zeros is added to its output; the gradient with respect to these zeros is the gradient
with respect to the layer's output.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from leukokit.api import FloatArray, LeukokitError
from leukokit.api.deep import load_keras

# Gradients of pixels are small, and float16 (mixed precision) would round them to 0. Scores are scaled up
# first, and less where that overflows. Powers of two cause no rounding.
_SCALES = (1024.0, 32.0, 1.0)

_Objective: TypeAlias = Callable[[Callable[[Any], Any], Any], tuple[Any, Any]]
"""Function of a callable network and a tensor: the number to differentiate, and a tensor to keep."""


def image_gradients(
    network: Any, images: NDArray[np.float32], targets: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    """Scores of the targets, and their gradients with respect to the images.

    Parameters
    ----------
    network : keras.Model
        Maps images to the scores of k classes, n x k.
    images : float32 array, n x side x side x 3
    targets : int array (n,)
        Class whose score is differentiated, for each image.

    Returns
    -------
    scores : float64 array (n,)
    gradients : float64 array, n x side x side x 3
        Change of the score per gray level.

    Raises
    ------
    LeukokitError
        Where Keras runs on a backend without gradients.
    """

    def objective(call: Callable[[Any], Any], point: Any) -> tuple[Any, Any]:
        scores = _of_targets(call(point), targets)
        return load_keras().ops.sum(scores), scores

    return _differentiate(network, objective, images)


def layer_gradients(
    network: Any, layer: Any, images: NDArray[np.float32], targets: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    """Feature maps of a layer, and the gradients of the targets' scores with respect to them.

    Parameters
    ----------
    network : keras.Model
        Maps images to the scores of k classes, n x k.
    layer : keras.Layer
        Layer of the network, or of a model nested inside it; its output is n x h x w x c.
    images : float32 array, n x side x side x 3
    targets : int array (n,)
        Class whose score is differentiated, for each image.

    Returns
    -------
    maps, gradients : float64 arrays, n x h x w x c

    Raises
    ------
    LeukokitError
        Where the layer's output is no feature map, the layer is used more than once, or Keras runs on a
        backend without gradients.
    """
    ops = load_keras().ops
    shape = _shape_of_maps(network, layer, images[:1])

    def objective(call: Callable[[Any], Any], zeros: Any) -> tuple[Any, Any]:
        kept = []

        def tap(maps: Any) -> Any:
            kept.append(ops.cast(maps, "float32"))
            return maps + ops.cast(zeros, maps.dtype)

        with _tapped(layer, tap):
            scores = _of_targets(call(ops.convert_to_tensor(images)), targets)
        return ops.sum(scores), kept[0]

    return _differentiate(network, objective, np.zeros((len(images), *shape), np.float32))


def _differentiate(
    network: Any, objective: _Objective, point: NDArray[np.float32]
) -> tuple[FloatArray, FloatArray]:
    keras = load_keras()
    backend = keras.backend.backend()
    if backend not in _BACKENDS:
        raise LeukokitError(
            f"this explainer needs gradients, which Keras cannot give on the backend {backend!r}",
            hint=f"Set KERAS_BACKEND to {', '.join(_BACKENDS)}, or use occlusion",
        )
    to_numpy = keras.ops.convert_to_numpy
    for scale in _SCALES:
        gradients, kept = _BACKENDS[backend](network, _scaled(objective, scale), point)
        unscaled = np.asarray(to_numpy(gradients), np.float64) / scale
        if np.isfinite(unscaled).all():
            break
    return np.asarray(to_numpy(kept), np.float64), unscaled


def _scaled(objective: _Objective, scale: float) -> _Objective:
    def scaled(call: Callable[[Any], Any], point: Any) -> tuple[Any, Any]:
        number, kept = objective(call, point)
        return number * scale, kept

    return scaled


def _tensorflow(network: Any, objective: _Objective, point: NDArray[np.float32]) -> tuple[Any, Any]:
    import tensorflow as tf

    tensor = tf.convert_to_tensor(point)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(tensor)
        number, kept = objective(partial(network, training=False), tensor)
    return tape.gradient(number, tensor, unconnected_gradients=tf.UnconnectedGradients.ZERO), kept


def _jax(network: Any, objective: _Objective, point: NDArray[np.float32]) -> tuple[Any, Any]:
    import jax  # type: ignore[import-not-found, unused-ignore]

    weights = [variable.value for variable in network.trainable_variables]
    state = [variable.value for variable in network.non_trainable_variables]

    def call(images: Any) -> Any:
        return network.stateless_call(weights, state, images, training=False)[0]

    return jax.grad(partial(objective, call), has_aux=True)(jax.numpy.asarray(point))  # type: ignore[no-any-return]


def _torch(network: Any, objective: _Objective, point: NDArray[np.float32]) -> tuple[Any, Any]:
    import torch  # type: ignore[import-not-found, unused-ignore]

    tensor = load_keras().ops.convert_to_tensor(point).requires_grad_(True)
    with torch.enable_grad():
        number, kept = objective(partial(network, training=False), tensor)
        (gradients,) = torch.autograd.grad(number, tensor, materialize_grads=True, allow_unused=True)
    return gradients, kept


_BACKENDS: dict[str, Callable[[Any, _Objective, NDArray[np.float32]], tuple[Any, Any]]] = {
    "tensorflow": _tensorflow,
    "jax": _jax,
    "torch": _torch,
}


def _of_targets(scores: Any, targets: NDArray[np.intp]) -> Any:
    ops = load_keras().ops
    scores = ops.cast(scores, "float32")
    return ops.take_along_axis(scores, ops.convert_to_tensor(targets[:, None].astype(np.int32)), axis=1)[:, 0]


def _shape_of_maps(network: Any, layer: Any, image: NDArray[np.float32]) -> tuple[int, ...]:
    """Height, width and channels of a layer's output, from running one image through the network."""
    shapes: list[tuple[int, ...]] = []

    def tap(maps: Any) -> Any:
        shapes.append(tuple(getattr(maps, "shape", ())))
        return maps

    with _tapped(layer, tap):
        network(image, training=False)
    if len(shapes) != 1:
        raise LeukokitError(f"the layer {layer.name!r} is used {len(shapes)} times; heat needs one use")
    if len(shapes[0]) != 4:
        raise LeukokitError(
            f"the layer {layer.name!r} gives arrays of {len(shapes[0])} dimensions; heat needs maps, "
            "n x h x w x c"
        )
    return shapes[0][1:]


@contextmanager
def _tapped(layer: Any, tap: Callable[[Any], Any]) -> Iterator[None]:
    """Pass the output of a layer through ``tap``.

    A new graph that ends at the layer would not work: the layers of a nested model have a separate graph, and
    a subclassed model has none.
    """
    own = layer.__dict__.get("call")
    call = layer.call

    def tapped(*args: Any, **kwargs: Any) -> Any:
        return tap(call(*args, **kwargs))

    layer.call = tapped
    try:
        yield
    finally:
        if own is None:
            del layer.call
        else:
            layer.call = own
