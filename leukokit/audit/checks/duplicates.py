"""Checks of pairs of images that show the same cells: duplicates, label conflicts, leaks across parts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from leukokit.audit.findings import CheckFinding, CheckTable, Limit, ListedPair, TableCell, skipped
from leukokit.audit.pairs.pair import MatchedPair, PairKind, connected_groups

TRAIN = "train"

SAME_CENTER = 0.5
"""Two views that have this share of the smaller one in common show the same center, and so the same cell."""

_KINDS = tuple(PairKind)  # exact, near, overlap: the most serious first


@dataclass(frozen=True, slots=True)
class AuditedImages:
    """Id, label and part of each image; pairs refer to their rows.

    Attributes
    ----------
    ids : sequence of str (n,)
    labels : sequence of str or None (n,)
    parts : sequence of str or None (n,)
        ``train``, ``validation``, ``test``; None for images in no part. In cross-validation, the name of the
        fold in which the image is tested; then none is ``train``.
    """

    ids: Sequence[str]
    labels: Sequence[str | None]
    parts: Sequence[str | None]

    def labels_differ(self, pair: MatchedPair) -> bool:
        """Whether the two images have different labels."""
        a, b = self.labels[pair.a], self.labels[pair.b]
        return a is not None and b is not None and a != b

    def crosses_split(self, pair: MatchedPair) -> bool:
        """Whether one image is in training while the other is held out."""
        return self.leaks(pair.a, pair.b) or self.leaks(pair.b, pair.a)

    def leaks(self, held_out: int, trained: int) -> bool:
        """Whether the first image is held out in a fold whose training part has the second."""
        a, b = self.parts[held_out], self.parts[trained]
        if a is None or b is None or a == TRAIN:
            return False
        return b == TRAIN if TRAIN in self.parts else a != b

    def listed(self, pair: MatchedPair) -> ListedPair:
        """Return the pair as a finding lists it."""
        a, b = pair.a, pair.b
        return ListedPair(
            a=self.ids[a],
            b=self.ids[b],
            label_a=self.labels[a],
            label_b=self.labels[b],
            part_a=self.parts[a],
            part_b=self.parts[b],
            kind=pair.kind.value,
            transform=pair.transform,
            inliers=pair.inliers,
            overlap=pair.overlap,
        )


def exact_duplicates(pairs: Sequence[MatchedPair], images: AuditedImages, limit: Limit) -> CheckFinding:
    """Count the pairs of images with the same bytes or pixels.

    Parameters
    ----------
    pairs : sequence of MatchedPair
        Of any kind.
    images : AuditedImages
    limit : Limit
        Of their number.
    """
    return _duplicates(
        "exact_duplicates",
        [pair for pair in pairs if pair.kind is PairKind.EXACT],
        images,
        limit,
        noun="exact copy",
        plural="exact copies",
        advice="A copy adds no information but counts in every score: keep one file of each.",
    )


def near_duplicates(pairs: Sequence[MatchedPair], images: AuditedImages, limit: Limit) -> CheckFinding:
    """Count the pairs of images that are one picture, re-encoded, resized, flipped or rotated.

    Parameters
    ----------
    pairs : sequence of MatchedPair
        Of any kind.
    images : AuditedImages
    limit : Limit
        Of their number.
    """
    return _duplicates(
        "near_duplicates",
        [pair for pair in pairs if pair.kind is PairKind.NEAR],
        images,
        limit,
        noun="near-duplicate",
        plural="near-duplicates",
        advice="For a model they are the same image: keep one, or put both into one group of the split.",
    )


def label_conflicts(pairs: Sequence[MatchedPair], images: AuditedImages, limit: Limit) -> CheckFinding:
    """Count the pairs of images that show the same cell and have two labels.

    Parameters
    ----------
    pairs : sequence of MatchedPair
        Of any kind. Of overlapping views, those count that have at least ``SAME_CENTER`` of the smaller view
        in common: with less, each may have its labeled cell outside the common area.
    images : AuditedImages
    limit : Limit
        Of their number.
    """
    differing = [pair for pair in pairs if images.labels_differ(pair)]
    conflicts = [pair for pair in differing if _shows_same_cell(pair)]
    rest = len(differing) - len(conflicts)
    more = (
        f" {_many(rest, 'further pair')} of classes overlap by less than {SAME_CENTER:.0%}: they come from "
        "one smear, but may show different cells."
        if rest
        else ""
    )
    if not conflicts:
        title = "no cell has two labels"
        text = f"No image is a copy of one in another class, or shows half of it or more.{more}"
    else:
        title = f"{_many(len(conflicts), 'pair')} of images of the same cell with two labels"
        kinds = Counter(pair.kind for pair in conflicts)
        counts = ", ".join(f"{kinds[kind]} {kind.value}" for kind in _KINDS)
        text = (
            f"{counts}. At least one label of each pair is wrong: check both images and correct the label, "
            f"or remove them.{more}"
        )
    return _finding("label_conflicts", conflicts, images, limit, title, text)


def _shows_same_cell(pair: MatchedPair) -> bool:
    return pair.kind is not PairKind.OVERLAP or (pair.overlap or 0.0) >= SAME_CENTER


def across_parts(pairs: Sequence[MatchedPair], images: AuditedImages, limit: Limit) -> CheckFinding:
    """Compute the share of held-out images that have a copy or an overlapping view in training.

    Parameters
    ----------
    pairs : sequence of MatchedPair
        Of any kind.
    images : AuditedImages
    limit : Limit
        Of the share, 0..1.

    Returns
    -------
    CheckFinding
        Skipped where nothing is held out. The table counts the images of each part by kind of pair.
    """
    check = "across_parts"
    held_out = [row for row, part in enumerate(images.parts) if part is not None and part != TRAIN]
    if not held_out or len(set(images.parts) - {None}) < 2:
        return skipped(
            check,
            "no image is held out",
            "Give the recipe a split to see whether its parts show the same cells.",
        )
    leaked: dict[int, PairKind] = {}
    for pair in [*pairs, *_copies_across(pairs, images)]:
        for row, other in ((pair.a, pair.b), (pair.b, pair.a)):
            if images.leaks(row, other):
                leaked[row] = min(leaked.get(row, pair.kind), pair.kind, key=_KINDS.index)
    share = len(leaked) / len(held_out)
    across = [pair for pair in pairs if images.crosses_split(pair)]
    if not leaked:
        title = "no held-out image shows cells of the training part"
        text = "No image of the held-out parts is a copy or an overlapping view of one in training."
    else:
        title = f"{share:.1%} of held-out images show cells that are also in the training part"
        counts = ", ".join(f"{sum(k is kind for k in leaked.values())} {kind.value}" for kind in _KINDS)
        text = (
            f"{_many(len(leaked), 'image')} of {len(held_out)} ({counts}) with a copy or an overlapping view "
            "in training: their scores do not apply to new smears. Split by patient or slide, or by the "
            "groups that the audit exports, and report that score."
        )
    return _finding(
        check,
        across,
        images,
        limit,
        title,
        text,
        value=share,
        unit="share",
        table=_by_part(images, held_out, leaked),
    )


def by_importance(pairs: Sequence[MatchedPair], images: AuditedImages) -> list[MatchedPair]:
    """Sort pairs: different labels first, then different parts, then the more similar."""

    def rank(pair: MatchedPair) -> tuple[object, ...]:
        return (
            not images.labels_differ(pair),
            not images.crosses_split(pair),
            _KINDS.index(pair.kind),
            -(pair.overlap or 0.0),
            -(pair.inliers or 0),
            pair.a,
            pair.b,
        )

    return sorted(pairs, key=rank)


def _duplicates(
    check: str,
    duplicates: list[MatchedPair],
    images: AuditedImages,
    limit: Limit,
    *,
    noun: str,
    plural: str,
    advice: str,
) -> CheckFinding:
    if not duplicates:
        return _finding(check, duplicates, images, limit, f"no {plural}", f"No two images are {plural}.")
    across_classes = sum(map(images.labels_differ, duplicates))
    apart = sum(map(images.crosses_split, duplicates))
    copies = len({row for pair in duplicates for row in (pair.a, pair.b)})
    where = f"{len(duplicates) - across_classes} within a class, {across_classes} across classes"
    if any(part is not None for part in images.parts):
        where += f"; {apart} with one image in training and the other held out"
    title = f"{_many(len(duplicates), 'pair')} of {plural}"
    text = f"{copies} images are {'an' if noun[0] in 'aeiou' else 'a'} {noun} of another: {where}. {advice}"
    return _finding(check, duplicates, images, limit, title, text)


def _finding(
    check: str,
    shown: list[MatchedPair],
    images: AuditedImages,
    limit: Limit,
    title: str,
    text: str,
    *,
    value: float | None = None,
    unit: str = "count",
    table: CheckTable | None = None,
) -> CheckFinding:
    number = float(len(shown)) if value is None else value
    return CheckFinding(
        check=check,
        level=limit.level(number) if shown else limit.level(0.0),
        title=title,
        text=text,
        value=number,
        unit=unit,
        limit=limit,
        pairs=tuple(images.listed(pair) for pair in by_importance(shown, images)),
        table=table,
    )


def _copies_across(pairs: Sequence[MatchedPair], images: AuditedImages) -> list[MatchedPair]:
    """Exact pairs across parts that are implied by others: of many copies, not every pair is stored."""
    exact = [pair for pair in pairs if pair.kind is PairKind.EXACT]
    members: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(connected_groups(len(images.ids), exact).tolist()):
        members[group].append(row)
    copies = []
    for rows in members.values():
        first: dict[str | None, int] = {}
        for row in rows:
            first.setdefault(images.parts[row], row)
        # One copy in each part is enough to find which parts the other copies reach.
        pairs_to = [(row, other) for row in rows for other in first.values() if row != other]
        copies += [MatchedPair(min(pair), max(pair), PairKind.EXACT) for pair in pairs_to]
    return copies


def _by_part(images: AuditedImages, held_out: Sequence[int], leaked: dict[int, PairKind]) -> CheckTable:
    rows: list[tuple[TableCell, ...]] = []
    for part in sorted({images.parts[row] or "" for row in held_out}):
        inside = [row for row in held_out if images.parts[row] == part]
        kinds = Counter(leaked[row] for row in inside if row in leaked)
        share = round(kinds.total() / len(inside), 4)
        rows.append((part, len(inside), *(kinds[kind] for kind in _KINDS), share))
    return CheckTable(("part", "images", *(kind.value for kind in _KINDS), "share"), tuple(rows))


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
