"""Which images an overlay sheet shows: of each class the worst, the most unusual and typical ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukokit.api import CELL, NUCLEUS, Labels, Status

MOST = 16
MOST_A_CLASS = 4
_ORDER = (Status.IMPLAUSIBLE, Status.NO_CELL, Status.ALL_TOUCH_BORDER)
_MANY_FAIL = 0.25
"""Share of failures in a class from which two of them are shown."""
STATISTICS = ["cells", "area", "nc"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """An image of the sheet.

    Attributes
    ----------
    id : str
    label : str
        Its class; empty where it has none.
    reason : str
        Why it was chosen, such as ``lowest Dice``.
    detail : str
        The numbers behind it, such as ``Dice .48 nucleus, .98 cell``; empty for typical ones.
    """

    id: str
    label: str
    reason: str
    detail: str = ""


def label_statistics(labels: Labels) -> dict[str, float]:
    """Take simple numbers of one segmentation, by which an image is typical of its class or is not.

    Returns
    -------
    dict
        ``cells``: number of white cells; ``area``: share of the image that they cover, 0..1; ``nc``: area of
        nuclei over area of cells, NaN where there is no cell.
    """
    cell = labels.roles.get(CELL, labels.roles.get(NUCLEUS))
    if cell is None:
        return {"cells": 0.0, "area": 0.0, "nc": np.nan}
    nucleus = labels.roles.get(NUCLEUS, cell)
    area = np.count_nonzero(cell)
    ratio = np.count_nonzero(nucleus) / area if area else np.nan
    return {"cells": float(labels.count), "area": area / max(1, cell.size), "nc": ratio}


def choose(
    classes: Mapping[str, str],
    status: Mapping[str, Status],
    masks: pd.DataFrame | None,
    statistics: Callable[[Sequence[str]], pd.DataFrame],
) -> list[Chosen]:
    """Choose at most 16 images, as many of each class, the worst of a class first.

    Where expert masks score a class, its images of lowest and of median Dice are shown; otherwise failures,
    the most unusual segmentations, and those nearest to the medians of the class.

    Parameters
    ----------
    classes : mapping of str to str
        Class of every image that came through, by id, in data set order; empty for unlabeled ones.
    status : mapping of str to Status
    masks : DataFrame or None
        Rows of ``masks.csv``, indexed by id.
    statistics : callable
        Gives :func:`label_statistics` of some images, one row an id, those left out that it cannot tell;
        asked once, with the images of classes that masks do not score.
    """
    by_class: dict[str, list[str]] = {}
    for name, label in classes.items():
        by_class.setdefault(label, []).append(name)
    names = sorted(by_class)[:MOST]
    share = min(MOST_A_CLASS, max(1, MOST // max(1, len(names))))
    masks = pd.DataFrame() if masks is None else masks
    dice = _dice(masks)
    scored = {name: [id_ for id_ in by_class[name] if id_ in dice.index] for name in names}
    unscored = [id_ for name in names if not scored[name] for id_ in by_class[name]]
    numbers = statistics(unscored) if unscored else pd.DataFrame(columns=STATISTICS)
    chosen: list[Chosen] = []
    for name in names:
        if scored[name]:
            chosen += _by_dice(name, dice.loc[scored[name]], masks, share)
        else:
            chosen += _by_look(name, by_class[name], status, numbers, share)
    return chosen


def _dice(masks: pd.DataFrame) -> pd.Series:
    """Mean Dice of nucleus and cell, as far as they are scored."""
    columns = [f"{role}_dice" for role in (NUCLEUS, CELL) if f"{role}_dice" in masks]
    return masks[columns].mean(axis=1).dropna()


def _by_dice(label: str, dice: pd.Series, masks: pd.DataFrame, share: int) -> list[Chosen]:
    """Lowest first, then the middle; of four the two lowest, a quarter up and the median."""
    ranked = dice.sort_values(kind="stable").index.tolist()
    n = len(ranked)
    if n == 1:
        return [Chosen(ranked[0], label, "the only one", _both(masks.loc[ranked[0]]))]
    places = [("lowest", 0), ("median", n // 2), ("second lowest", 1), ("lower quartile of", n // 4)][:share]
    chosen: dict[str, Chosen] = {}
    for words, place in sorted(places, key=lambda one: one[1]):
        if place < n and ranked[place] not in chosen:
            name = ranked[place]
            chosen[name] = Chosen(name, label, f"{words} Dice", _both(masks.loc[name]))
    return list(chosen.values())


def _both(row: pd.Series) -> str:
    values = [(role, row.get(f"{role}_dice", np.nan)) for role in (NUCLEUS, CELL)]
    return "Dice " + ", ".join(f"{_short(value)} {role}" for role, value in values if not np.isnan(value))


def _by_look(
    label: str, ids: Sequence[str], status: Mapping[str, Status], numbers: pd.DataFrame, share: int
) -> list[Chosen]:
    failures = _failures(label, ids, status)
    many = share > 3 and len(failures) > _MANY_FAIL * len(ids)
    known = [id_ for id_ in ids if id_ in numbers.index and status.get(id_, Status.OK) is Status.OK]
    group = numbers.loc[known]
    distance = _distances(group)
    farthest = distance.max(axis=1)
    # Where all are alike there is no unusual image.
    ranked = farthest[farthest > 0].sort_values(ascending=False, kind="stable").index
    unusual = [_unusual(str(name), label, distance.loc[name], group) for name in ranked[:share]]
    typical = [
        Chosen(str(name), label, "typical")
        for name in distance.mean(axis=1).sort_values(kind="stable").index[: share + 1]
    ]
    first = failures[: 2 if many else 1]
    first += unusual[: max(0, share // 2 - len(first))] if len(known) > 2 else []
    chosen: dict[str, Chosen] = {}
    for choice in [*first, *typical, *failures]:
        if len(chosen) < share:
            chosen.setdefault(choice.id, choice)
    failed = {failure.id for failure in failures}
    return sorted(chosen.values(), key=lambda choice: choice.id not in failed)


def _failures(label: str, ids: Sequence[str], status: Mapping[str, Status]) -> list[Chosen]:
    """One failure of each kind, then the others: the middle one in order stands for its kind."""
    first, more = [], []
    for kind in _ORDER:
        failed = [id_ for id_ in ids if status.get(id_) is kind]
        why = f"{len(failed):,} of {len(ids):,} end like this"
        middle = len(failed) // 2
        first += [Chosen(id_, label, why) for id_ in failed[middle : middle + 1]]
        more += [Chosen(id_, label, why) for id_ in [*failed[:middle], *failed[middle + 1 :]]]
    return [*first, *more]


def _distances(numbers: pd.DataFrame) -> pd.DataFrame:
    """Distance of every number from its median, in median absolute deviations or tenths of the median."""
    values = numbers.astype(np.float64)
    center = values.median()
    deviation = (values - center).abs().median().clip(lower=center.abs() * 0.1 + 1e-9)
    return ((values - center).abs() / deviation).fillna(0.0)


def _unusual(name: str, label: str, distance: pd.Series, group: pd.DataFrame) -> Chosen:
    """Say what is unusual: the number that is farthest off, and its median."""
    farthest = str(distance.idxmax())
    shown, middle = float(group[farthest][name]), float(group[farthest].median())
    detail = {
        "cells": f"class median {middle:,.0f}",
        "area": f"area {shown:.0%}, class median {middle:.0%}",
        "nc": f"N/C {_short(shown)}, class median {_short(middle)}",
    }
    return Chosen(name, label, "unusual", detail[farthest])


def _short(value: float) -> str:
    """``.61``; ``1.00`` only where it is that much."""
    return f"{value:.2f}".removeprefix("0")
