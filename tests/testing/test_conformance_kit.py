"""The conformance kit catches what it says it catches: one broken component a check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leukokit.api import (
    Classifier,
    Component,
    Consumes,
    DataError,
    Examples,
    LeukokitError,
    Params,
    Sample,
    Selector,
    TabularClassifier,
)
from leukokit.testing import Check, component_checks, conformance
from tests.testing.broken_images import broken_features, broken_images, broken_in_common
from tests.testing.broken_tables import broken_datasets, broken_tables
from tests.testing.sound_components import (
    SOUND,
    Invert,
    Two,
)


def broken() -> Iterator[tuple[str, type[Component], str]]:
    yield from broken_in_common()
    yield from broken_images()
    yield from broken_features()
    yield from broken_tables()
    yield from broken_datasets()


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, id=f"{cls.__name__}-{check.id}")
        for cls in SOUND
        for check in component_checks(cls)
        if not (check.id == "fitted_state_is_restored" and cls is Invert)
    ],
)
def test_sound_component_passes(check: Check) -> None:
    """The components that are spoiled below are sound before."""
    check()


@pytest.mark.parametrize(
    ("check_id", "cls", "message"),
    [pytest.param(*case, id=f"{case[0]}-{case[1].__name__}") for case in broken()],
)
def test_broken_component_is_caught(check_id: str, cls: type[Component], message: str) -> None:
    """The check made for a fault fails on it and says what is wrong."""
    check = {check.id: check for check in component_checks(cls)}[check_id]
    with pytest.raises(Exception) as caught:
        check()
    assert message in str(caught.value)


def test_every_check_has_a_broken_component() -> None:
    """No check is without proof that it can fail."""
    all_ids = {check.id for cls in SOUND for check in component_checks(cls)}
    assert all_ids == {check_id for check_id, _, _ in broken()}


def test_checks_take_a_target_and_parameters() -> None:
    """A component can be named by its target, as in a ComponentSpec."""
    checks = list(component_checks("leukokit.plugins.classify.knn:Knn", {"n_neighbors": 3}))
    assert len(checks) == len({check.id for check in checks}) > 10


@conformance(Invert)
def test_decorator_hands_over_one_check_at_a_time(check: Check) -> None:
    """The decorator makes one test id of each check."""
    assert check.id
    check()


@pytest.mark.parametrize("given", [int, Component, Params])
def test_what_is_no_component_is_refused(given: Any) -> None:
    """A class of no kind, or none at all, is a TypeError that says so."""
    with pytest.raises(TypeError, match=r"not a component class|of the component classes; expected"):
        list(component_checks(given))


class Elsewhere(Two):
    """Is kept on another machine."""

    def missing(self) -> str | None:
        return "looked under $LEUKOKIT_DATA; get it with `leukokit data get two`"

    def samples(self) -> Sequence[Sample]:
        raise DataError("two is not here")


class Hues(Classifier):
    """Nearest mean color; learns from images."""

    consumes = frozenset({Consumes.IMAGES})

    def fit(self, train: Examples, validation: Any = None, **_: Any) -> Any:
        if train.labels is None or len(set(train.labels)) < 2:
            raise DataError("needs images of two classes")
        assert train.images is not None
        colors = np.array([image.mean(axis=(0, 1)) for image in train.images])
        classes = sorted(set(train.labels.tolist()))
        return HueModel(classes, np.array([colors[train.labels == name].mean(axis=0) for name in classes]))

    def load(self, folder: Path, **_: Any) -> Any:
        try:
            with np.load(folder / "hues.npz", allow_pickle=False) as stored:
                return HueModel(stored["classes"].tolist(), stored["means"])
        except Exception as error:
            raise LeukokitError("no model of hues") from error

    def estimator_of(self, model: Any) -> Any:
        return model.means


class HueModel:
    def __init__(self, classes: list[str], means: Any) -> None:
        self.classes, self.means = tuple(classes), means

    def predict_proba(self, examples: Examples) -> Any:
        assert examples.images is not None
        colors = np.array([image.mean(axis=(0, 1)) for image in examples.images])
        weights = np.exp(-np.abs(colors[:, None] - self.means[None]).sum(axis=2))
        return weights / weights.sum(axis=1, keepdims=True)

    def save(self, folder: Path) -> None:
        np.savez(folder / "hues.npz", classes=np.array(self.classes), means=self.means)


@pytest.mark.parametrize("cls", [Elsewhere, Hues])
def test_other_sound_components_pass(cls: type[Component]) -> None:
    """A data set that explains its absence passes, and so does a classifier of images."""
    for check in component_checks(cls):
        check()


def test_params_refuse_component_of_two_kinds() -> None:
    """A class that is two kinds at once cannot be checked."""

    class Both(Selector, TabularClassifier):
        """Is two things."""

    with pytest.raises(TypeError, match="derives from 2"):
        list(component_checks(Both))
