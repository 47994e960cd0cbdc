"""Who gets whose scale: pooling what images say of their own, without pixels."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from leukokit.api import UNKNOWN_SCALE, Part, Sample, Scale, ScaleSource
from leukokit.engine.images.plan import Item
from leukokit.engine.images.stage import StepCount
from leukokit.engine.scale.find import Scales
from leukokit.engine.scale.stage import OwnScales
from leukokit.recipe.scale import By, ScaleSetting


def red(value: float, confidence: float = 0.8) -> Scale:
    return Scale(value, confidence, ScaleSource.RED_CELLS)


def scales(by: By, own: Mapping[str, Scale]) -> Scales:
    setting = ScaleSetting(by=by, pixel_size_um=None, red_cell_px=None)
    return Scales(setting, OwnScales(own, "key", StepCount()), {}, {})


def items(groups: Mapping[str, str | None]) -> list[Item]:
    return [Item(i, Sample(id=name, group=group), name) for i, (name, group) in enumerate(groups.items())]


def given(found: list[Item]) -> dict[str, Scale]:
    return {item.sample.id: item.scale or UNKNOWN_SCALE for item in found}


PARTS = {"a": Part.TRAIN, "b": Part.TRAIN, "c": Part.VALIDATION, "d": Part.TEST, "e": Part.TEST}


@pytest.mark.parametrize("by", ["auto", "image", "group", "dataset"])
@pytest.mark.parametrize("test_px", [24.0, 90.0])
def test_test_images_have_no_say_in_others(by: By, test_px: float) -> None:
    """Whatever they show, images of training and validation keep their scale."""
    own = {name: red(24.0) for name in "ab"} | {"c": UNKNOWN_SCALE, "d": red(test_px), "e": red(test_px)}
    slides = dict.fromkeys("abcde", "one slide")
    found = given(scales(by, own).given_to(items(slides), PARTS))
    before = given(scales(by, own | {"d": red(40.0), "e": UNKNOWN_SCALE}).given_to(items(slides), PARTS))
    assert {name: found[name] for name in "abc"} == {name: before[name] for name in "abc"}
    if by == "dataset":
        assert found["d"].red_cell_px == pytest.approx(24, rel=0.005)


def test_a_slide_in_the_test_part_is_measured_by_itself() -> None:
    """A slide is one measurement, wherever it lies."""
    own = {name: red(24.0) for name in "abc"} | {"d": red(30.0), "e": red(30.0)}
    groups = {"a": "x", "b": "x", "c": "x", "d": "y", "e": "y"}
    found = given(scales("group", own).given_to(items(groups), PARTS))
    assert found["a"].red_cell_px == pytest.approx(24, rel=0.005)
    assert found["d"].red_cell_px == pytest.approx(30, rel=0.005)


def test_a_weak_image_takes_its_slide_s_scale_before_the_data_set_s() -> None:
    """The slide is nearer; without a slide, a data set of two scales leaves the image its own guess."""
    own = {name: red(24.0) for name in "abcdef"} | {name: red(40.0) for name in "xyz"}
    own["w"] = red(11.0, 0.1)
    groups = dict.fromkeys("abcdef", "one") | dict.fromkeys("xyzw", "two")
    assert given(scales("auto", own).given_to(items(groups)))["w"].red_cell_px == pytest.approx(40, rel=0.005)
    alone = given(scales("auto", own).given_to(items(groups | {"w": None})))["w"]
    assert alone == own["w"]  # two scales in the data set: which is its own, nobody knows


@pytest.mark.parametrize("own", [red(210.0, 0.18), red(2.5, 0.05), Scale(150.0, 0.15, ScaleSource.NUCLEUS)])
def test_an_unsure_image_of_another_magnification_does_not_take_the_scale_of_the_others(own: Scale) -> None:
    """A tenfold magnified photograph among small ones would be told to be ten times as wide as it is."""
    others = dict.fromkeys("abcdef", red(17.0))
    found = given(scales("auto", others | {"x": own}).given_to(items(dict.fromkeys("abcdefx"))))
    assert found["x"] == own
    blank = given(scales("auto", others | {"x": UNKNOWN_SCALE}).given_to(items(dict.fromkeys("abcdefx"))))
    assert blank["x"].red_cell_px == pytest.approx(17, rel=0.005)


def test_images_of_two_scales_keep_their_own_guess() -> None:
    """What is not agreed on is not handed on, and a guess stays a guess."""
    guess = Scale(33.0, 0.15, ScaleSource.NUCLEUS)
    own = {"a": red(20.0), "b": red(20.0), "c": red(40.0), "d": red(40.0), "e": guess}
    assert given(scales("auto", own).given_to(items(dict.fromkeys("abcde"))))["e"] == guess
    crops = dict.fromkeys("abcdefghi", guess) | {"j": red(24.0)}
    found = given(scales("dataset", crops).given_to(items(dict.fromkeys(crops))))
    assert found == crops  # one image in ten does not speak for all
    nothing = dict.fromkeys("abc", guess)
    assert given(scales("dataset", nothing).given_to(items(dict.fromkeys("abc")))) == nothing
