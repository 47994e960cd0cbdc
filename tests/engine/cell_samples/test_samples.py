"""Cells as samples: where they come from, their names, groups and crops; splits keep images whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from leukokit.api import (
    CELL,
    Box,
    DataError,
    Dataset,
    ImageRejected,
    Labels,
    Part,
    PluginError,
    Region,
    RGBImage,
    Sample,
)
from leukokit.engine.cell_samples.division import rule_for_cells
from leukokit.engine.cell_samples.samples import CellsFound, ask_cells
from leukokit.engine.execution.inline import InlineExecutor
from leukokit.engine.images.plan import ImagePlan, Item
from leukokit.engine.images.stored_images import StoredImages
from leukokit.engine.images.truth import true_labels
from leukokit.engine.io import reading
from leukokit.engine.io.reading import LastImage, ReadOptions, content_keys, pixels
from leukokit.engine.observer import Observer
from leukokit.evaluation.split_rules import BlockSplit, FixedSplit, FoldSplit, RandomSplit
from leukokit.recipe.unit import UnitSetting

OPTIONS = ReadOptions()


def picture(size: tuple[int, int] = (40, 60)) -> RGBImage:
    """Every pixel has a color of its own."""
    rows, columns = np.indices(size, dtype=np.uint8)
    return np.stack([rows, columns, rows + columns], axis=2).astype(np.uint8)


class Fields(Dataset):
    """Images with the boxes or masks that a test gives by id."""

    def __init__(
        self, boxes: Mapping[str, Any] | None = None, masks: Mapping[str, Labels] | None = None
    ) -> None:
        self._boxes, self._masks = boxes or {}, masks or {}
        self.rendered: list[str] = []

    def fingerprint(self) -> str:
        return "fields"

    def boxes(self, sample: Sample) -> Sequence[Box] | None:
        return self._boxes.get(sample.id)

    def truth(self, sample: Sample) -> Labels | None:
        return self._masks.get(sample.id)

    def render(self, sample: Sample) -> RGBImage:
        self.rendered.append(sample.id)
        return picture()


def cells(dataset: Fields, samples: Sequence[Sample], **unit: Any) -> CellsFound:
    setting = UnitSetting(of="cell", **unit)
    return ask_cells(dataset, "fields", samples, setting, InlineExecutor(), Observer())


def test_a_cell_has_the_name_class_group_and_crop_of_its_box() -> None:
    """The margin is a share of the box; without a patient the image is the group."""
    boxes = {"a": [Box(10, 10, 20, 30, "WBC"), Box(30.5, 5, 40, 9, "RBC")], "b": []}
    samples = [Sample("a", pixel_size_um=0.1), Sample("b", group="p")]
    found = cells(Fields(boxes), samples, margin=0.2, labels={"RBC": "red cell"})
    first, second = found.samples
    assert (first.id, first.label, first.group, first.pixel_size_um) == ("a#1", "WBC", "a", 0.1)
    assert first.region == Region("a", 8, 6, 22, 34)
    assert (second.id, second.label, second.region) == ("a#2", "red cell", Region("a", 28, 4, 42, 10))
    assert found.notes == []
    grouped = cells(Fields({"b": [Box(1, 1, 9, 9, "x")]}), samples[1:])
    assert grouped.samples[0].group == "p"


def test_slips_are_left_out_and_told_and_numbers_stay() -> None:
    """One-pixel boxes and boxes outside the image."""
    boxes = [Box(5, 5, 6, 6, "x"), Box(70, 5, 80, 9, "x"), Box(50, 30, 66, 50, "x"), Box(1, 1, 9, 9, "y")]
    found = cells(Fields({"a": boxes}), [Sample("a")], margin=0, classes=["x"])
    assert [(cell.id, cell.region) for cell in found.samples] == [("a#3", Region("a", 50, 30, 60, 40))]
    assert found.notes == [
        "boxes outside their image, left out: 1, the first in a",
        "boxes smaller than 2 x 2 px, left out: 1, the first in a",
        "boxes that reach beyond their image, cut at its border: 1, the first in a",
        "cells of classes that unit.classes does not name, left out: 1",
    ]


def test_cells_of_masks_have_the_class_of_their_image() -> None:
    """Their number is their id in the mask; boxes come first where there are both."""
    mask = np.zeros((40, 60), np.int32)
    mask[2:8, 3:9], mask[20:30, 40:60] = 1, 4
    dataset = Fields(masks={"a": Labels({CELL: mask})}, boxes={"b": [Box(1, 1, 9, 9, "x")]})
    samples = [Sample("a", label="blast"), Sample("b", label="blast"), Sample("c")]
    found = cells(dataset, samples, margin=0)
    assert [(cell.id, cell.label) for cell in found.samples] == [
        ("a#1", "blast"),
        ("a#4", "blast"),
        ("b#1", "x"),
    ]
    assert found.samples[1].region == Region("a", 40, 20, 60, 30)
    assert found.notes == ["images with neither boxes nor a mask, without cells: 1, the first in c"]
    assert [cell.id for cell in cells(dataset, samples, by="boxes").samples] == ["b#1"]


@pytest.mark.parametrize(
    ("boxes", "unit", "said"),
    [
        (None, {}, "data set fields: has no boxes or masks, so nothing says where the cells are"),
        (None, {"by": "masks"}, "has no masks, so nothing"),
        ([], {}, "data set fields: holds no cell"),
        ("x", {"classes": ["RBS"]}, "unit.classes: no cell is of class 'RBS'; the classes are RBC"),
        ("x", {"labels": {"WBC": "white"}}, "unit.labels: no cell is of class 'WBC'; the classes are RBC"),
    ],
)
def test_what_cannot_be_is_told(boxes: Any, unit: Mapping[str, Any], said: str) -> None:
    """A slip in a class name would leave cells out in silence."""
    given = [Box(1, 1, 9, 9, "RBC")] if boxes == "x" else boxes
    with pytest.raises(DataError) as caught:
        cells(Fields({"a": given}), [Sample("a")], **unit)
    assert said in f"{caught.value.where}: {caught.value.what}"


def test_what_is_no_box_is_a_fault_of_the_plugin() -> None:
    """With the place in the answer."""
    with pytest.raises(PluginError, match="item 0 is a tuple, expected leukokit"):
        cells(Fields({"a": [(1, 2, 3, 4)]}), [Sample("a")])


@pytest.mark.parametrize(
    "edges", [(1, 1, 1, 5), (1, 5, 4, 2), (float("nan"), 0, 1, 1), (0, 0, float("inf"), 1)]
)
def test_a_box_has_an_area(edges: tuple[float, float, float, float]) -> None:
    """Where it is made."""
    with pytest.raises(ValueError, match="of a box is"):
        Box(*edges, "WBC")


def region(x0: int, y0: int, x1: int, y1: int, path: Path | None = None) -> Sample:
    return Sample(f"a#{x0}", path=path, region=Region("a", x0, y0, x1, y1))


def test_crops_are_pixels_of_the_image_which_is_decoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is made of file and edges; what reaches beyond the image is cut and told."""
    path = tmp_path / "a.png"
    Image.fromarray(picture()).save(path)
    whole, inner, outer = Sample("a", path=path), region(3, 4, 13, 24, path), region(-5, 30, 10, 99, path)
    dataset = Fields()
    keys = content_keys(dataset, "", [whole, inner, outer], 1)
    assert len(set(keys)) == 3
    decoded = []
    decode = reading.decode_image
    monkeypatch.setattr(reading, "decode_image", lambda *a, **k: decoded.append(1) or decode(*a, **k))
    last = LastImage()
    crop, notes = pixels(dataset, inner, keys[1], OPTIONS, last)
    np.testing.assert_array_equal(crop, picture()[4:24, 3:13])
    assert notes == ()
    cut, notes = pixels(dataset, outer, keys[2], OPTIONS, last)
    np.testing.assert_array_equal(cut, picture()[30:, :10])
    assert notes == ("the crop reaches beyond the image: cut at its border",)
    assert len(decoded) == 1
    beyond = region(60, 0, 70, 9, path)
    (key,) = content_keys(dataset, "", [beyond], 1)
    with pytest.raises(ImageRejected, match="does not lie in a, which is 60 x 40 px"):
        pixels(dataset, beyond, key, OPTIONS)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(ImageRejected, match="changed"):
        pixels(dataset, inner, keys[1], OPTIONS)


