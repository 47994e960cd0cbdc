"""How it fails: wrong images, the surest first, and which groups hold most of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.io.pictures import worst_errors
from leukokit.evaluation.error_clusters import ErrorCluster, error_clusters
from leukokit.report.html.estimate import Cell, HtmlTable, count, number
from leukokit.report.html.pictures import Pictures
from leukokit.report.html.text import known

MOST_CARDS = 200
_MOST_ROWS = 1000
_MOST_GROUPS = 10


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong prediction.

    Attributes
    ----------
    p_predicted, p_true : float or None
        Probability of the class it chose, and of the true one.
    """

    id: str
    true: str
    predicted: str
    p_predicted: float | None
    p_true: float | None
    group: str
    fold: str
    address: Markup | None


@dataclass(frozen=True, slots=True)
class Failures:
    """Wrong images of the headline's part.

    Attributes
    ----------
    cards : sequence of Mistake
        The worst, with pictures where the run keeps them.
    more : HtmlTable or None
        The others.
    confusions : sequence of (true, predicted, count)
        The commonest first.
    groups : HtmlTable or None
    stretches : sequence of ErrorCluster
        Where in file order errors stand together.
    pictures_known : bool
        False for runs that keep no pictures.
    """

    part: str
    n: int
    count: int
    cards: Sequence[Mistake]
    more: HtmlTable | None
    left_out: int
    confusions: Sequence[tuple[str, str, int]]
    true_classes: Sequence[str]
    predicted_classes: Sequence[str]
    groups: HtmlTable | None
    groups_note: str
    stretches: Sequence[ErrorCluster]
    pictures_known: bool
    pictures_left_out: int


def failures_of(run: FinishedRun, pictures: Pictures, *, pictures_known: bool) -> Failures | None:
    """List the wrong images of a run; None where nothing was classified."""
    predictions = run.predictions
    part = run.metrics.headline_part
    if predictions is None or part is None or "true" not in predictions:
        return None
    groups = _groups_of(run)
    wrong = worst_errors(predictions, part)
    records = wrong.to_dict("records")
    cards = []
    for row in records[:MOST_CARDS]:
        name = str(row["id"])
        cards.append(
            Mistake(
                id=name,
                true=str(row["true"]),
                predicted=str(row["predicted"]),
                p_predicted=known(row["p_predicted"]),
                p_true=known(row["p_true"]),
                group=groups.get(name, ""),
                fold=str(row["fold"]) if "fold" in row else "",
                address=pictures.address(name),
            )
        )
    rest = records[MOST_CARDS : MOST_CARDS + _MOST_ROWS]
    tally = Counter((str(row["true"]), str(row["predicted"])) for row in records)
    table, note = _group_table(predictions[predictions["part"] == part], groups, run.sample)
    return Failures(
        part=part,
        n=int((predictions["part"] == part).sum()),
        count=len(records),
        cards=cards,
        more=_more(rest, run.sample) if rest else None,
        left_out=max(0, len(records) - MOST_CARDS - _MOST_ROWS),
        confusions=[(a, b, n) for (a, b), n in sorted(tally.items(), key=lambda one: (-one[1], one[0]))],
        true_classes=sorted({a for a, _ in tally}),
        predicted_classes=sorted({b for _, b in tally}),
        groups=table,
        groups_note=note,
        stretches=_stretches(run, predictions[predictions["part"] == part]),
        pictures_known=pictures_known,
        pictures_left_out=pictures.left_out,
    )


def _groups_of(run: FinishedRun) -> dict[str, str]:
    split = run.split
    if split is None or "group" not in split:
        return {}
    return {
        str(name): str(group) for name, group in zip(split["id"], split["group"], strict=True) if str(group)
    }


def _stretches(run: FinishedRun, rows: pd.DataFrame) -> Sequence[ErrorCluster]:
    """Find errors that stand together in file order; an image that is tested twice counts once."""
    split = run.split
    if split is None:
        return ()
    # The split lists the images in file order, and with several folds once in each.
    place = {name: number for number, name in enumerate(dict.fromkeys(split["id"].astype(str)))}
    judged = rows.assign(wrong=rows["true"] != rows["predicted"], id=rows["id"].astype(str))
    once = judged.groupby("id", sort=False).agg(true=("true", "first"), wrong=("wrong", "max"))
    once = once[once.index.isin(place)]
    once = once.iloc[sorted(range(len(once)), key=lambda row: place[str(once.index[row])])]
    return error_clusters(
        once.index.tolist(),
        once["true"].tolist(),
        once["wrong"].tolist(),
        seed=run.resolved.seed or 0,
    )


def _more(rows: Sequence[Mapping[Hashable, Any]], sample: str) -> HtmlTable:
    shown = [
        [
            Cell(str(row["id"]), str(row["id"])),
            Cell(str(row["true"]), str(row["true"])),
            Cell(str(row["predicted"]), str(row["predicted"])),
            number(row["p_predicted"]),
            number(row["p_true"]),
        ]
        for row in rows
    ]
    columns = [sample, "true", "predicted", "its probability", "of the true class"]
    return HtmlTable(columns, shown, f"Further wrong {sample}s")


def _group_table(rows: pd.DataFrame, groups: Mapping[str, str], sample: str) -> tuple[HtmlTable | None, str]:
    """List groups of several images, those with most errors first, and say something of the rest."""
    if not groups or not len(rows):
        return None, ""
    names = [groups.get(str(name), "") for name in rows["id"]]
    wrong = (rows["true"] != rows["predicted"]).tolist()
    sizes = Counter(name for name in names if name)
    errors = Counter(name for name, bad in zip(names, wrong, strict=True) if name and bad)
    several = [name for name, size in sizes.items() if size > 1 and errors[name]]
    several.sort(key=lambda name: (-errors[name], -errors[name] / sizes[name], name))
    alone = sum(count_ for name, count_ in errors.items() if sizes[name] == 1)
    note = ""
    if alone:
        note = f"{alone:,} of {sum(wrong):,} errors are in groups with a single {sample} in this part"
    if not several:
        return None, note
    table_rows = [
        [
            Cell(name, name),
            count(sizes[name]),
            count(errors[name]),
            number(errors[name] / sizes[name]),
        ]
        for name in several[:_MOST_GROUPS]
    ]
    return HtmlTable(
        ["group", f"{sample}s", "errors", "share wrong"], table_rows, "Groups with most errors"
    ), note
