"""Integrated gradients: completeness, baselines, and what the note says of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from leukokit.api import Explanation
from leukokit.plugins.explain.integrated_gradients import IntegratedGradients, attributions


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("level", [0.0, 255.0])
def test_shares_sum_to_the_difference_of_scores(
    target: int, level: float, random_network: Any, spots: Any
) -> None:
    """Completeness: with many steps nothing of the score is left over."""
    (image,) = random_network.batch([spots.examples.images[0]])
    baseline = np.full_like(image, level)
    shares, difference = attributions(
        random_network.logits, image, baseline, target, steps=256, batch_size=64
    )
    scores = np.asarray(random_network.logits(np.stack([image, baseline])), np.float64)[:, target]
    assert difference == pytest.approx(scores[0] - scores[1], rel=1e-6)
    assert abs(difference) > 1e-3
    assert shares.sum() == pytest.approx(difference, rel=0.01)


def test_more_steps_come_closer(random_network: Any, spots: Any) -> None:
    """The gap shrinks with the steps, and does not depend on how many points are taken at a time."""
    (image,) = random_network.batch([spots.examples.images[0]])
    baseline = np.zeros_like(image)

    def gap(steps: int, batch_size: int = 64) -> float:
        shares, difference = attributions(
            random_network.logits, image, baseline, 0, steps=steps, batch_size=batch_size
        )
        return abs(float(shares.sum()) - difference)

    assert gap(128) < gap(1)
    assert gap(10, 3) == pytest.approx(gap(10), abs=1e-5)


def test_pixels_like_the_baseline_have_no_share(network: Any, spots: Any) -> None:
    """What does not change on the way cannot have caused anything."""
    (image,) = network.batch([spots.examples.images[0]])
    baseline = image.copy()
    baseline[:, :16] = 255.0
    shares, _ = attributions(network.logits, image, baseline, 0, steps=4, batch_size=4)
    assert not shares[:, 16:].any()
    assert shares[:, :16].any()


@pytest.mark.parametrize("baseline", ["white", "black", "mean"])
def test_note_says_baseline_steps_and_gap(
    baseline: str, network: Any, explain: Callable[..., Explanation]
) -> None:
    """Whoever reads the map learns how complete it is."""
    explanation = explain(IntegratedGradients.create(baseline=baseline, steps=8, per_class=1), network)
    assert explanation.note.startswith(
        f"baseline {baseline}, 8 steps, shares sum to the difference of scores within "
    )


def test_note_asks_for_more_steps_where_they_are_missing(
    random_network: Any, explain: Callable[..., Explanation]
) -> None:
    """One step is too few for a curved score."""
    explanation = explain(IntegratedGradients.create(steps=1), random_network)
    assert "1 step, " in explanation.note
    assert explanation.note.endswith("more steps would close it")
