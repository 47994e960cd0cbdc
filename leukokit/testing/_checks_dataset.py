"""Conformance checks for data sets. One that is not on this machine only needs to say so."""

from __future__ import annotations

from itertools import islice

import numpy as np

from leukokit.api import (
    Box,
    DataError,
    Dataset,
    Labels,
    Part,
    RGBImage,
    Sample,
    check_rgb,
    decode_image,
    read_image,
    read_url,
)
from leukokit.testing._case import Case

_CHECKED_SAMPLES = 3


def missing_data_is_explained(case: Case) -> None:
    """A data set that is missing gives a reason, and its ``samples`` raises DataError."""
    dataset: Dataset = case.make()
    reason = _reason(dataset)
    if reason is None:
        return
    assert isinstance(reason, str) and reason.strip(), f"{case.name}.missing() gives no reason"
    try:
        dataset.samples()
    except DataError:
        return
    raise AssertionError(f"{case.name} is missing, and samples() raises no DataError")


def _reason(dataset: Dataset) -> str | None:
    """Why it is missing; it raises where the user named a place that does not hold it."""
    try:
        return dataset.missing()
    except DataError as error:
        return str(error)


def samples_are_stable(case: Case) -> None:
    """Samples have unique ids and are in the same order each time."""
    dataset: Dataset = case.make()
    if _reason(dataset) is not None:
        return
    samples = list(dataset.samples())
    assert samples, f"{case.name} has no samples and raised no DataError"
    assert all(isinstance(sample, Sample) for sample in samples), (
        f"{case.name}.samples() yields objects that are not of type Sample"
    )
    assert len({sample.id for sample in samples}) == len(samples), f"{case.name} repeats a sample id"
    assert samples == list(case.make().samples()), f"{case.name} gives other samples when it is created again"


def images_can_be_read(case: Case) -> None:
    """A sample has a file or is rendered, with the same pixels each time."""
    dataset: Dataset = case.make()
    if _reason(dataset) is not None:
        return
    for sample in islice(dataset.samples(), _CHECKED_SAMPLES):
        if not sample.rendered:
            _read(sample)
            continue
        image = dataset.render(sample)
        check_rgb(image, f"{case.name}.render")
        assert np.array_equal(image, case.make().render(sample)), (
            f"{case.name} renders {sample.id} differently each time"
        )


def _read(sample: Sample) -> RGBImage:
    if sample.url is not None:
        return decode_image(read_url(sample.url), name=sample.id).rgb
    if sample.path is not None:
        return read_image(sample.path)
    raise AssertionError(f"sample {sample.id} has neither a path nor a URL")


def splits_name_existing_samples(case: Case) -> None:
    """Splits name samples of the data set and known parts; the default split is one of them."""
    dataset: Dataset = case.make()
    if _reason(dataset) is not None:
        return
    ids = {sample.id for sample in dataset.samples()}
    splits = dataset.splits()
    for name, parts in splits.items():
        unknown = sorted(set(parts) - ids)
        assert not unknown, f"{case.name}: split {name} has unknown samples: {unknown[:3]}"
        assert set(parts.values()) <= set(Part), f"{case.name}: split {name} has unknown parts"
    default = dataset.default_split()
    assert default is None or default in splits, f"{case.name}: the default split {default!r} does not exist"


def truth_fits_the_image(case: Case) -> None:
    """Truth masks have the size of their image."""
    dataset: Dataset = case.make()
    if _reason(dataset) is not None:
        return
    for sample in islice(dataset.samples(), _CHECKED_SAMPLES):
        truth = dataset.truth(sample)
        if truth is None:
            continue
        assert isinstance(truth, Labels), f"{case.name}.truth returns {type(truth).__name__}, expected Labels"
        image = dataset.render(sample) if sample.rendered else _read(sample)
        for role, array in truth.roles.items():
            assert array.shape == image.shape[:2], (
                f"{case.name}: the {role} mask of {sample.id} has another size"
            )
            assert array.dtype == np.int32, f"{case.name}: the {role} mask of {sample.id} is {array.dtype}"


def boxes_lie_on_the_image(case: Case) -> None:
    """Boxes are of type Box, and not all of them lie outside their image."""
    dataset: Dataset = case.make()
    if _reason(dataset) is not None:
        return
    for sample in islice(dataset.samples(), _CHECKED_SAMPLES):
        boxes = dataset.boxes(sample)
        if not boxes:
            continue
        assert all(isinstance(box, Box) for box in boxes), (
            f"{case.name}.boxes returns objects that are not of type Box"
        )
        height, width = (dataset.render(sample) if sample.rendered else _read(sample)).shape[:2]
        assert any(box.x0 < width and box.y0 < height and box.x1 > 0 and box.y1 > 0 for box in boxes), (
            f"{case.name}: all boxes of {sample.id} lie outside its {width} x {height} px; edges are px, "
            "not shares of the image"
        )


CHECKS = (
    missing_data_is_explained,
    samples_are_stable,
    images_can_be_read,
    splits_name_existing_samples,
    truth_fits_the_image,
    boxes_lie_on_the_image,
)
