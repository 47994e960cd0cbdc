"""What an audit says: one finding a check, with its level, its number and the images that show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from leukokit.record.audit import AuditFinding, FindingTable, ImagePair

MOST_LISTED = 200
"""Pairs or images a finding lists; their whole number is told beside."""

Cell: TypeAlias = str | int | float | None


class Level(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"

    @property
    def rank(self) -> int:
        """Order of seriousness: skipped, ok, warn, fail."""
        return _RANKS[self]


_RANKS = {Level.SKIPPED: 0, Level.OK: 1, Level.WARN: 2, Level.FAIL: 3}


def worst(levels: Sequence[Level]) -> Level:
    """Give the most serious of several levels; skipped where nothing was looked at, for that is no praise."""
    return max(levels, key=lambda level: level.rank, default=Level.SKIPPED)


@dataclass(frozen=True, slots=True)
class Limit:
    """From which value on a finding is a warning, and from which a failure.

    Attributes
    ----------
    warn, fail : float or None
        The value itself already counts; None for never.
    """

    warn: float | None = None
    fail: float | None = None

    def level(self, value: float) -> Level:
        """Judge a value: the larger, the worse."""
        if self.fail is not None and value >= self.fail:
            return Level.FAIL
        if self.warn is not None and value >= self.warn:
            return Level.WARN
        return Level.OK


@dataclass(frozen=True, slots=True)
class Table:
    """A small table that belongs to a finding."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def record(self) -> FindingTable:
        """Give the table as audit.json holds it."""
        return FindingTable(columns=self.columns, rows=self.rows)


@dataclass(frozen=True, slots=True)
class ListedPair:
    """Two images that are more alike than two pictures of different cells, as a finding lists them.

    Attributes
    ----------
    a, b : str
        Their ids.
    label_a, label_b, part_a, part_b : str or None
    kind : str
        ``exact``, ``near`` or ``overlap``.
    transform : str
        Which flip or turn of ``a`` gives ``b``; ``identity`` where none is needed.
    inliers : int or None
        Matched points that agree on one motion.
    overlap : float or None
        Share of the smaller view that both show, 0..1.
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
class Finding:
    """What one check found.

    Attributes
    ----------
    check : str
        Slug of the check, such as ``exact_duplicates``.
    level : Level
    title : str
        One short sentence.
    text : str
        What it means and what to do, in one to three sentences.
    value : float or None
        The number that the level was judged by, in ``unit``.
    unit : str
        ``share``, ``count``, ``ratio`` ...
    limit : Limit
    pairs : tuple of ListedPair
        Most telling first; only the first ``MOST_LISTED`` are written.
    pair_count : int, optional
        Number of pairs; as many as are given where omitted.
    images : tuple of str
        Ids; only the first ``MOST_LISTED`` are written.
    table : Table or None
    """

    check: str
    level: Level
    title: str
    text: str
    value: float | None = None
    unit: str = "count"
    limit: Limit = Limit()
    pairs: tuple[ListedPair, ...] = ()
    pair_count: int | None = None
    images: tuple[str, ...] = ()
    table: Table | None = None

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


def skipped(check: str, title: str, text: str) -> Finding:
    """Say that a check could not be made, and why."""
    return Finding(check, Level.SKIPPED, title, text)
