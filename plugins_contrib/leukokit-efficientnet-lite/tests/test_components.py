"""Both components, as leukokit sees them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import leukokit
from leukokit.api import Planes
from leukokit.testing.conformance import conformance
from leukokit.testing.tables import examples
from leukokit_efficientnet_lite.backbone import LiteBackbone
from leukokit_efficientnet_lite.cnn import LiteCnn
from leukokit_efficientnet_lite.features import LiteFeatures


def image(seed: int = 0) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(0, 256, (48, 48, 3), np.uint8)
    pixels.setflags(write=False)
    return pixels


@conformance(LiteFeatures, side=32)
def test_contract_of_features(check) -> None:
    """Every promise of a feature extractor."""
    check()


@pytest.mark.slow  # each promise trains the network; that of its features is kept above
@conformance(LiteCnn, side=32, train="head", epochs=2, batch_size=12)
def test_contract_of_the_classifier(check) -> None:
    """Every promise of a classifier."""
    check()


@pytest.mark.parametrize(
    ("layer", "count"), [("last", 1280), ("block5a_expand_activation", 480), (None, 80 + 80 + 112)]
)
def test_features_are_pooled_maps_of_the_backbone(layer: str | None, count: int) -> None:
    """One feature a channel, the mean over space; by default of three maps in the middle."""
    component = LiteFeatures.create(side=48, pooling=["mean"], layers=[layer] if layer else None)
    features = component.extract(Planes(image()))
    assert tuple(features) == component.names()
    assert len(features) == count
    if layer == "last":
        maps = LiteBackbone("lite0").build(48).predict_on_batch(image()[None].astype(np.float32))
        np.testing.assert_allclose(list(features.values()), maps.mean(axis=(1, 2))[0], atol=1e-4)


def test_fine_tuning_from_a_block_leaves_what_is_before() -> None:
    """Kernels before ``block6a`` stay those of ImageNet, the others learn."""
    component = LiteCnn.create(
        side=32, train="gradual", fine_tune_from="block6a", head_epochs=1, epochs=1, batch_size=12
    )
    train = replace(examples(n=24, images=True, image_size=32), features=None)
    fitted = component.estimator_of(component.fit(train, seed=0))
    start = LiteBackbone("lite0").build(32)
    kept = {
        layer.name: np.array_equal(layer.get_weights()[0], fitted.get_layer(layer.name).get_weights()[0])
        for layer in start.layers
        if layer.name.endswith("conv")
    }
    assert {name for name, same in kept.items() if not same} == {
        name for name in kept if name.startswith(("block6", "block7", "top"))
    }


def test_parameters_choose_the_backbone() -> None:
    """Variant and weights reach it, and tell cached results apart."""
    for component in (LiteCnn, LiteFeatures):
        chosen = component.create(variant="lite2", weights="none")
        assert chosen.backbone().name == "lite2"
        assert chosen.backbone().side == 260
        assert chosen.fingerprint() == ""
        assert component().fingerprint() != component.create(variant="lite1").fingerprint() != ""


def test_they_are_found_through_their_entry_point() -> None:
    """Installed, they stand in the list of components and can be used by name."""
    done = subprocess.run(
        [sys.executable, "-m", "leukokit", "list", "--json"], capture_output=True, text=True, check=True
    )
    assert "efficientnet_lite/cnn" in done.stdout
    assert "efficientnet_lite/features" in done.stdout
    assert isinstance(leukokit.component("classifier", "efficientnet_lite/cnn", variant="lite1"), LiteCnn)
    assert isinstance(leukokit.component("feature_extractor", "efficientnet_lite/features"), LiteFeatures)
