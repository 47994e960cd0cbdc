"""Backbones of keras.applications: scaling of each family, channels, and weights that are not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from leukokit.api import LeukokitError
from leukokit.plugins.backbones.keras_applications import APPLICATIONS, ApplicationBackbone

ONE_A_FAMILY = {
    "ConvNeXtTiny": "convnext",
    "DenseNet121": "densenet",
    "EfficientNetB0": "efficientnet",
    "EfficientNetV2B0": "efficientnet_v2",
    "InceptionResNetV2": "inception_resnet_v2",
    "InceptionV3": "inception_v3",
    "MobileNet": "mobilenet",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3Small": "mobilenet_v3",
    "NASNetMobile": "nasnet",
    "ResNet50": "resnet",
    "ResNet50V2": "resnet_v2",
    "VGG16": "vgg16",
    "VGG19": "vgg19",
    "Xception": "xception",
}


def test_every_network_of_keras_is_known() -> None:
    """A network that a newer Keras brings is a line in the table."""
    assert set(APPLICATIONS) == {name for name in dir(keras.applications) if name[0].isupper()}


@pytest.mark.parametrize(("name", "module"), ONE_A_FAMILY.items())
def test_scaling_is_what_the_family_expects(name: str, module: str) -> None:
    """The layers in front of the weights do what Keras' own preprocess_input does to 0..255."""
    image = np.random.default_rng(1).integers(0, 256, (2, 8, 8, 3)).astype(np.float32)
    tensor = keras.Input((8, 8, 3))
    ours = keras.Model(tensor, ApplicationBackbone(name, "none")._scaled(tensor))
    theirs = getattr(keras.applications, module).preprocess_input(image.copy())
    np.testing.assert_allclose(ours.predict(image, verbose=0), theirs, atol=1e-4)


SMALL = [
    "ConvNeXtTiny",
    "EfficientNetV2B0",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Small",
    "VGG16",
]
ALL = [pytest.param(name, marks=[] if name in SMALL else [pytest.mark.slow]) for name in APPLICATIONS]


@pytest.mark.parametrize("name", ALL)
def test_the_feature_map_has_the_channels_that_the_table_says(name: str) -> None:
    """Names of features are known without building a network, so the table must be right."""
    body = ApplicationBackbone(name, "none").build(96)
    assert body.output.shape[-1] == APPLICATIONS[name].channels
    assert body.input.shape == (None, 96, 96, 3)


def _plain() -> Any:
    make = keras.applications.MobileNetV2
    return make(alpha=0.35, include_top=False, weights=None, input_shape=(96, 96, 3))


def test_weights_come_from_a_file(tmp_path: Path) -> None:
    """A file of the network without its top is read; its digest is the backbone's fingerprint."""
    body = _plain()
    path = tmp_path / "small.weights.h5"
    body.save_weights(path)
    built = ApplicationBackbone("MobileNetV2", path, 0.35).build(96)
    for ours, theirs in zip(built.get_weights(), body.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert len(ApplicationBackbone("MobileNetV2", path, 0.35).fingerprint()) == 64
    with pytest.raises(LeukokitError, match="do not fit the network"):
        ApplicationBackbone("MobileNetV2", path, 0.5).build(96)


def test_a_file_that_leaves_layers_out_is_refused(tmp_path: Path) -> None:
    """Keras would leave such layers at random; that is an error that names one."""
    whole = _plain()
    part = keras.Model(whole.input, whole.get_layer("block_2_add").output)
    path = tmp_path / "part.weights.h5"
    part.save_weights(path)
    with pytest.raises(LeukokitError, match="do not fit the network"):
        ApplicationBackbone("MobileNetV2", path, 0.35).build(96)


@pytest.mark.real_data
def test_real_weights_are_read(data_root: Path) -> None:
    """The smallest real file: features of a white image are not those of a black one, and are finite."""
    path = data_root.parent / "weights" / "mobilenetv2_0.35_224_notop.weights.h5"
    body = ApplicationBackbone("MobileNetV2", path, 0.35).build(224)
    images = np.stack([np.zeros((224, 224, 3)), np.full((224, 224, 3), 255.0)]).astype(np.float32)
    black, white = body.predict(images, verbose=0)
    assert np.isfinite(black).all()
    assert np.abs(black - white).max() > 1


_OFFLINE = """
from leukokit.plugins.backbones.keras_applications import ApplicationBackbone
try:
    ApplicationBackbone("EfficientNetV2B0", "imagenet").build(224)
except Exception as error:
    print(type(error).__name__, error)
"""


def test_weights_that_cannot_be_fetched_say_which_file_to_fetch(tmp_path: Path) -> None:
    """Offline: which file, from where, and how to pass it."""
    environment: dict[str, Any] = {
        **os.environ,
        "KERAS_HOME": str(tmp_path),
        "https_proxy": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    done = subprocess.run([sys.executable, "-c", _OFFLINE], capture_output=True, text=True, env=environment)
    assert "LeukokitError the ImageNet weights of EfficientNetV2B0 cannot be fetched" in done.stdout
    assert "Fetch https://storage.googleapis.com/" in done.stdout
    assert "weights: path/to/efficientnetv2-b0_notop.h5" in done.stdout
