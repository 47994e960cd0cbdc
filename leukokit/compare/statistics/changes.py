"""Which images two classifiers judge differently, and whether they lie together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from leukokit.evaluation.metrics import Scored


class Kind(StrEnum):
    """What became of an image from the first classifier to the second."""

    RIGHT_TO_WRONG = "right to wrong"
    WRONG_TO_RIGHT = "wrong to right"
    OTHER_WRONG = "wrong to other wrong"


@dataclass(frozen=True)
class Change:
    """One image that the two judge differently.

    Attributes
    ----------
    row : int
        Position among the images.
    kind : Kind
    """

    row: int
    kind: Kind


@dataclass(frozen=True)
class Concentration:
    """The group with the most changed images.

    Attributes
    ----------
    code : int
        The group.
    changed, of : int
        Changed images in it, and in all groups.
    """

    code: int
    changed: int
    of: int

    @property
    def most(self) -> bool:
        """Whether more than half of the changes lie in this one group; said of three changes or more."""
        return self.of >= 3 and self.changed >= 2 and 2 * self.changed > self.of


def changes(first: Scored, second: Scored) -> list[Change]:
    """List the images with another predicted class: losses, then gains, then other mistakes.

    Within a kind those come first in which the wrong class has the highest probability.
    """
    found = []
    for row in np.flatnonzero(first.predicted != second.predicted):
        right = first.predicted[row] == first.true[row], second.predicted[row] == second.true[row]
        kind = Kind.RIGHT_TO_WRONG if right[0] else Kind.WRONG_TO_RIGHT if right[1] else Kind.OTHER_WRONG
        found.append(Change(int(row), kind))
    order = list(Kind)

    def place(change: Change) -> tuple[int, float, int]:
        wrong = first if change.kind is Kind.WRONG_TO_RIGHT else second
        sure = float(wrong.proba[change.row, wrong.predicted[change.row]])
        return order.index(change.kind), -sure, change.row

    return sorted(found, key=place)


def concentration(found: Sequence[Change], codes: NDArray[np.intp]) -> Concentration | None:
    """Find the group with the most changes; None where nothing changed. The first of equals."""
    counts = Counter(int(codes[change.row]) for change in found)
    if not counts:
        return None
    code, changed = min(counts.items(), key=lambda item: (-item[1], item[0]))
    return Concentration(code, changed, len(found))
