"""How unequal the classes are in number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from leukokit.audit.findings import Finding, Limit, Table, skipped

CHECK = "class_balance"


def class_balance(labels: Sequence[str], limit: Limit) -> Finding:
    """Compare the largest class with the smallest.

    Parameters
    ----------
    labels : sequence of str
        Class of each image.
    limit : Limit
        On the number of images of the largest class for one of the smallest.
    """
    counts = Counter(labels)
    if len(counts) < 2:
        return skipped(CHECK, "there are no two classes to compare", "Nothing can be learned from one class.")
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    (most, many), (least, few) = ordered[0], ordered[-1]
    ratio = many / few
    level = limit.level(ratio)
    share = many / len(labels)
    text = (
        f"A classifier that always says {most} is right in {share:.0%} of cases: look at macro F1 and at "
        "each class's recall rather than accuracy, and weight the classes or balance the training part."
        if level.rank > 1
        else f"A classifier that always says {most} would be right in {share:.0%} of cases."
    )
    title = f"classes differ {ratio:.1f}-fold in size ({most} {many}, {least} {few})"
    rows = tuple((name, count, round(count / len(labels), 4)) for name, count in ordered)
    return Finding(
        CHECK, level, title, text, ratio, "ratio", limit, table=Table(("class", "images", "share"), rows)
    )
