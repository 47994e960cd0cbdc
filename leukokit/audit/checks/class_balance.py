"""Check of class sizes: how unequal they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from leukokit.audit.findings import AuditFinding, FindingTable, Limit, skipped

CHECK = "class_balance"


def class_balance(labels: Sequence[str], limit: Limit) -> AuditFinding:
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
        return skipped(CHECK, "there are no two classes to compare", "Nothing can be learned from one class.")
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
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
    return AuditFinding(
        CHECK,
        level,
        title,
        text,
        ratio,
        "ratio",
        limit,
        table=FindingTable(("class", "images", "share"), rows),
    )
