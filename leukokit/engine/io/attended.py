"""The images that carried the answers of groups (patients, slides), where attention gave the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

MOST_GROUPS = 12
MOST_IMAGES = 4
"""Of a group."""


@dataclass(frozen=True, slots=True)
class AttendedGroup:
    """A group with the images that its answer rests on.

    Attributes
    ----------
    name, true, predicted : str
    probability : float
        Of the class that was predicted.
    fold : str
        Empty with one fold.
    count : int
        All images of the group.
    images : sequence of (id, attention)
        The largest attention first.
    """

    name: str
    true: str
    predicted: str
    probability: float
    fold: str
    count: int
    images: Sequence[tuple[str, float]]


def attended_groups(answers: pd.DataFrame, attention: pd.DataFrame, part: str) -> list[AttendedGroup]:
    """Choose groups to show: wrong answers first, then the others, of each class in turn; the surest first.

    Parameters
    ----------
    answers : DataFrame
        Rows of ``predictions_by_group.csv``.
    attention : DataFrame
        Rows of ``attention.csv``.
    part : str
        Part of the headline.
    """
    keys = ["group", "fold"] if "fold" in answers else ["group"]
    inside = attention[attention["part"] == part]
    images = dict(list(inside.groupby(keys, sort=False)))
    rows = answers[(answers["part"] == part) & answers["predicted"].notna()]
    found = []
    for row in rows.to_dict("records"):
        of_group = images.get(tuple(row[key] for key in keys))
        if of_group is None:
            continue
        first = of_group.sort_values("attention", ascending=False, kind="stable").head(MOST_IMAGES)
        found.append(
            AttendedGroup(
                name=str(row["group"]),
                true=str(row["true"]),
                predicted=str(row["predicted"]),
                probability=float(row.get(f"p_{row['predicted']}", float("nan"))),
                fold=str(row["fold"]) if "fold" in keys else "",
                count=len(of_group),
                images=[
                    (str(name), float(weight))
                    for name, weight in zip(first["id"], first["attention"], strict=True)
                ],
            )
        )
    return _in_turn(found)[:MOST_GROUPS]


def _in_turn(groups: Sequence[AttendedGroup]) -> list[AttendedGroup]:
    surest = sorted(groups, key=lambda group: (-group.probability, group.name, group.fold))
    wrong = [group for group in surest if group.true != group.predicted]
    right = [group for group in surest if group.true == group.predicted]
    rank: dict[str, int] = {}
    place = []
    for group in right:
        rank[group.true] = rank.get(group.true, -1) + 1
        place.append(rank[group.true])
    order = sorted(range(len(right)), key=lambda number: (place[number], right[number].true))
    # Half of the room at most is for errors: what a right answer rests on counts, too.
    kept = wrong[: MOST_GROUPS // 2] if len(right) >= MOST_GROUPS // 2 else wrong
    return [*kept, *(right[number] for number in order)]
