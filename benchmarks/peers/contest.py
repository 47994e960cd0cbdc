"""What both sides of a comparison share; imported by our interpreter and by each peer's, so numpy only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = Mapping[str, NDArray[Any]]
"""What a computation gave for one image, by name."""


@dataclass(frozen=True)
class Smear:
    """One image with labels.

    Attributes
    ----------
    name : str
    image : uint8 array, H x W x 3
        Red, green, blue.
    gray : uint8 array, H x W
        leukokit's gray plane, so that both sides measure the same pixels.
    nucleus, cell : int32 array, H x W
        Label images of leukokit's ``kmeans_watershed``, ids 1..n; a cell bears the id of its nucleus.
    expert : uint8 array, H x W, or None
        Nucleus outlined by an expert, 0 or 1.
    """

    name: str
    image: NDArray[np.uint8]
    gray: NDArray[np.uint8]
    nucleus: NDArray[np.int32]
    cell: NDArray[np.int32]
    expert: NDArray[np.uint8] | None = None

    @property
    def largest(self) -> NDArray[np.int32]:
        """The largest nucleus alone: peers measure each object, leukokit all of a region together."""
        areas = np.bincount(self.nucleus.ravel())
        areas[0] = 0
        alone: NDArray[np.int32] = (self.nucleus == areas.argmax()).astype(np.int32)
        return alone


_PARTS = ("image", "gray", "nucleus", "cell", "expert")


@dataclass(frozen=True)
class Material:
    """Everything that is measured on.

    Attributes
    ----------
    template : uint8 array, H x W x 3
        The image whose colors the others take on.
    smears : sequence of Smear
        Images that are compared and timed.
    outlined : sequence of Smear
        Images with an expert's outline, for segmenters only.
    """

    template: NDArray[np.uint8]
    smears: Sequence[Smear]
    outlined: Sequence[Smear] = ()

    def save(self, path: Path) -> None:
        """Write everything into one ``.npz``."""
        arrays: dict[str, NDArray[Any]] = {"template": self.template}
        for group, smears in (("smears", self.smears), ("outlined", self.outlined)):
            arrays[f"{group}.names"] = np.array([smear.name for smear in smears])
            for i, smear in enumerate(smears):
                for part in _PARTS:
                    if getattr(smear, part) is not None:
                        arrays[f"{group}.{i}.{part}"] = getattr(smear, part)
        np.savez(path, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path) -> Material:
        """Read back what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            arrays_by_name = dict(arrays)
        groups = {
            group: [
                Smear(str(name), *(arrays_by_name.get(f"{group}.{i}.{part}") for part in _PARTS))  # type: ignore[arg-type]
                for i, name in enumerate(arrays_by_name[f"{group}.names"])
            ]
            for group in ("smears", "outlined")
        }
        return cls(arrays_by_name["template"], groups["smears"], groups["outlined"])


@dataclass(frozen=True)
class Task:
    """One side's computation, on one image at a time.

    Attributes
    ----------
    run : callable
        Takes what ``prepare`` gave; this is what is timed.
    values : callable
        Makes of the result what is compared.
    prepare : callable
        Puts a Smear into the form that the library takes; not timed.
    """

    run: Callable[[Any], Any]
    values: Callable[[Any], Values]
    prepare: Callable[[Smear], Any] = field(default=lambda smear: smear)


@dataclass(frozen=True)
class Case:
    """One image with what both sides made of it."""

    smear: Smear
    theirs: Values
    ours: Values


@dataclass(frozen=True)
class Contest:
    """One computation that a peer and leukokit both do.

    Attributes
    ----------
    what : str
        Name in the table.
    theirs, ours : callable
        Set up a side's task; called in its own interpreter, so that it imports what it needs. ``ours`` is
        None where leukokit has nothing of the kind.
    agreement : callable
        Says in words and numbers how far the values agree.
    outlined : bool
        Whether the images with an expert's outline are worked on, too.
    """

    what: str
    theirs: Callable[[Material], Task]
    ours: Callable[[Material], Task] | None
    agreement: Callable[[Sequence[Case]], str]
    outlined: bool = False


@dataclass(frozen=True)
class Peer:
    """A distribution, the environment it is installed in, and what it is compared in."""

    distribution: str
    environment: str
    contests: Sequence[Contest]


def nothing_to_compare(cases: Sequence[Case]) -> str:  # noqa: ARG001 - the signature of all agreements
    """Say that leukokit has no such measure."""
    return "leukokit has none; time only"
