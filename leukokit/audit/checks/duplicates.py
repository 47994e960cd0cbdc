"""What pairs of images that show the same cells mean for a data set and its split."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from leukokit.audit.findings import Cell, Finding, Limit, ListedPair, Table, skipped
from leukokit.audit.pairs.pair import Pair, PairKind, connected_groups

TRAIN = "train"

_KINDS = tuple(PairKind)  # exact, near, overlap: the most serious first


@dataclass(frozen=True, slots=True)
class Images:
    """What is known of the images that pairs are made of, row by row.

    Attributes
    ----------
    ids : sequence of str (n,)
    labels : sequence of str or None (n,)
    parts : sequence of str or None (n,)
        ``train``, ``validation``, ``test``; None for images in no part. Where the parts of cross-validation
        are given instead, each image's is the fold in which it is tested, and none is ``train``.
    """

    ids: Sequence[str]
    labels: Sequence[str | None]
    parts: Sequence[str | None]

    def conflict(self, pair: Pair) -> bool:
        """Tell whether the two images carry different labels."""
        a, b = self.labels[pair.a], self.labels[pair.b]
        return a is not None and b is not None and a != b

    def apart(self, pair: Pair) -> bool:
        """Tell whether one of the two is trained on while the other is held out."""
        return self.leaks(pair.a, pair.b) or self.leaks(pair.b, pair.a)

    def leaks(self, held_out: int, trained: int) -> bool:
        """Tell whether the first image is held out at a time when the second is trained on."""
        a, b = self.parts[held_out], self.parts[trained]
        if a is None or b is None or a == TRAIN:
            return False
        return b == TRAIN if TRAIN in self.parts else a != b

    def listed(self, pair: Pair) -> ListedPair:
        """Give the pair as a finding lists it."""
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


def exact_duplicates(pairs: Sequence[Pair], images: Images, limit: Limit) -> Finding:
    """Count the pairs of images with the same bytes or pixels.

    Parameters
    ----------
    pairs : sequence of Pair
        Of any kind.
    images : Images
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
        advice="A copy adds no information and counts twice in every score: keep one file of each.",
    )


