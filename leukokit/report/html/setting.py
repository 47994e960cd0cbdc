"""What was run, and on what."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leukokit.catalog import KINDS
from leukokit.engine.finished_run import FinishedRun
from leukokit.report.html.estimate import Cell, HtmlTable, count
from leukokit.report.html.parts import in_order
from leukokit.report.html.text import short

_MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class ShownComponent:
    """One component of the recipe with its parameters, defaults included."""

    stage: str
    use: str
    params: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Setting:
    """What was run, on what.

    Attributes
    ----------
    counts : HtmlTable or None
        Images by class and part.
    rejected : HtmlTable or None
        Images that were left out, with reasons.
    notes : sequence of str
        What the data set said of its images, such as how folders were read.
    warnings : sequence of str
        What the run warned of, without these notes.
    """

    recipe_text: str
    stages: Sequence[ShownComponent]
    seed: str
    data_set: str
    split: str
    images: int
    folds: int
    synthetic: bool
    counts: HtmlTable | None
    rejected: HtmlTable | None
    reasons: Sequence[tuple[str, int]]
    rejected_count: int
    notes: Sequence[str]
    warnings: Sequence[str]


def setting_of(run: FinishedRun) -> Setting:
    """Read it from a run directory."""
    recipe, data = run.resolved, run.provenance.data
    rejected = run.rejected
    count_rejected = 0 if rejected is None else len(rejected)
    reasons = [] if rejected is None else Counter(rejected["reason"].astype(str)).most_common()
    split = run.split
    notes = (data.notes if data is not None else None) or ()
    warnings = [event.text("text") for event in run.events if event.name == "warning"]
    return Setting(
        recipe_text=run.recipe_text.rstrip(),
        stages=list(_stages(run)),
        seed="" if recipe.seed is None else str(recipe.seed),
        data_set=recipe.data.use if recipe.data is not None else "",
        split=run.split_name,
        images=0 if data is None else data.images or 0,
        folds=1 if split is None or "fold" not in split else split["fold"].nunique(),
        synthetic=bool(run.provenance.synthetic),
        counts=_counts(run),
        rejected=_rejected(run),
        reasons=[(str(name), number) for name, number in reasons],
        rejected_count=count_rejected,
        notes=notes,
        warnings=[text for text in warnings if not text.endswith(notes)],
    )


def _stages(run: FinishedRun) -> Iterator[ShownComponent]:
    for kind in KINDS:
        for component in run.resolved.components(kind.stage):
            yield ShownComponent(kind.stage, component.use, list(_flat(component.params or {})))
    if run.resolved.tune is not None:
        yield ShownComponent("tune", "grid search", list(_flat(run.resolved.tune.plain())))


def _flat(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in params.items():
        if value is None:
            continue
        text = json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else short(value)
        yield str(name), text


def _counts(run: FinishedRun) -> HtmlTable | None:
    """Images by class and part; with several folds of the first one, since each part goes round."""
    split = run.split
    if split is None or not len(split):
        return None
    caption = f"{run.sample.capitalize()}s by class and part"
    if "fold" in split:
        first = split["fold"].iloc[0]
        split = split[split["fold"] == first]
        caption += f", in the first of several folds ({first})"
    labels = sorted(set(split["label"]))
    parts = in_order(split["part"])
    tally = Counter(zip(split["label"], split["part"], strict=True))
    rows = [
        [
            Cell(label, label),
            *(count(tally[label, part]) for part in parts),
            count(sum(tally[label, p] for p in parts)),
        ]
        for label in labels
    ]
    sums = [sum(tally[label, part] for label in labels) for part in parts]
    return HtmlTable(
        ["class", *parts, "all"], rows, caption, [Cell("all"), *map(count, sums), count(sum(sums))]
    )


def _rejected(run: FinishedRun) -> HtmlTable | None:
    table = run.rejected
    if table is None or not len(table):
        return None
    columns = ["id", "stage", "reason", "detail"]
    rows = [
        [Cell(str(row[name]), str(row[name])) for name in columns]
        for _, row in table.head(_MOST_ROWS).iterrows()
    ]
    more = f", the first {_MOST_ROWS} of {len(table):,}" if len(table) > _MOST_ROWS else ""
    return HtmlTable(columns, rows, f"Rejected {run.sample}s{more}")