def test_a_network_reads_the_crops(tmp_path: Path) -> None:
    """Images of a classifier that consumes images are the cells, in order."""
    path = tmp_path / "a.png"
    Image.fromarray(picture()).save(path)
    samples = [region(3, 4, 13, 24, path), region(30, 0, 50, 9, path)]
    keys = content_keys(Fields(), "", samples, 1)
    given = [Item(i, sample, key) for i, (sample, key) in enumerate(zip(samples, keys, strict=True))]
    images = StoredImages(ImagePlan.of_files(Fields(), OPTIONS, (), None), given)
    assert [image.shape for image in images] == [(20, 10, 3), (9, 20, 3)]
    np.testing.assert_array_equal(images[1], picture()[:9, 30:50])


def test_rendered_images_are_rendered_once_for_all_their_cells() -> None:
    """By the sample of the whole image."""
    dataset, last = Fields(), LastImage()
    for sample in (region(0, 0, 9, 9), region(9, 9, 20, 20)):
        (key,) = content_keys(dataset, "id", [sample], 1)
        pixels(dataset, sample, key, OPTIONS, last)
    assert dataset.rendered == ["a"]


def test_an_image_that_fails_is_never_taken_for_the_one_before() -> None:
    """Not by its second cell either."""

    class Failing(Fields):
        def render(self, sample: Sample) -> RGBImage:
            if sample.id == "b":
                raise ImageRejected("unreadable", "b")
            return super().render(sample)

    dataset, last = Failing(), LastImage()
    pixels(dataset, region(0, 0, 9, 9), "a", OPTIONS, last)
    for _ in range(2):
        with pytest.raises(ImageRejected, match="b"):
            pixels(dataset, Sample("b#1", region=Region("b", 0, 0, 9, 9)), "b", OPTIONS, last)


