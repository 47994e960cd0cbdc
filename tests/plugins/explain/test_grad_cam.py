"""Grad-CAM: the formula on maps known by hand, the layer that is weighed, and its names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from leukokit.api import Explanation, LeukokitError
from leukokit.plugins.explain._gradients import layer_gradients
from leukokit.plugins.explain.grad_cam import GradCam, mean_gradient
from leukokit.plugins.explain.grad_cam_plus_plus import GradCamPlusPlus


def test_weights_are_mean_gradients() -> None:
    """Two channels of 1 x 2 px, by hand."""
    gradients = np.array([[[[1.0, -2.0], [3.0, 0.0]]]])
    assert mean_gradient(np.ones((1, 1, 2, 2)), gradients).tolist() == [[2.0, -1.0]]


def test_heads_of_averages_give_class_activation_maps(
    network: Any, spots: Any, explain: Callable[..., Explanation]
) -> None:
    """Before a global average and a dense layer, weights are those of the dense layer over the pixels.

    Zhou et al. 2016, doi 10.1109/CVPR.2016.319: for such heads Grad-CAM is the class activation map.
    """
    layer = next(item for item in network.network.layers if item.name.startswith("multiply"))
    images = network.batch([spots.examples.images[0]])
    maps, gradients = layer_gradients(network.logits, layer, images, np.array([0]))
    head = network.network.get_layer("logits").get_weights()[0][:, 0]
    np.testing.assert_allclose(
        mean_gradient(maps, gradients)[0], head / (maps.shape[1] * maps.shape[2]), rtol=1e-5
    )
    assert explain(GradCam.create(layer=layer.name), network).note == f"layer {layer.name}"


def test_gradients_are_those_of_finite_differences(random_network: Any, spots: Any) -> None:
    """Moving the maps of a layer a little moves the score by the gradient."""
    import keras

    network = random_network.logits
    layer = network.get_layer("last_conv")
    images = random_network.batch([spots.examples.images[0], spots.examples.images[1]])
    targets = np.array([1, 0])
    maps, gradients = layer_gradients(network, layer, images, targets)
    rest = keras.Model(layer.output, network.output)
    direction = np.random.default_rng(0).normal(size=maps.shape)
    step = 1e-2

    def score(at: Any) -> Any:
        return np.asarray(rest(at.astype(np.float32)))[np.arange(2), targets].astype(np.float64)

    slope = (score(maps + step * direction) - score(maps - step * direction)) / (2 * step)
    np.testing.assert_allclose((gradients * direction).sum(axis=(1, 2, 3)), slope, rtol=2e-3)


@pytest.mark.parametrize("explainer", [GradCam, GradCamPlusPlus])
def test_the_last_convolution_is_found(
    explainer: type[GradCam] | type[GradCamPlusPlus],
    network: Any,
    nested_network: Any,
    explain: Callable[..., Explanation],
) -> None:
    """Also inside a model of the network; convolutions of one pixel are passed over."""
    assert explain(explainer(), network).note == "layer last_conv"
    assert explain(explainer(), nested_network).note == "layer inner/last_conv"


@pytest.mark.parametrize("name", ["first_conv", "inner/first_conv"])
def test_a_layer_is_named(name: str, nested_network: Any, explain: Callable[..., Explanation]) -> None:
    """By its name or by its path; another layer gives another map."""
    default = explain(GradCam(), nested_network)
    named = explain(GradCam.create(layer=name), nested_network)
    assert named.note == "layer inner/first_conv"
    assert not np.array_equal(named.heat_maps["image-00"], default.heat_maps["image-00"])


def test_unknown_layers_are_refused_with_the_nearest_names(
    network: Any, explain: Callable[..., Explanation]
) -> None:
    """A slip of the pen is answered with what was meant."""
    with pytest.raises(LeukokitError, match=r"no layer 'lst_conv' \(did you mean last_conv, first_conv"):
        explain(GradCam.create(layer="lst_conv"), network)
    with pytest.raises(LeukokitError, match=r"no layer 'zzz'\. Leave layer out"):
        explain(GradCam.create(layer="zzz"), network)


def test_layers_without_maps_are_refused(network: Any, explain: Callable[..., Explanation]) -> None:
    """The scores have no place in the image."""
    with pytest.raises(LeukokitError, match="'logits' gives arrays of 2 dimensions; heat needs maps"):
        explain(GradCam.create(layer="logits"), network)


def test_networks_without_convolutions_are_refused(spots: Any) -> None:
    """The message offers what does without."""
    import keras

    from leukokit.api import Classifier
    from leukokit.api.deep import NetworkModel

    inputs = keras.Input((32, 32, 3))
    scores = keras.layers.Dense(2, name="logits")(keras.layers.Flatten()(inputs))
    model = NetworkModel(keras.Model(inputs, keras.layers.Softmax()(scores)), ("blue", "none"), 32)
    with pytest.raises(
        LeukokitError, match=r"no convolution with maps larger than one pixel.*or use occlusion"
    ):
        GradCam().explain(Classifier(), model, spots.examples, seed=0)


def test_layers_used_twice_and_names_given_twice_are_refused(spots: Any) -> None:
    """One convolution on two branches has two maps; two models inside may name a layer alike."""
    import keras

    from leukokit.api import Classifier
    from leukokit.api.deep import NetworkModel

    def model(features: Any, inputs: Any) -> NetworkModel:
        scores = keras.layers.Dense(2, name="logits")(keras.layers.GlobalAveragePooling2D()(features))
        return NetworkModel(keras.Model(inputs, keras.layers.Softmax()(scores)), ("blue", "none"), 32)

    inputs = keras.Input((32, 32, 3))
    shared = keras.layers.Conv2D(3, 3, padding="same", name="shared")
    with pytest.raises(LeukokitError, match="'shared' is used 2 times"):
        GradCam().explain(Classifier(), model(shared(shared(inputs)), inputs), spots.examples, seed=0)

    def body(name: str) -> Any:
        part = keras.Input((32, 32, 3))
        return keras.Model(part, keras.layers.Conv2D(3, 3, padding="same", name="conv")(part), name=name)

    inputs = keras.Input((32, 32, 3))
    twins = model(body("second")(body("first")(inputs)), inputs)
    assert GradCam().explain(Classifier(), twins, spots.examples, seed=0).note == "layer second/conv"
    with pytest.raises(LeukokitError, match="2 layers are named 'conv': first/conv, second/conv"):
        GradCam.create(layer="conv").explain(Classifier(), twins, spots.examples, seed=0)
