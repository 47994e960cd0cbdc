"""Occlusion: drops by hand, full cover, and parameters that cannot work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from leukokit.api import Explanation, LeukokitError
from leukokit.plugins.explain.occlusion import Occlusion


def test_drops_are_those_of_the_probability(network: Any, spots: Any) -> None:
    """Four patches that tile the image: each map value is the probability lost by covering its patch."""
    image = network.batch([spots.examples.images[0]])
    drops = Occlusion.create(patch=16, stride=16, fill="gray").method(network)(image, np.array([0]))[0]
    before = network.network.predict_on_batch(image)[0, 0]
    for y in (0, 16):
        for x in (0, 16):
            covered = image.copy()
            covered[0, y : y + 16, x : x + 16] = 127.5
            expected = before - network.network.predict_on_batch(covered)[0, 0]
            np.testing.assert_allclose(drops[y : y + 16, x : x + 16], expected, atol=1e-6)


@pytest.mark.parametrize(("patch", "stride"), [(5, 5), (7, 3), (31, 31), (2, 1)])
def test_every_pixel_is_covered(patch: int, stride: int, network: Any, spots: Any) -> None:
    """Whether or not patch and stride divide the side, no pixel is left without a value."""
    image = network.batch([spots.examples.images[0]])
    drops = Occlusion.create(patch=patch, stride=stride).method(network)(image, np.array([0]))
    assert drops.shape == (1, 32, 32)
    assert np.isfinite(drops).all()


def test_covering_what_the_network_looks_for_costs_most(network: Any, spots: Any) -> None:
    """The blue spot costs probability, the gray spot none."""
    image = network.batch([spots.examples.images[0]])
    drops = Occlusion.create(patch=6, stride=3).method(network)(image, np.array([0]))[0]
    assert drops.max() > 0.1
    rows, columns = np.nonzero(spots.grays["image-00"])
    gray = drops[int(rows.mean() * 32 / 40), int(columns.mean() * 32 / 48)]
    assert abs(gray) < 0.1 * drops.max()


def test_note_says_how(network: Any, explain: Callable[..., Explanation]) -> None:
    """Patch, stride and color."""
    explanation = explain(Occlusion.create(patch=16, stride=16, per_class=1), network)
    assert explanation.note == "patch 16 px, stride 16 px, mean color"


def test_patches_that_cannot_work_are_refused(network: Any, explain: Callable[..., Explanation]) -> None:
    """Gaps between patches, and a patch as large as the input."""
    with pytest.raises(ValidationError, match="leave gaps: use a stride of 8 or less"):
        Occlusion.create(patch=8, stride=9)
    with pytest.raises(LeukokitError, match="a patch of 32 px covers all of the network's input, 32 x 32 px"):
        explain(Occlusion(), network)
