"""Groups (patients, slides) whose images lie in several parts of a split."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leukokit.api import Part
from leukokit.evaluation.splits import Fold

_LEARNED: Mapping[Part, frozenset[Part]] = {
    Part.VALIDATION: frozenset({Part.TRAIN}),
    Part.TEST: frozenset({Part.TRAIN, Part.VALIDATION}),  # validation chooses settings and thresholds
}
"""Held-out parts, and the parts that a model is made from before it is asked about them."""


@dataclass(frozen=True, slots=True)
class DividedGroups:
    """What lies in several parts of one fold.

    Attributes
    ----------
    held_out : int
        Images that some fold holds out: for validation or for test.
    known : int
        Those of them that have a group.
    leaked : tuple of str
        Ids of held-out images whose group is also in a part that the model is made from: training, and for
        test images validation. In the order of the folds.
    parts : mapping of group to mapping of Part to int
        Groups that lie in several parts of a fold, sorted, and how many of their images some fold has in each
        part.
    """

    held_out: int
    known: int
    leaked: tuple[str, ...]
    parts: Mapping[str, Mapping[Part, int]]

    @property
    def share(self) -> float:
        """Share of the held-out images that are leaked, 0..1."""
        return len(self.leaked) / self.held_out if self.held_out else 0.0


def divided_groups(folds: Sequence[Fold], groups: Mapping[str, str]) -> DividedGroups:
    """Find the groups whose images lie in several parts of a fold.

    Parameters
    ----------
    folds : sequence of Fold
    groups : mapping of id to group
        Images of unknown group are left out.
    """
    held_out: set[str] = set()
    leaked: dict[str, None] = {}
    counts: dict[str, Counter[Part]] = defaultdict(Counter)
    seen: set[tuple[str, Part]] = set()
    for fold in folds:
        inside = _parts_of_groups(fold, groups)
        for name, part in fold.parts.items():
            group = groups.get(name)
            if part in _LEARNED:
                held_out.add(name)
                if group is not None and inside[group] & _LEARNED[part]:
                    leaked[name] = None
            if group is not None and len(inside[group]) > 1 and (name, part) not in seen:
                seen.add((name, part))
                counts[group][part] += 1
    return DividedGroups(
        held_out=len(held_out),
        known=sum(name in groups for name in held_out),
        leaked=tuple(leaked),
        parts={group: dict(counts[group]) for group in sorted(counts)},
    )


def _parts_of_groups(fold: Fold, groups: Mapping[str, str]) -> Mapping[str, set[Part]]:
    parts: dict[str, set[Part]] = defaultdict(set)
    for name, part in fold.parts.items():
        if name in groups:
            parts[groups[name]].add(part)
    return parts
