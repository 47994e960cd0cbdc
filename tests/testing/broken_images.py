"""Broken preprocessors, segmenters and extractors: (failing check, class, part of the message)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
from pydantic import ConfigDict

from leukokit.api import (
    CELL,
    NUCLEUS,
    Component,
    Field,
    Labels,
    Params,
    Planes,
    Status,
)
from tests.testing.sound_components import (
    Brightness,
    Dark,
    Invert,
    Plain,
    Shift,
)


def broken_in_common() -> Iterator[tuple[str, type[Component], str]]:
    class Bare(Params):
        size: int = 3

    class Loose(Params):
        model_config = ConfigDict(frozen=False, extra="allow")
        size: int = Field(3, description="Size.")

    class Forgetful(Params):
        size: int = Field(3, description="Size.", exclude=True)

    class Undescribed(Invert):
        """Has a parameter without a description."""

        Params = Bare

    class Open(Invert):
        """Takes anything."""

        Params = Loose

    class Lossy(Invert):
        """Loses a parameter on the way through JSON."""

        Params = Forgetful

        @classmethod
        def create(cls, **params: Any) -> Any:
            return cls(cls.Params(**({"size": 7} | params)))

    class Silent(Invert): ...

    class Unversioned(Invert):
        """Has a revision in words."""

        revision: ClassVar[Any] = "first"

    class Restless(Invert):
        """Has another fingerprint each time."""

        def fingerprint(self) -> str:
            return uuid.uuid4().hex  # an address may be given out again

    class Bound(Invert):
        """Cannot leave its process."""

        def __reduce__(self) -> Any:
            raise TypeError("cannot pickle 'Bound' object")

    yield "params_are_documented", Undescribed, "without a description: size"
    yield "params_are_frozen", Open, "size can be changed"
    yield "unknown_params_are_rejected", Open, "unknown parameter was accepted"
    yield "params_round_trip_through_json", Lossy, "JSON changes the parameters"
    yield "component_is_documented", Silent, "no docstring"
    yield "revision_is_a_positive_integer", Unversioned, "'first'"
    yield "fingerprint_is_stable", Restless, "differs between two components"
    yield "component_is_picklable", Bound, "cannot pickle"


def broken_images() -> Iterator[tuple[str, type[Component], str]]:
    class Noisy(Invert):
        """Draws without a seed."""

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            return np.random.default_rng().integers(0, 255, image.shape).astype(np.uint8)

    class Shared(Invert):
        """Keeps the image of the call that is going on where other calls see it."""

        current: Any = None

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            import time

            self.current = image
            time.sleep(0.002)
            return 255 - self.current

    class Writer(Invert):
        """Works in place."""

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            if image.flags.writeable:
                image[:5] = 0
            return 255 - image

    class View(Invert):
        """Returns a part of its input."""

        keeps_shape = False

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            return image[1:, 1:]

    class Bytes(Invert):
        """Reads memory in its own order."""

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            return (
                np.sort(image.reshape(-1, 3), axis=0).reshape(image.shape)
                if image.flags.c_contiguous
                else image
            )

    class Float(Invert):
        """Returns 0..1."""

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            return image / 255

    class Crop(Invert):
        """Crops and does not say so."""

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            return image[:, 2:].copy()

    class Divide(Invert):
        """Fails on one color."""

        def apply(self, image: Any, *, rng: Any = None) -> Any:
            if image.std() == 0:
                raise ZeroDivisionError("no contrast")
            return 255 - image

    class Amnesiac(Shift):
        """Forgets what it learnt."""

        def state(self) -> Mapping[str, Any]:
            return {}

    class Mistaken(Shift):
        """Restores something else."""

        def restore(self, state: Mapping[str, Any]) -> None:
            self.mean = state["mean"] + 30

    class OtherRoles(Dark):
        """Promises a role that it does not return."""

        def roles(self) -> tuple[str, ...]:
            return (NUCLEUS, CELL, "red_cell")

    class Wide(Dark):
        """Returns int64."""

        def segment(self, image: Any, *, rng: Any = None) -> Labels:
            labels = super().segment(image)
            return Labels(
                {role: array.astype(np.int64) for role, array in labels.roles.items()}, labels.status
            )  # type: ignore[misc]

    class Optimist(Dark):
        """Always says ok."""

        def segment(self, image: Any, *, rng: Any = None) -> Labels:
            return Labels(super().segment(image).roles, Status.OK)

    class Apart(Dark):
        """Gives nuclei ids of their own."""

        def segment(self, image: Any, *, rng: Any = None) -> Labels:
            labels = super().segment(image)
            return Labels({NUCLEUS: labels.nucleus * 7, CELL: labels.cell}, labels.status)

    yield "output_is_deterministic", Noisy, "another result when called again"
    yield "output_is_the_same_in_threads", Shared, "when threads share it"
    yield "input_is_not_modified", Writer, "modifies its input image"
    yield "input_is_not_modified", View, "writable view of its input"
    yield "read_only_input_is_accepted", Bytes, "another memory layout"
    yield "preprocessor_returns_an_rgb_image", Float, "expected uint8"
    yield "preprocessor_returns_an_rgb_image", Crop, "has keeps_shape"
    yield "preprocessor_handles_odd_images", Divide, "no contrast"
    yield "fitted_state_is_restored", Amnesiac, "its state is empty"
    yield "fitted_state_is_restored", Mistaken, "another result after restore"
    yield "segmenter_returns_the_promised_roles", OtherRoles, "promised"
    yield "segmenter_returns_the_promised_roles", Wide, "expected int32"
    yield "segmenter_handles_odd_images", Optimist, "finds 0 cells and says 'ok'"
    yield "segmenter_shares_cell_ids", Apart, "outside the cell of its id"


def broken_features() -> Iterator[tuple[str, type[Component], str]]:
    class Twice(Plain):
        """Repeats a name."""

        def names(self) -> tuple[str, ...]:
            return ("gray_mean", "gray_mean")

    class Growing(Plain):
        """Learns its names from images."""

        seen = 0

        def names(self) -> tuple[str, ...]:
            return tuple(f"gray_{i}" for i in range(self.seen + 1))

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            self.seen += 1
            return {"gray_0": 1.0}

    class Stranger(Plain):
        """May leave out a feature that it does not have."""

        def nullable(self) -> frozenset[str]:
            return frozenset({"area"})

    class Extra(Plain):
        """Returns more than it promised."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            return {"gray_mean": 1.0, "bonus": 2.0}

    class Gap(Plain):
        """Is NaN without saying so."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            return {"gray_mean": float("nan")}

    class Infinite(Brightness):
        """Divides by the number of cells."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            assert labels is not None
            with np.errstate(divide="ignore"):
                return {"gray_mean": 1.0, "cell_gray_mean": float(np.float64(1) / labels.count)}

    class Peeking(Plain):
        """Reads labels that it did not ask for."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            return {"gray_mean": 0.0 if labels is None else float(labels.count)}

    class Fragile(Plain):
        """Needs a window of 5 x 5."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            return {"gray_mean": float(planes.gray[4, 4])}

    class Unseeded(Plain):
        """Samples pixels without a seed."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            return {"gray_mean": float(np.random.default_rng().normal())}

    class Scribbler(Brightness):
        """Marks the cells that it has counted."""

        def extract(self, planes: Planes, labels: Labels | None = None) -> Mapping[str, float]:
            assert labels is not None
            values = super().extract(planes, labels)
            if labels.cell.flags.writeable:
                labels.cell[:] = 0
            return values

    yield "feature_names_are_fixed", Twice, "repeats the names"
    yield "feature_names_are_fixed", Growing, "names change after the first image"
    yield "nullable_names_are_feature_names", Stranger, "area"
    yield "values_have_the_feature_names", Extra, "bonus"
    yield "values_have_the_feature_names", Gap, "is NaN"
    yield "missing_cells_are_declared", Infinite, "infinite"
    yield "labels_are_optional_without_roles", Peeking, "reads labels"
    yield "extractor_handles_odd_images", Fragile, "out of bounds"
    yield "features_are_deterministic", Unseeded, "other numbers"
    yield "extractor_does_not_modify_input", Scribbler, "writes into the labels cell"
