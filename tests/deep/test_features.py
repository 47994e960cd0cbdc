"""Features of a frozen backbone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leukokit.api import Planes
from leukokit.api.deep import Backbone, BackboneFeatures
from leukokit.errors import UsageError
from leukokit.testing.images import disks
from leukokit.testing.networks import TinyBackbone


class TinyFeatures(BackboneFeatures):
    def backbone(self) -> Backbone:
        return TinyBackbone()


def _extract(image: Any, **params: Any) -> dict[str, float]:
    return dict(TinyFeatures.create(side=64, **params).extract(Planes(image)))


def test_each_channel_is_pooled() -> None:
    """The mean of a feature map over space is the feature; the maximum is at least that."""
    image = disks(1, size=64)[0]
    mean, largest = _extract(image), _extract(image, pooling="max")
    assert list(mean) == [f"deep_tiny_avg_{i:04d}" for i in range(16)]
    assert all(a <= b for a, b in zip(mean.values(), largest.values(), strict=True))
    assert any(value > 0 for value in mean.values())


def test_several_layers_stand_side_by_side() -> None:
    """Columns of a layer are the same alone as beside others, and bear its name."""
    image = disks(1, size=64)[0]
    first = _extract(image, layers=["block1_conv"])
    both = _extract(image, layers=["block1_conv", "block2_relu"])
    assert len(first) == 8
    assert len(both) == 24
    assert next(iter(both)) == "deep_tiny_block1_conv_avg_0000"
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
