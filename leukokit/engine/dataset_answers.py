"""What the methods of a data set return, checked; a foreign data set is called in an isolated process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leukokit.api import DataError, Dataset, PluginError, Region, Sample
from leukokit.engine.cell_samples.boxes import boxes_of
from leukokit.engine.components.call import ComponentCall
from leukokit.engine.execution.isolation import run_isolated
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.observer import Observer
from leukokit.recipe import Bound

_TEXT = (str, type(None))
_PATH = (Path, type(None))
_TYPES: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("id", (str,), "a str"),
    ("path", _PATH, "a pathlib.Path or None"),
    ("label", _TEXT, "a str or None"),
    ("group", _TEXT, "a str or None"),
    ("mask_path", _PATH, "a pathlib.Path or None"),
    ("url", _TEXT, "a str or None"),
    ("mask_url", _TEXT, "a str or None"),
    ("pixel_size_um", (float, int, type(None)), "a number of um or None"),
    ("region", (Region, type(None)), "a leukokit.api.Region or None"),
)


@dataclass(frozen=True, slots=True)
class DatasetAnswers:
    """What the methods of a data set return.

    Attributes
    ----------
    missing : str or None
        Why it is not on this machine; then nothing else was asked for.
    samples : tuple of Sample
    notes : tuple of str
    """

    missing: str | None
    samples: tuple[Sample, ...] = ()
    notes: tuple[str, ...] = ()


def ask(bound: Bound[Dataset], executor: Executor, observer: Observer) -> DatasetAnswers:
    """Ask a data set for its samples.

    Raises
    ------
    DataError
        Where it is not where the user says it is, is empty, or is inconsistent.
    PluginError
        Where something of a sample has another type than promised, naming sample and field, or two have the
        same id.
    RunFailed
        Where the process of a foreign data set died.
    """
    dataset = bound.component
    try:
        return run_isolated(_answers, dataset, components=(dataset,), executor=executor, observer=observer)
    except DataError as error:
        if error.where is not None:
            raise
        raise DataError(error.what, where=f"data set {bound.use}", hint=error.hint) from error


@dataclass(frozen=True, slots=True)
class TruthRoles:
    """Roles of the objects of which a data set knows the truth.

    Attributes
    ----------
    masks : frozenset of str
        Of the first mask that there is.
    boxes : frozenset of str
        Of the boxes of all images, where there is no mask: an image without a box of one of these roles has
        no such object.
    """

    masks: frozenset[str] = frozenset()
    boxes: frozenset[str] = frozenset()


def roles_of_truth(
    dataset: Dataset, samples: Sequence[Sample], executor: Executor, observer: Observer
) -> TruthRoles:
    """Ask a data set of which roles it knows the truth."""
    return run_isolated(
        _roles, dataset, tuple(samples), components=(dataset,), executor=executor, observer=observer
    )


def _answers(dataset: Dataset, *, observer: Observer) -> DatasetAnswers:  # noqa: ARG001 - given to all such work
    with ComponentCall(dataset, "missing"):
        missing = dataset.missing()
    if missing is not None:
        return DatasetAnswers(missing)
    with ComponentCall(dataset, "samples"):
        samples = checked_samples(dataset.samples())
    with ComponentCall(dataset, "notes"):
        notes = tuple(dataset.notes())
    return DatasetAnswers(None, samples, notes)


def _roles(
    dataset: Dataset,
    samples: Sequence[Sample],
    *,
    observer: Observer,  # noqa: ARG001 - given to all such work
) -> TruthRoles:
    in_boxes: set[str] = set()
    for sample in samples:
        with ComponentCall(dataset, "truth", image=sample.id):
            truth = dataset.truth(sample.whole)
        if truth is not None:
            return TruthRoles(masks=frozenset(truth.roles))
        if sample.region is None:
            in_boxes |= {box.role for box in boxes_of(dataset, sample) or () if box.role is not None}
    return TruthRoles(boxes=frozenset(in_boxes))


def checked_samples(samples: Any) -> tuple[Sample, ...]:
    """Check the samples of a data set: their types, and that no two have the same id.

    Raises
    ------
    PluginError
        Naming the sample and the field.
    """
    if isinstance(samples, str | bytes) or not hasattr(samples, "__iter__"):
        raise PluginError(f"returned {type(samples).__name__}, expected a list of leukokit.api.Sample")
    given = tuple(samples)
    places: dict[str, int] = {}
    for place, sample in enumerate(given):
        if not isinstance(sample, Sample):
            raise PluginError(f"item {place} is a {type(sample).__name__}, expected leukokit.api.Sample")
        for name, types, expected in _TYPES:
            value = getattr(sample, name)
            if not isinstance(value, types) or isinstance(value, bool):
                raise PluginError(
                    f"sample {place} (id {sample.id!r}): {name} is {value!r}, a {type(value).__name__}; "
                    f"expected {expected}"
                )
        _check_traits(sample, place)
        first = places.setdefault(sample.id, place)
        if first != place:
            raise PluginError(f"samples {first} and {place} have the same id {sample.id!r}")
    return given


def _check_traits(sample: Sample, place: int) -> None:
    traits: object = sample.traits
    if isinstance(traits, Mapping) and all(
        isinstance(text, str) and text for pair in traits.items() for text in pair
    ):
        return
    raise PluginError(
        f"sample {place} (id {sample.id!r}): traits is {traits!r}; expected a dict of names and values, both "
        "text that is not empty. Leave out a trait that is not known"
    )
