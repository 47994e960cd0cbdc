"""Images for which two classifiers predict different classes, and whether most are in one group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from leukokit.evaluation.metrics import Scored


class ChangeKind(StrEnum):
    """How the prediction for an image changes from the first classifier to the second."""

    RIGHT_TO_WRONG = "right to wrong"
    WRONG_TO_RIGHT = "wrong to right"
    OTHER_WRONG = "wrong to other wrong"


@dataclass(frozen=True)
class Change:
    """One image for which the two classifiers predict different classes.

    Attributes
    ----------
    row : int
        Position among the images.
    kind : ChangeKind
    """

    row: int
    kind: ChangeKind


@dataclass(frozen=True)
class Concentration:
    """The group with the most changed images.

    Attributes
    ----------
    code : int
        Number of the group.
    changed, of : int
        Number of changed images in it, and in all groups.
    """

    code: int
    changed: int
    of: int

    @property
    def most(self) -> bool:
        """Whether more than half of the changes are in this group; False below three changes."""
        return self.of >= 3 and self.changed >= 2 and 2 * self.changed > self.of


def changes(first: Scored, second: Scored) -> list[Change]:
    """List the images with different predicted classes, in the order of :class:`ChangeKind`.

    Within a kind, images come first whose wrong class has the highest probability.
    """
    changed = []
    for row in np.flatnonzero(first.predicted != second.predicted):
        right = first.predicted[row] == first.true[row], second.predicted[row] == second.true[row]
        kind = (
            ChangeKind.RIGHT_TO_WRONG
            if right[0]
            else ChangeKind.WRONG_TO_RIGHT
            if right[1]
            else ChangeKind.OTHER_WRONG
        )
        changed.append(Change(int(row), kind))
    order = list(ChangeKind)

    def sort_key(change: Change) -> tuple[int, float, int]:
        wrong = first if change.kind is ChangeKind.WRONG_TO_RIGHT else second
        sure = float(wrong.proba[change.row, wrong.predicted[change.row]])
        return order.index(change.kind), -sure, change.row

    return sorted(changed, key=sort_key)


def concentration(all_changes: Sequence[Change], codes: NDArray[np.intp]) -> Concentration | None:
    """Find the group with the most changes, the first of equals; None where nothing changed."""
    counts = Counter(int(codes[change.row]) for change in all_changes)
    if not counts:
        return None
    code, changed = min(counts.items(), key=lambda item: (-item[1], item[0]))
    return Concentration(code, changed, len(all_changes))
