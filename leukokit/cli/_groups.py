"""Answers for patients or slides, and scores by trait of the images, for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from rich import box
from rich.table import Table

from leukokit.cli._probability_lines import operating_point_line
from leukokit.cli._protocols import with_bounds
from leukokit.cli._terminal import safe
from leukokit.record.groups import GroupScores, SubgroupScores

_SCORES = (("accuracy", "accuracy"), ("macro_f1", "macro F1"), ("auc_ovo", "AUC one-vs-one"))
_CRITERIA = {"log_loss": "log loss", "macro_f1": "macro F1"}


def groups_table(scores: GroupScores) -> Table:
    """Lay out the scores of the answers, each part with its number of patients."""
    table = Table(box=box.SIMPLE, title=f"answers by {scores.unit}", title_justify="left")
    table.add_column("")
    found = {name: scores.part(name) for name in ("validation", "test")}
    parts = {name: part for name, part in found.items() if part is not None}
    for name, part in parts.items():
        table.add_column(f"{name} (n = {part.n})", justify="right")
    for key, shown in _SCORES:
        table.add_row(shown, *(with_bounds(part, key) for part in parts.values()))
    return table


def group_lines(scores: GroupScores) -> Iterator[str]:
    """Say how images became answers, the operating point of the test part, and what else to know."""
    counts = Counter(each.way for each in scores.ways.values())
    folds = len(scores.ways)
    ways = ", ".join(
        f"{way} in {n} of {folds} folds" if folds > 1 else way for way, n in counts.most_common()
    )
    if scores.chosen_by is not None:
        ways += f" (chosen on validation by {_CRITERIA.get(scores.chosen_by, scores.chosen_by)})"
    yield f"images combined by: {safe(ways)}"
    if scores.test is not None and scores.test.operating_point is not None:
        yield operating_point_line(scores.test.operating_point)
    for note in scores.notes:
        yield f"note: {safe(note)}"


def subgroup_table(trait: str, scores: SubgroupScores) -> Table:
    """Lay out the accuracy for each value of a trait, and below it the largest gap."""
    part = scores.part or "test"
    gap = scores.gap
    caption = None
    if gap is not None and gap.value is not None and gap.low is not None and gap.high is not None:
        caption = (
            f"largest gap: {gap.value:.3f} [{gap.low:.3f}, {gap.high:.3f}], {safe(str(gap.best))} above "
            f"{safe(str(gap.worst))}"
        )
    elif gap is not None and gap.value is not None:
        caption = (
            f"largest gap: {gap.value:.3f} [cannot tell], {safe(str(gap.best))} above {safe(str(gap.worst))}"
        )
    if caption is not None and scores.spread is not None:
        caption += f"; standard deviation {scores.spread:.3f}"
    table = Table(
        box=box.SIMPLE,
        title=f"by {safe(trait)} ({part} part)",
        title_justify="left",
        caption=caption,
        caption_justify="left",
    )
    table.add_column("", overflow="fold")
    for name in ("n", "groups", "accuracy", "macro F1"):
        table.add_column(name, justify="right", no_wrap=True)
    for value, one in scores.values.items():
        groups = "-" if one.intervals is None else str(one.intervals.groups)
        shown = (with_bounds(one, key, gap=" ") for key in ("accuracy", "macro_f1"))
        table.add_row(safe(value), str(one.n), groups, *shown)
    if scores.unknown:
        table.add_row("(not known)", str(scores.unknown), "", "", "")
    return table


def subgroup_tables(subgroups: Mapping[str, SubgroupScores]) -> list[Table]:
    """Lay out every trait."""
    return [subgroup_table(trait, scores) for trait, scores in subgroups.items()]
