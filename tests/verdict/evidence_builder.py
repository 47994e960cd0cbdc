"""Evidence written by hand: a run that can be trusted, and ways to change it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from leukokit.evaluation.intervals import Groups, proportion
from leukokit.record.audit import AuditFinding, AuditProbe, AuditRecord
from leukokit.record.metrics import Drop, Metrics, Protocol
from leukokit.record.scores import (
    ClassIntervals,
    ClassScores,
    Confusion,
    Interval,
    PartScores,
    ProtocolScores,
    ScoreIntervals,
)
from leukokit.verdict.evidence import Evidence, Separation

CLASSES = ("Benign", "Early", "Pre", "Pro")
CHECKS = ("label_conflicts", "exact_duplicates", "near_duplicates", "across_parts", "stain_spread", "leaks")


def interval(right: int, n: int) -> Interval:
    """Give the 95 % interval of independent images."""
    found = proportion([True] * right + [False] * (n - right), Groups.of(None, n))
    return Interval(low=found.low, high=found.high, method=found.method)


def part_scores(matrix: tuple[tuple[int, ...], ...], *, groups: int | None = None, **more: Any) -> PartScores:
    """Score a part by its confusion matrix; the images are independent."""
    n, right = sum(map(sum, matrix)), sum(row[i] for i, row in enumerate(matrix))
    per_class = {
        name: ClassScores(
            support=sum(row),
            recall=row[i] / sum(row) if sum(row) else None,
            intervals=ClassIntervals(recall=interval(row[i], sum(row)) if sum(row) else None),
        )
        for i, (name, row) in enumerate(zip(CLASSES, matrix, strict=True))
    }
    return PartScores(
        n=n,
        accuracy=right / n,
        intervals=ScoreIntervals(groups=groups or n, accuracy=interval(right, n)),
        per_class=per_class,
        confusion=Confusion(labels=CLASSES, matrix=matrix),
        **more,
    )


def square(right: int, wrong: int, size: int = 4) -> tuple[tuple[int, ...], ...]:
    """Give a confusion matrix: each class is right so often, and called the next class so often."""
    return tuple(
        tuple(right if j == i else wrong if j == (i + 1) % size else 0 for j in range(size))
        for i in range(size)
    )


def probe(name: str, accuracy: float | None = 0.3, level: str = "ok", n: int = 400) -> AuditProbe:
    """Give a probe of four classes of the same size."""
    bounds = Interval() if accuracy is None else interval(round(accuracy * n), n)
    return AuditProbe(
        name=name, level=level, accuracy=accuracy, low=bounds.low, high=bounds.high, chance=0.25
    )


def audit(*findings: AuditFinding, probes: tuple[AuditProbe, ...] = (), level: str = "ok") -> AuditRecord:
    """Give an audit whose checks all pass but those that are given."""
    given = {one.check for one in findings}
    passing = [AuditFinding(check=name, level="ok") for name in CHECKS if name not in given]
    named = {one.name for one in probes}
    others = [probe(name) for name in ("color", "corner", "file", "frame") if name not in named]
    return AuditRecord(level=level, findings=(*findings, *passing), probes=(*probes, *others))


def trusted(**changes: Any) -> Evidence:
    """Give evidence that nothing speaks against, with some of it changed."""
    evidence = Evidence(
        data_set="my_slides",
        images=1200,
        classifier="svm",
        split="kfold",
        metrics=metrics(),
        separation=Separation(kind="patient", groups=60, by_class=dict.fromkeys(CLASSES, 15)),
        audit=audit(),
        rejected=2,
        too_many_rejected=False,
        synthetic=False,
    )
    return replace(evidence, **changes)


def metrics(matrix: tuple[tuple[int, ...], ...] = square(92, 8), **more: Any) -> Metrics:
    """Give scores of a test part."""
    return Metrics(**({"test": part_scores(matrix), "leaks": ()} | more))


def protocol(name: str, accuracy: float | None, drop: float | None) -> Protocol:
    """Give a protocol with its accuracy and the drop against the first."""
    test = None if accuracy is None else ProtocolScores(n=400, accuracy=accuracy)
    return Protocol(name=name, test=test, drop=None if drop is None else Drop(accuracy=drop))
