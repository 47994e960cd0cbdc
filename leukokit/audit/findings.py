"""Findings of an audit: each check gives one, with a level, a value and the images that it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from leukokit.record.audit import AuditFinding, FindingTable, ImagePair

MOST_LISTED = 200
"""Largest number of pairs or images that a finding lists; the total is given beside them."""

TableCell: TypeAlias = str | int | float | None


class AuditLevel(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"

    @property
    def rank(self) -> int:
        """Order of seriousness: skipped, ok, warn, fail."""
        return _RANKS[self]


_RANKS = {AuditLevel.SKIPPED: 0, AuditLevel.OK: 1, AuditLevel.WARN: 2, AuditLevel.FAIL: 3}


def worst(levels: Sequence[AuditLevel]) -> AuditLevel:
    """Return the most serious of several levels; ``skipped`` for none, since nothing was checked then."""
    return max(levels, key=lambda level: level.rank, default=AuditLevel.SKIPPED)


@dataclass(frozen=True, slots=True)
class Limit:
    """Values from which a finding is a warning or a failure.

    Attributes
    ----------
    warn, fail : float or None
        The smallest value of that level; None where no value has it.
    """

    warn: float | None = None
    fail: float | None = None

    def level(self, value: float) -> AuditLevel:
        """Return the level of a value; larger values are worse."""
        if self.fail is not None and value >= self.fail:
            return AuditLevel.FAIL
        if self.warn is not None and value >= self.warn:
            return AuditLevel.WARN
        return AuditLevel.OK


@dataclass(frozen=True, slots=True)
class CheckTable:
    """A small table that belongs to a finding."""

    columns: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]

    def record(self) -> FindingTable:
        """Give the table as audit.json holds it."""
        return FindingTable(columns=self.columns, rows=self.rows)


@dataclass(frozen=True, slots=True)
class ListedPair:
    """Two images that show the same cells, as a finding lists them.

    Attributes
    ----------
    a, b : str
        Their ids.
    label_a, label_b, part_a, part_b : str or None
    kind : str
        ``exact``, ``near`` or ``overlap``.
    transform : str
        Flip or rotation that turns ``a`` into ``b``; ``identity`` where none is needed.
    inliers : int or None
        Matched keypoints that agree on one transform.
    overlap : float or None
        Common area as a share of the smaller image, 0..1.
    """

    a: str
    b: str
    label_a: str | None
    label_b: str | None
    part_a: str | None
    part_b: str | None
    kind: str
    transform: str
    inliers: int | None
    overlap: float | None

    def record(self) -> ImagePair:
        """Give the pair as audit.json holds it."""
        return ImagePair(
            a=self.a,
            b=self.b,
            label_a=self.label_a,
            label_b=self.label_b,
            part_a=self.part_a,
            part_b=self.part_b,
            kind=self.kind,
            transform=self.transform,
            inliers=self.inliers,
            overlap=None if self.overlap is None else round(self.overlap, 4),
        )


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """Result of one check.

    Attributes
    ----------
    check : str
        Name of the check, such as ``exact_duplicates``.
    level : AuditLevel
    title : str
        One short sentence.
    text : str
        What the result means and what to do, in one to three sentences.
    value : float or None
        The number that decides the level, in ``unit``.
    unit : str
        ``share``, ``count``, ``ratio`` ...
    limit : Limit
    pairs : tuple of ListedPair
        Most important first; only the first ``MOST_LISTED`` are written.
    pair_count : int, optional
        Number of pairs; the length of ``pairs`` where omitted.
    images : tuple of str
        Ids; only the first ``MOST_LISTED`` are written.
    table : CheckTable or None
    """

    check: str
    level: AuditLevel
    title: str
    text: str
    value: float | None = None
    unit: str = "count"
    limit: Limit = Limit()
    pairs: tuple[ListedPair, ...] = ()
    pair_count: int | None = None
    images: tuple[str, ...] = ()
    table: CheckTable | None = None

    def record(self) -> AuditFinding:
        """Give the finding as audit.json holds it."""
        return AuditFinding(
            check=self.check,
            level=self.level.value,
            title=self.title,
            text=self.text,
            value=self.value,
            unit=self.unit,
            warn=self.limit.warn,
            fail=self.limit.fail,
            pairs=tuple(pair.record() for pair in self.pairs[:MOST_LISTED]),
            pair_count=len(self.pairs) if self.pair_count is None else self.pair_count,
            images=self.images[:MOST_LISTED],
            table=None if self.table is None else self.table.record(),
        )


def skipped(check: str, title: str, text: str) -> CheckFinding:
    """Return the finding of a check that could not be made, with the reason."""
    return CheckFinding(check, AuditLevel.SKIPPED, title, text)