def items(*groups: str | None) -> list[Item]:
    """Two cells an image."""
    return [
        Item(2 * i + n, Sample(f"{i}#{n}", group=group or f"{i}", region=Region(f"{i}", n, 0, n + 1, 1)), "k")
        for i, group in enumerate(groups)
        for n in (0, 1)
    ]


def test_no_rule_parts_the_cells_of_an_image() -> None:
    """Rules that draw samples one by one draw images; named splits may name images."""
    given = items("p", "p", None)
    by_image = ["0", "0", "1", "1", "2", "2"]
    for rule in (RandomSplit(0.2, 0.2, group=False), BlockSplit(0.2, 0.2, group=False)):
        changed, divided = rule_for_cells(rule, given)
        assert changed == replace(rule, group=True)
        assert [item.sample.group for item in divided] == by_image
    changed, divided = rule_for_cells(FoldSplit(5, "random"), given)
    assert (changed, [item.sample.group for item in divided]) == (FoldSplit(5, "group"), by_image)
    _, divided = rule_for_cells(RandomSplit(0.2, 0.2), given)
    assert [item.sample.group for item in divided] == ["p", "p", "p", "p", "2", "2"]
    fixed, _ = rule_for_cells(FixedSplit("x", {"0": Part.TRAIN, "1#1": Part.TEST}), given)
    assert isinstance(fixed, FixedSplit)
    assert fixed.parts == {"0#0": Part.TRAIN, "0#1": Part.TRAIN, "1#1": Part.TEST}


def test_the_true_masks_of_a_cell_are_cut_out_of_those_of_its_image() -> None:
    """For scores and for the pictures of the report alike: the data set is asked for the image."""
    mask = np.zeros((40, 60), np.int32)
    mask[5:12, 5:15] = 3
    dataset = Fields(masks={"a": Labels({CELL: mask})})
    truth = true_labels(dataset, region(4, 4, 20, 20))
    assert truth is not None
    assert np.array_equal(truth.roles[CELL], mask[4:20, 4:20])
    whole = true_labels(dataset, Sample("a"))
    assert whole is not None
    assert np.array_equal(whole.roles[CELL], mask)
    assert true_labels(dataset, Sample("b")) is None