def near_duplicates(pairs: Sequence[Pair], images: Images, limit: Limit) -> Finding:
    """Count the pairs of images that are one picture, encoded again, resized, flipped or turned.

    Parameters
    ----------
    pairs : sequence of Pair
        Of any kind.
    images : Images
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
        advice="They are one picture to a model: keep one of each, or put both into one group of the split.",
    )


def label_conflicts(pairs: Sequence[Pair], images: Images, limit: Limit) -> Finding:
    """Count the pairs of images that are one picture and carry two labels.

    Parameters
    ----------
    pairs : sequence of Pair
        Of any kind; only exact and near ones count, since two views that overlap may show different cells.
    images : Images
    limit : Limit
        Of their number.
    """
    found = [pair for pair in pairs if pair.kind is not PairKind.OVERLAP and images.conflict(pair)]
    if not found:
        title = "no picture carries two labels"
        text = "No image is an exact copy or near-duplicate of one in another class."
    else:
        title = f"{_many(len(found), 'pair')} of the same picture with two labels"
        exact = sum(pair.kind is PairKind.EXACT for pair in found)
        text = (
            f"{exact} exact, {len(found) - exact} near. At least one label of each pair is wrong: look at "
            "both and correct the label, or remove the pictures."
        )
    return _finding("label_conflicts", found, images, limit, title, text)


def across_parts(pairs: Sequence[Pair], images: Images, limit: Limit) -> Finding:
    """Give the share of held-out images that have a copy or an overlapping view in the training part.

    Parameters
    ----------
    pairs : sequence of Pair
        Of any kind.
    images : Images
    limit : Limit
        Of the share, 0..1.

    Returns
    -------
    Finding
        Skipped where nothing is held out. The table tells of each part how many images have what.
    """
    check = "across_parts"
    held_out = [row for row, part in enumerate(images.parts) if part is not None and part != TRAIN]
    if not held_out or len(set(images.parts) - {None}) < 2:
        return skipped(
            check,
            "no image is held out",
            "Give the recipe a split to see whether its parts show the same cells.",
        )
    met: dict[int, PairKind] = {}
    for pair in [*pairs, *_copies_across(pairs, images)]:
        for row, other in ((pair.a, pair.b), (pair.b, pair.a)):
            if images.leaks(row, other):
                met[row] = min(met.get(row, pair.kind), pair.kind, key=_KINDS.index)
    share = len(met) / len(held_out)
    found = [pair for pair in pairs if images.apart(pair)]
    if not met:
        title = "no held-out image shows cells of the training part"
        text = "No image of the held-out parts is a copy or an overlapping view of one in training."
    else:
        title = f"{share:.1%} of held-out images show cells that are also in the training part"
        counts = ", ".join(f"{sum(k is kind for k in met.values())} {kind.value}" for kind in _KINDS)
        text = (
            f"{_many(len(met), 'image')} of {len(held_out)} ({counts}) with a copy or an overlapping view in "
            "training: their scores say little about new smears. Split by patient or slide, or by the groups "
            "that the audit exports, and report that score."
        )
    return _finding(
        check,
        found,
        images,
        limit,
        title,
        text,
        value=share,
        unit="share",
        table=_by_part(images, held_out, met),
    )


def most_telling(pairs: Sequence[Pair], images: Images) -> list[Pair]:
    """Order pairs: across classes first, then across parts, then the more alike."""

    def rank(pair: Pair) -> tuple[object, ...]:
        return (
            not images.conflict(pair),
            not images.apart(pair),
            _KINDS.index(pair.kind),
            -(pair.overlap or 0.0),
            -(pair.inliers or 0),
            pair.a,
            pair.b,
        )

    return sorted(pairs, key=rank)


def _duplicates(
    check: str,
    found: list[Pair],
    images: Images,
    limit: Limit,
    *,
    noun: str,
    plural: str,
    advice: str,
) -> Finding:
    if not found:
        return _finding(check, found, images, limit, f"no {plural}", f"No two images are {plural}.")
    across_classes = sum(map(images.conflict, found))
    apart = sum(map(images.apart, found))
    copies = len({row for pair in found for row in (pair.a, pair.b)})
    where = f"{len(found) - across_classes} within a class, {across_classes} across classes"
    if any(part is not None for part in images.parts):
        where += f"; {apart} with one image in training and the other held out"
    title = f"{_many(len(found), 'pair')} of {plural}"
    text = f"{copies} images are {'an' if noun[0] in 'aeiou' else 'a'} {noun} of another: {where}. {advice}"
    return _finding(check, found, images, limit, title, text)


def _finding(
    check: str,
    found: list[Pair],
    images: Images,
    limit: Limit,
    title: str,
    text: str,
    *,
    value: float | None = None,
    unit: str = "count",
    table: Table | None = None,
) -> Finding:
    number = float(len(found)) if value is None else value
    return Finding(
        check=check,
        level=limit.level(number) if found else limit.level(0.0),
        title=title,
        text=text,
        value=number,
        unit=unit,
        limit=limit,
        pairs=tuple(images.listed(pair) for pair in most_telling(found, images)),
        table=table,
    )


def _copies_across(pairs: Sequence[Pair], images: Images) -> list[Pair]:
    """Exact pairs that follow from others: of many copies, not every pair is listed."""
    exact = [pair for pair in pairs if pair.kind is PairKind.EXACT]
    members: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(connected_groups(len(images.ids), exact).tolist()):
        members[group].append(row)
    found = []
    for rows in members.values():
        first: dict[str | None, int] = {}
        for row in rows:
            first.setdefault(images.parts[row], row)
        # One copy of each part is enough to know which parts the others meet.
        pairs_to = [(row, other) for row in rows for other in first.values() if row != other]
        found += [Pair(min(pair), max(pair), PairKind.EXACT) for pair in pairs_to]
    return found


def _by_part(images: Images, held_out: Sequence[int], met: dict[int, PairKind]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for part in sorted({images.parts[row] or "" for row in held_out}):
        inside = [row for row in held_out if images.parts[row] == part]
        kinds = Counter(met[row] for row in inside if row in met)
        share = round(kinds.total() / len(inside), 4)
        rows.append((part, len(inside), *(kinds[kind] for kind in _KINDS), share))
    return Table(("part", "images", *(kind.value for kind in _KINDS), "share"), tuple(rows))


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
