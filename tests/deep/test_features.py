"""Features of a frozen backbone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.linalg import logm

from leukokit.api import Planes
from leukokit.api.deep import Backbone, BackboneFeatures
from leukokit.deep.model import resize
from leukokit.deep.pooling import Pooling, pooled_names
from leukokit.errors import UsageError
from leukokit.testing.images import disks
from leukokit.testing.networks import TinyBackbone


class TinyFeatures(BackboneFeatures):
    def backbone(self) -> Backbone:
        return TinyBackbone()


def _extract(image: Any, **params: Any) -> dict[str, float]:
    return dict(TinyFeatures.create(side=64, **params).extract(Planes(image)))


def test_each_channel_is_pooled() -> None:
    """In five ways, each of which is a number that NumPy gives, too."""
    image = disks(1, size=64)[0]
    every = _extract(image, pooling=["mean", "max", "std", "gem", "covariance"])
    batch = resize(image, 64)[None].astype(np.float32)
    maps = TinyFeatures.create(side=64)._network.predict_on_batch(batch)
    rows = np.asarray(maps).reshape(-1, 16).astype(np.float64)
    assert list(every)[:2] == ["deep_tiny_mean_0000", "deep_tiny_mean_0001"]
    assert len(every) == 4 * 16 + 16 * 17 // 2
    values = np.array(list(every.values()))
    np.testing.assert_allclose(values[:16], rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(values[16:32], rows.max(axis=0), rtol=1e-12)
    np.testing.assert_allclose(values[32:48], rows.std(axis=0), rtol=1e-9)
    power = (np.maximum(rows, 1e-6) ** 3).mean(axis=0) ** (1 / 3)
    np.testing.assert_allclose(values[48:64], power, rtol=1e-9)
    covariance = np.cov(rows.T, ddof=0)
    logarithm = logm(covariance + 1e-3 * np.trace(covariance) / 16 * np.eye(16))
    logarithm[~np.eye(16, dtype=bool)] *= np.sqrt(2)
    np.testing.assert_allclose(values[64:], logarithm[np.triu_indices(16)], rtol=1e-6, atol=1e-8)


def test_layers_in_the_middle_are_the_default_where_the_backbone_names_them() -> None:
    """And the last map goes by the name 'last'."""

    class Middle(TinyBackbone):
        def middle_layers(self) -> tuple[str, ...]:
            return ("block1_conv",)

    class OfMiddle(BackboneFeatures):
        def backbone(self) -> Backbone:
            return Middle()

    assert OfMiddle.create(pooling=["std"]).names()[0] == "deep_tiny_block1_conv_std_0000"
    assert OfMiddle.create(layers=["last"], pooling=["std"]).names() == _names(pooling=["std"])
    assert OfMiddle.create(layers=["block1_conv", "last"]).names()[-1] == "deep_tiny_std_0015"


def test_covariance_is_refused_for_many_channels() -> None:
    """A layer of 200 channels would give 20,100 numbers."""
    assert len(list(pooled_names(Pooling.COVARIANCE, 128))) == 8256
    with pytest.raises(UsageError, match=r"at most 128 channels, and this one has 200.*nearer to the input"):
        list(pooled_names(Pooling.COVARIANCE, 200))


def _names(**params: Any) -> tuple[str, ...]:
    return TinyFeatures.create(side=64, **params).names()


def test_several_layers_stand_side_by_side() -> None:
    """Columns of a layer are the same alone as beside others, and bear its name."""
    image = disks(1, size=64)[0]
    first = _extract(image, layers=["block1_conv"])
    both = _extract(image, layers=["block1_conv", "block2_relu"])
    assert len(first) == 16
    assert len(both) == 48
    assert next(iter(both)) == "deep_tiny_block1_conv_mean_0000"
    for name, value in first.items():
        assert both[name] == pytest.approx(value, rel=1e-5)


def test_an_unknown_layer_is_told_with_near_ones() -> None:
    """A misspelt layer is found when the recipe is checked."""
    with pytest.raises(UsageError, match=r"no feature map at a layer 'block1_konv'.*block1_conv"):
        TinyFeatures.create(layers=["block1_konv"]).names()


def test_an_average_over_all_views_does_not_turn_with_the_image() -> None:
    """With all eight views a turned image has the features of the upright one."""
    image = disks(1, size=64)[0]
    upright, turned = (_extract(view, tta="dihedral") for view in (image, np.rot90(image).copy()))
    np.testing.assert_allclose(list(turned.values()), list(upright.values()), rtol=1e-4, atol=1e-6)


def test_features_are_the_same_in_another_extractor() -> None:
    """Without pretrained weights too: the random network is the same in every worker."""
    image = disks(1, size=64)[0]
    assert _extract(image) == _extract(image)
