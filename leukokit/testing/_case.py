"""Input of all conformance checks: the component under test and images for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from leukokit.api import Component, Labels, RGBImage
from leukokit.testing.images import disks, solid

T = TypeVar("T")
THREADS = 4


@dataclass(frozen=True)
class Case:
    """A component class, its parameters, and the size of the test images."""

    cls: type[Component]
    params: dict[str, Any] = field(default_factory=dict)
    image_size: int = 96

    @property
    def name(self) -> str:
        """Name of the class, for messages."""
        return self.cls.__name__

    def make(self) -> Any:
        """Create a new component."""
        return self.cls.create(**self.params)

    def smears(self) -> list[tuple[RGBImage, Labels]]:
        """Images with cells, one of them not square."""
        side = self.image_size
        return [
            disks(0, size=side),
            disks(1, size=(side, side + 17), cells=1),
            disks(2, size=side, cells=5),
            disks(3, size=side, cells=2),
        ]

    def odd_images(self) -> list[RGBImage]:
        """Images without content or of a few pixels, which a component processes or rejects."""
        return [
            solid((200, 190, 200), height=self.image_size, width=self.image_size),
            solid((0, 0, 0), height=self.image_size, width=self.image_size),
            solid((255, 255, 255), height=self.image_size, width=self.image_size),
            solid((90, 60, 130), height=1, width=1),
            disks(4, size=2, cells=0)[0],
            disks(5, size=8, cells=0)[0],
            disks(6, size=(3, 64), cells=0)[0],
        ]


def generator() -> np.random.Generator:
    """Return a random generator for a stochastic component, always in the same state."""
    return np.random.default_rng(20)


def in_threads(function: Callable[[Any], T], items: Sequence[Any]) -> list[T]:
    """Apply a function to items from several threads at once, each item three times."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(function, [item for item in items for _ in range(3)]))
