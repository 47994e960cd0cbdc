"""Rows that a model predicts together: always as many, so that no image's result depends on the others.

A matrix product rounds by the number of its rows: a model that multiplies matrices gives an image other last
digits alone than among hundreds. With blocks of one size the result of an image is the same in a run, one by
one, and after an interruption. Rows of features are cheap, so a short block is filled up. Images are not:
there only the last block of all is shorter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from leukokit.api import Consumes, Examples, Images, RGBImage

FEATURE_ROWS = 64
"""A multiple of the rows that matrix products work on at a time, so that no row is treated as a rest."""
IMAGE_ROWS = 200
"""A multiple of the default batch of networks."""


def block_rows(consumes: frozenset[Consumes]) -> int:
    """Rows that a model predicts together."""
    return IMAGE_ROWS if Consumes.IMAGES in consumes else FEATURE_ROWS


def blocks(examples: Examples, consumes: frozenset[Consumes]) -> Iterator[tuple[Examples, int]]:
    """Cut examples into blocks, each with the number of its rows that count.

    Rows beyond that number repeat the last one.
    """
    size, count = block_rows(consumes), len(examples)
    for start in range(0, count, size):
        block = _rows(examples, start, min(count, start + size))
        used = len(block)
        yield (block if block.images is not None else _filled_up(block, size)), used


def _rows(examples: Examples, start: int, end: int) -> Examples:
    whole = start == 0 and end == len(examples)
    if whole:
        return examples
    return replace(
        examples,
        ids=examples.ids[start:end],
        labels=None if examples.labels is None else examples.labels[start:end],
        groups=None if examples.groups is None else examples.groups[start:end],
        features=None if examples.features is None else examples.features.iloc[start:end],
        images=None if examples.images is None else _Some(examples.images, range(start, end)),
    )


def _filled_up(block: Examples, size: int) -> Examples:
    missing = size - len(block)
    if not missing or block.features is None:
        return block
    rows = [*range(len(block)), *[len(block) - 1] * missing]
    features: pd.DataFrame = block.features.iloc[rows]
    return Examples(ids=[block.ids[row] for row in rows], features=features)


@dataclass(frozen=True)
class _Some:
    """Some of the images, read on access as the others are."""

    images: Images
    rows: Sequence[int]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> RGBImage:
        return self.images[self.rows[index]]

    def __iter__(self) -> Iterator[RGBImage]:
        return (self.images[row] for row in self.rows)
