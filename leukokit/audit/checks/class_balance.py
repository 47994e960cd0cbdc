"""Check of class sizes: how unequal they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from leukokit.audit.findings import CheckFinding, CheckTable, Limit, skipped

CHECK = "class_balance"


def class_balance(labels: Sequence[str], limit: Limit) -> CheckFinding:
    """Compare the largest class with the smallest.

    Parameters
    ----------
    labels : sequence of str
        Class of each image.
    limit : Limit
        Limit of the ratio of the largest class size to the smallest.
    """
    counts = Counter(labels)
    if len(counts) < 2:
        return skipped(CHECK, "the data set has one class only", "A classifier needs two or more classes.")
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    (most, many), (least, few) = ordered[0], ordered[-1]
    ratio = many / few
    level = limit.level(ratio)
    share = many / len(labels)
    text = (
        f"A classifier that always predicts {most} has an accuracy of {share:.0%}: use macro F1 and the "
        "recall of each class instead of accuracy, and weight the classes or balance the training part."
        if level.rank > 1
        else f"A classifier that always predicts {most} has an accuracy of {share:.0%}."
    )
    title = (
        f"the largest class has {ratio:.1f} times as many images as the smallest "
        f"({most} {many}, {least} {few})"
    )
    rows = tuple((name, count, round(count / len(labels), 4)) for name, count in ordered)
    return CheckFinding(
        CHECK,
        level,
        title,
        text,
        ratio,
        "ratio",
        limit,
        table=CheckTable(("class", "images", "share"), rows),
    )
