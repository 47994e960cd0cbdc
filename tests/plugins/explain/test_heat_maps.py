"""What all explainers of images promise: chosen images, targets, heat in 0..1, and honest errors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from leukokit.api import Classifier, DataError, Explainer, Explanation, LeukokitError
from leukokit.plugins.classify.svm import Svm
from leukokit.plugins.explain._heat import evenly_spaced_rows, to_heat
from leukokit.plugins.explain.grad_cam import GradCam
from leukokit.plugins.explain.grad_cam_plus_plus import GradCamPlusPlus
from leukokit.plugins.explain.integrated_gradients import IntegratedGradients
from leukokit.plugins.explain.occlusion import Occlusion
from leukokit.testing.tables import examples

EXPLAINERS: tuple[Explainer, ...] = (
    GradCam(),
    GradCamPlusPlus(),
    IntegratedGradients.create(steps=8),
    Occlusion.create(patch=6, stride=3),
)
every_explainer = pytest.mark.parametrize("explainer", EXPLAINERS, ids=lambda item: type(item).__name__)


@every_explainer
def test_heat_lies_on_what_the_network_looks_for(
    explainer: Explainer, network: Any, spots: Any, explain: Callable[..., Explanation]
) -> None:
    """In images with a blue spot the hottest pixel is in it, and the gray spot beside it stays cold."""
    explanation = explain(explainer, network)
    for name, label in zip(spots.examples.ids, spots.examples.labels, strict=True):
        if label == "blue":
            assert explanation.targets[name] == "blue"
            hottest = np.unravel_index(
                explanation.heat_maps[name].argmax(), explanation.heat_maps[name].shape
            )
            assert spots.spots[name][hottest]
            assert spots.share(explanation, name, grow=5) > 0.7
            assert explanation.heat_maps[name][spots.grays[name]].mean() < 0.1


@every_explainer
def test_maps_have_the_size_of_their_image_and_lie_in_0_to_1(
    explainer: Explainer, network: Any, explain: Callable[..., Explanation]
) -> None:
    """Images are 40 x 48 px, the network takes 32 x 32."""
    explanation = explain(explainer, network)
    assert len(explanation.heat_maps) == len(explanation.targets) == 12
    for heat in explanation.heat_maps.values():
        assert heat.shape == (40, 48)
        assert heat.dtype == np.float64
        assert heat.min() >= 0
        assert heat.max() in (0.0, 1.0)
    assert explanation.table is None
    assert explanation.note


@every_explainer
def test_same_model_and_samples_give_the_same_maps(
    explainer: Explainer, network: Any, explain: Callable[..., Explanation]
) -> None:
    """To the last bit, under any seed."""
    first, second = explain(explainer, network), explain(explainer, network, seed=9)
    assert first.targets == second.targets
    assert first.note == second.note
    for name, heat in first.heat_maps.items():
        assert np.array_equal(heat, second.heat_maps[name])


@every_explainer
def test_a_model_inside_a_model_changes_nothing(
    explainer: Explainer, network: Any, nested_network: Any, explain: Callable[..., Explanation]
) -> None:
    """The same weights, with the convolutions in a model of their own, give the same maps."""
    flat, nested = explain(explainer, network), explain(explainer, nested_network)
    for name, heat in flat.heat_maps.items():
        np.testing.assert_allclose(nested.heat_maps[name], heat, atol=1e-6)


@every_explainer
def test_half_precision_gives_nearly_the_same_maps(
    explainer: Explainer, network: Any, half_network: Any, spots: Any, explain: Callable[..., Explanation]
) -> None:
    """Gradients of pixels are small numbers; float16 must not round them away."""
    full, half = explain(explainer, network), explain(explainer, half_network)
    for name, label in zip(spots.examples.ids, spots.examples.labels, strict=True):
        if label == "blue":
            np.testing.assert_allclose(half.heat_maps[name], full.heat_maps[name], atol=0.1)


@every_explainer
def test_random_weights_give_other_maps(
    explainer: Explainer, network: Any, random_network: Any, spots: Any, explain: Callable[..., Explanation]
) -> None:
    """A map that survives the loss of all that was learnt shows the image, not the model.

    Adebayo et al. 2018, arXiv 1810.03292: rank correlation with the maps of a network of random weights.
    """
    by_label = type(explainer).create(**explainer.params.model_dump() | {"target": "true"})
    learnt, chance = explain(by_label, network), explain(by_label, random_network)
    correlations = [
        spearmanr(learnt.heat_maps[name].ravel(), chance.heat_maps[name].ravel()).statistic
        for name, label in zip(spots.examples.ids, spots.examples.labels, strict=True)
        if label == "blue" and chance.heat_maps[name].any()
    ]
    assert len(correlations) >= 4
    assert np.mean(correlations) < 0.3


@every_explainer
def test_the_network_is_left_as_it_was(
    explainer: Explainer, network: Any, spots: Any, explain: Callable[..., Explanation]
) -> None:
    """Probabilities, weights and layers are those of before."""
    before = network.predict_proba(spots.examples)
    weights = [np.array(item) for item in network.network.get_weights()]
    explain(explainer, network)
    assert np.array_equal(network.predict_proba(spots.examples), before)
    assert all(np.array_equal(a, b) for a, b in zip(weights, network.network.get_weights(), strict=True))
    assert not any("call" in layer.__dict__ for layer in network.network.layers)


def test_true_and_predicted_targets(
    random_network: Any, explain: Callable[..., Explanation], spots: Any
) -> None:
    """``predicted`` explains what the model says, ``true`` the label; a random model says one class only."""
    predicted = explain(GradCam(), random_network)
    proba = random_network.predict_proba(spots.examples)
    said = [random_network.classes[number] for number in proba.argmax(axis=1)]
    assert [predicted.targets[name] for name in spots.examples.ids] == said
    true = explain(GradCam.create(target="true"), random_network)
    assert [true.targets[name] for name in spots.examples.ids] == list(spots.examples.labels)


def test_some_images_of_each_class(network: Any, explain: Callable[..., Explanation]) -> None:
    """Two of six images a class, from the middle of each half; null takes all."""
    explanation = explain(GradCam.create(per_class=2), network)
    assert list(explanation.heat_maps) == ["image-02", "image-03", "image-08", "image-09"]
    assert len(explain(GradCam.create(per_class=None), network).heat_maps) == 12


@given(st.lists(st.sampled_from("abc"), max_size=60), st.integers(1, 20))
def test_chosen_rows_are_spread_evenly(labels: list[str], per_class: int) -> None:
    """Each class gives as many rows as it can, none twice, and gaps differ by one row at most."""
    chosen = evenly_spaced_rows(np.array(labels, dtype=str), per_class)
    assert chosen == sorted(set(chosen))
    for name in set(labels):
        rows = [index for index, label in enumerate(labels) if label == name]
        places = [rows.index(index) for index in chosen if labels[index] == name]
        assert len(places) == min(per_class, len(rows))
        gaps = np.diff(places)
        assert gaps.size == 0 or gaps.max() - gaps.min() <= 1


@given(
    arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(-1e6, 1e6)),
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_heat_of_any_map(evidence: Any, height: int, width: int) -> None:
    """Heat is finite, in 0..1, with its hottest pixel at 1; nothing above 0 stays 0 everywhere."""
    heat = to_heat(evidence, (height, width))
    assert heat.shape == (height, width)
    assert np.isfinite(heat).all()
    assert heat.min() >= 0
    assert heat.max() in (0.0, 1.0)
    if (evidence <= 0).all():
        assert not heat.any()


def test_a_model_of_features_is_refused(explain: Callable[..., Explanation]) -> None:
    """The message says what is needed, and what was given."""
    model = Svm().fit(examples(), seed=0)
    with pytest.raises(
        LeukokitError, match=r"need a network \(leukokit.api.deep.NetworkModel\).*TabularModel"
    ):
        explain(GradCam(), model)


def test_samples_without_images_or_labels_are_refused(
    network: Any, explain: Callable[..., Explanation]
) -> None:
    """Each has its own message; so has a class that the model does not know."""
    with pytest.raises(LeukokitError, match="heat is drawn over images, and there are none"):
        explain(GradCam(), network, images=None)
    with pytest.raises(DataError, match="there are no labels"):
        explain(GradCam(), network, labels=None)
    with pytest.raises(
        DataError, match="image-00: the model has no score for the class 'green', it knows blue, none"
    ):
        explain(GradCam.create(target="true"), network, labels=np.array(["green"] * 12))


def test_numbers_that_are_not_finite_are_refused(network: Any, spots: Any) -> None:
    """A network gone wrong is an error that names the image, not a map of NaN."""
    import keras

    from leukokit.api.deep import NetworkModel

    broken = keras.models.clone_model(network.network)
    broken.set_weights([np.full_like(item, np.nan) for item in broken.get_weights()])
    model = NetworkModel(broken, network.classes, network.side)
    with pytest.raises(LeukokitError, match="image-00: the network gives numbers that are not finite"):
        GradCam.create(target="true").explain(Classifier(), model, spots.examples, seed=0)


def test_listing_explainers_does_not_import_keras() -> None:
    """Keras is imported when a network is explained, not when explainers are loaded."""
    modules = ("grad_cam", "grad_cam_plus_plus", "integrated_gradients", "occlusion")
    code = "\n".join(
        [
            "import sys",
            *(f"import leukokit.plugins.explain.{module}" for module in modules),
            "assert not {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)",
        ]
    )
    subprocess.run([sys.executable, "-c", code], check=True)
