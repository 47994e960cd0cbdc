"""The door to components: settings come back, errors get a name, leukokit's own components pass unguarded."""

from __future__ import annotations

import logging
import os
import pickle
import random
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import sklearn

from leukokit.api import Component, ImageRejected, PluginError
from leukokit.engine.components.call import CallPlace, ComponentCall, ComponentFailed, calls_reported
from leukokit.engine.components.origin import is_foreign, origin_of
from leukokit.plugins.preprocess.median import Median


class Foreign(Component):
    """A component of nobody."""


class Inner(Component):
    """Another one."""


def quiet_logger() -> None:
    logging.disable(logging.CRITICAL)
    logging.getLogger().setLevel(1)
    logging.getLogger().addHandler(logging.NullHandler())


CHANGES: list[tuple[Callable[[], object], Callable[[], object]]] = [
    (lambda: np.seterr(all="raise"), np.geterr),
    (lambda: warnings.simplefilter("error"), lambda: list(warnings.filters)),
    (lambda: os.chdir("/"), Path.cwd),
    (lambda: random.seed(1), random.getstate),
    (lambda: np.random.seed(1), lambda: np.random.random()),  # noqa: NPY002 - what plugins do
    (lambda: cv2.setNumThreads(cv2.getNumThreads() + 3), cv2.getNumThreads),
    (lambda: cv2.setUseOptimized(not cv2.useOptimized()), cv2.useOptimized),
    (lambda: sklearn.set_config(assume_finite=True), sklearn.get_config),
    (quiet_logger, lambda: (logging.root.level, list(logging.root.handlers), logging.root.manager.disable)),
    (lambda: setattr(sys, "stdout", None), lambda: sys.stdout),
]


@pytest.mark.parametrize(("change", "look"), CHANGES)
@pytest.mark.parametrize("fails", [False, True])
def test_settings_of_the_process_come_back(
    change: Callable[[], object], look: Callable[[], object], fails: bool
) -> None:
    """Also where the call fails. ``numpy.random`` goes on as if nobody had asked it for numbers."""
    np.random.seed(7)  # noqa: NPY002
    before = look()
    np.random.seed(7)  # noqa: NPY002
    try:
        with ComponentCall(Foreign(), "apply"):
            change()
            if fails:
                raise ValueError("no")
    except ComponentFailed:
        assert fails
    assert look() == before


def test_stdout_belongs_to_results(capsys: pytest.CaptureFixture[str]) -> None:
    with ComponentCall(Foreign(), "apply"):
        print("chatter")
    print("result")
    assert capsys.readouterr() == ("result\n", "chatter\n")


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(0), MemoryError(), StopIteration(3)])
def test_whatever_is_raised_gets_a_name(error: BaseException) -> None:
    """Also after it went to another process."""
    with pytest.raises(ComponentFailed) as caught, ComponentCall(Foreign(), "apply", image="few/1.png"):
        raise error
    assert "Foreign.apply of module" in str(caught.value)
    assert "image few/1.png" in str(caught.value)
    assert caught.value.out_of_memory == isinstance(error, MemoryError)
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert (str(copy), copy.trace) == (str(caught.value), caught.value.trace)


def test_the_end_of_a_generator_is_no_error() -> None:
    with pytest.raises(GeneratorExit), ComponentCall(Foreign(), "fit"):
        raise GeneratorExit


def test_what_leukokit_says_on_purpose_passes() -> None:
    with pytest.raises(ImageRejected, match="too_small"), ComponentCall(Foreign(), "segment"):
        raise ImageRejected("too_small", "2 x 2 px")


def test_a_broken_promise_gets_the_name_of_who_made_it() -> None:
    named = pytest.raises(PluginError, match=r"^Foreign.apply of module .*: returned shape")
    with named, ComponentCall(Foreign(), "apply"):
        raise PluginError("returned shape (2, 2)")


def test_components_of_leukokit_pass_unguarded() -> None:
    """An error of theirs is a bug of leukokit: it keeps its type and traceback."""
    assert not is_foreign(Median())
    with pytest.raises(ValueError, match="no"), ComponentCall(Median(), "apply"):
        raise ValueError("no")


def test_a_foreign_selector_of_a_classifier_is_guarded() -> None:
    named = pytest.raises(ComponentFailed, match=r"Inner in Median.fit of module")
    with named, ComponentCall(Median(), "fit", Inner()):
        raise ValueError("no")


def test_calls_are_told_before_they_are_made() -> None:
    """A process that dies has said where it was."""
    told: list[CallPlace] = []
    with calls_reported(told.append):
        with ComponentCall(Foreign(), "apply", image="x"):
            assert [(place.name, place.method, place.image) for place in told] == [("Foreign", "apply", "x")]
        with ComponentCall(Median(), "apply"):
            pass
    assert len(told) == 1


def test_a_distribution_is_found_by_the_module() -> None:
    """By its plugin, or by its packages; a module of nobody is named itself."""
    assert origin_of("numpy.linalg").name.startswith("numpy ")
    assert origin_of("numpy.linalg").contact.startswith("https://github.com/numpy/numpy/issues")
    assert origin_of("nobody.knows").name == "module nobody.knows"


def component_in(module: str) -> object:
    """Component of a class that a module of that name defines, whose ``fail`` raises there."""
    names: dict[str, object] = {"__name__": module, "Component": Component}
    exec("class One(Component):\n    def fail(self):\n        raise OSError('no')\n", names)
    return names["One"]()  # type: ignore[operator]


def test_of_two_components_of_one_package_the_one_that_failed_is_named() -> None:
    """A classifier and its selectors often come from one distribution."""
    classifier, selector = component_in("pack.classify"), component_in("pack.select")
    for failing, words in ((selector, "One in One.fit"), (classifier, "One.fit")):
        with pytest.raises(ComponentFailed) as caught, ComponentCall(classifier, "fit", selector):
            failing.fail()  # type: ignore[attr-defined]
        assert str(caught.value.where).startswith(words)
