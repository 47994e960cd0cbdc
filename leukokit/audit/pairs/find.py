"""Find the pairs of images that show the same cells: candidates by several ways, each one verified."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Dataset, ImageRejected, RGBImage, Sample
from leukokit.audit.pairs.file_order import distant_pairs, file_runs, identical_pairs, neighbor_pairs
from leukokit.audit.pairs.hashes import TRANSFORMS, near_hashes
from leukokit.audit.pairs.overlap import Features, Overlap, features, match
from leukokit.audit.pairs.pair import (
    Compared,
    NeighborCount,
    Pair,
    PairKind,
    PairTable,
    connected_groups,
)
from leukokit.audit.pairs.similar import similar_pairs
from leukokit.audit.pairs.stored import keep_pairs, load_pairs
from leukokit.audit.pairs.threads import Threads, threads
from leukokit.engine.cache.keys import array_digest, digest, library_versions
from leukokit.engine.cache.store import Store
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.plan import Item
from leukokit.engine.io.reading import ReadOptions, folder_of, pixels
from leukokit.engine.observer import Observer

REVISION = 3
"""Raised when other pairs are found in the same images."""

RANDOM_PAIRS = 1000

_MIRRORED = len(TRANSFORMS) // 2  # the second half of the transforms starts with a flip

_Rows: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PairSettings:
    """What is compared beside pictures that give a clue; part of what a result is kept under.

    Attributes
    ----------
    lags : int
        How far apart neighbors in file order may lie.
    random_pairs : int
        Random pairs, at most.
    seed : int
        Of the random pairs.
    """

    lags: int = 3
    random_pairs: int = RANDOM_PAIRS
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Run:
    """Rows of one folder and class in file order."""

    label: str
    rows: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Picture:
    """What is kept of an image.

    Attributes
    ----------
    digest : str or None
        Of its pixels; None where all have one color, as where a segmentation found nothing. Such images are
        copies of each other and show no cells.
    features : Features
    """

    digest: str | None
    features: Features


def find_pairs(
    dataset: Dataset,
    items: Sequence[Item],
    reading: ReadOptions,
    hashes: NDArray[np.uint64],
    settings: PairSettings = PairSettings(),
    *,
    executor: Executor,
    store: Store | None,
    observer: Observer,
) -> PairTable:
    """Compare the images of a data set, all with all as far as there is a clue.

    Images with the same pixels, and so those with the same bytes, are pairs at once. Compared by their points
    are those whose hashes are near, those with several words of descriptors in common, neighbors in the file
    order of each class, and, to know what chance gives, random pairs of a class that are no neighbors.

    Parameters
    ----------
    dataset : Dataset
    items : sequence of Item (n,)
        Images that a worker process has decoded before; what cannot be read after all is passed over.
    reading : ReadOptions
    hashes : uint64 array (n, 8)
        Of each image, as ``perceptual_hashes`` gives them.
    settings : PairSettings
    executor : Executor
        Its threads compare, since OpenCV computes outside of Python's lock. They never change a result.
    store : Store or None
        Keeps the result.
    observer : Observer

    Returns
    -------
    PairTable
        Rows are positions in ``items``.
    """
    runs = _runs(items)
    order = [(run.label, [items[row].key for row in run.rows]) for run in runs]
    contents = [item.key for item in items]
    key = digest("pairs", REVISION, library_versions(), reading.key(), contents, order, astuple(settings))
    known = load_pairs(store, key) if store is not None else None
    if known is not None:
        return known
    reader = _Reader(dataset, reading)
    with threads(executor, observer) as work:
        samples = [item.sample for item in items]
        pictures = work.each("audit: reading pictures to compare", reader.picture, samples, len(samples))
        search = _Search(samples, pictures, reader, work)
        candidates = _candidates(pictures, hashes, runs, settings)
        search.copies()
        search.compare(candidates.plain)
        search.compare_mirrored(candidates.mirrored)
    table = PairTable(
        images=sum(picture is not None for picture in pictures),
        pairs=search.pairs(),
        neighbors=tuple(
            NeighborCount(label, lag, search.count(pairs))
            for (label, lag), pairs in candidates.neighbors.items()
        ),
        random=search.count(candidates.random),
    )
    if store is not None:
        keep_pairs(store, key, table)
    return table


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Pairs to compare, and which of them are neighbors or drawn at random."""

    plain: set[_Rows]
    mirrored: list[_Rows]
    neighbors: dict[tuple[str, int], list[_Rows]]
    random: list[_Rows]


def _candidates(
    pictures: Sequence[_Picture | None],
    hashes: NDArray[np.uint64],
    runs: Sequence[_Run],
    settings: PairSettings,
) -> _Candidates:
    readable = np.array([picture is not None for picture in pictures], dtype=bool)
    near = near_hashes(hashes)
    near = near[readable[near[:, :2]].all(axis=1)]
    neighbors: dict[tuple[str, int], list[_Rows]] = {}
    for run in runs:
        for lag in range(1, settings.lags + 1):
            # The folders of a class count together.
            neighbors.setdefault((run.label, lag), []).extend(_kept(neighbor_pairs(run.rows, lag), readable))
    drawn = distant_pairs(
        [run.rows for run in runs], beyond=settings.lags, count=settings.random_pairs, seed=settings.seed
    )
    random = _kept(drawn, readable)
    similar = similar_pairs([None if picture is None else picture.features for picture in pictures])
    plain = {(a, b) for a, b in [*near[:, :2].tolist(), *similar.tolist()]}
    plain.update(random, *neighbors.values())
    mirrored = [(a, b) for a, b, transform in near.tolist() if transform >= _MIRRORED]
    return _Candidates(plain, mirrored, neighbors, random)


class _Search:
    """Compares candidates, and holds the pairs that were found so far."""

    def __init__(
        self,
        samples: Sequence[Sample],
        pictures: Sequence[_Picture | None],
        reader: _Reader,
        work: Threads,
    ) -> None:
        self._samples = samples
        self._pictures = pictures
        self._reader = reader
        self._work = work
        self._found: dict[_Rows, Pair] = {}
        self._copies: list[int] = list(range(len(pictures)))

    def copies(self) -> None:
        """Pair images with the same pixels, and so those with the same bytes."""
        digests = [None if picture is None else picture.digest for picture in self._pictures]
        self._found = {(a, b): Pair(a, b, PairKind.EXACT, overlap=1.0) for a, b in identical_pairs(digests)}
        # Of many copies not every pair is listed, and none needs to be compared.
        self._copies = connected_groups(len(digests), list(self._found.values())).tolist()

    def compare(self, asked: Iterable[_Rows]) -> None:
        """Compare images as they are."""

        def compare(rows: _Rows) -> Overlap | None:
            a, b = self._pictures[rows[0]], self._pictures[rows[1]]
            return None if a is None or b is None else match(a.features, b.features)

        self._add("audit: comparing pairs of pictures", compare, asked)

    def compare_mirrored(self, asked: Iterable[_Rows]) -> None:
        """Compare the mirror image of the first with the second, where they are no pair as they are.

        ORB points do not survive a reflection, so the mirror image is read and described anew.
        """

        def compare(rows: _Rows) -> Overlap | None:
            a, b = self._reader.mirrored(self._samples[rows[0]]), self._pictures[rows[1]]
            return None if a is None or b is None else match(a, b.features, mirrored=True)

        self._add("audit: comparing mirrored pairs", compare, asked)

    def _add(self, stage: str, compare: Callable[[_Rows], Overlap | None], asked: Iterable[_Rows]) -> None:
        rows = sorted(pair for pair in asked if not self._alike(pair))
        for (a, b), seen in zip(rows, self._work.each(stage, compare, rows, len(rows)), strict=True):
            if seen is not None:
                self._found[a, b] = Pair(
                    a, b, seen.kind, seen.transform, seen.inliers, round(seen.overlap, 4)
                )

    def pairs(self) -> tuple[Pair, ...]:
        """Pairs in order of their rows."""
        return tuple(self._found[rows] for rows in sorted(self._found))

    def count(self, compared: Sequence[_Rows]) -> Compared:
        """How many of the compared pairs show the same cells."""
        return Compared(len(compared), sum(map(self._alike, compared)))

    def _alike(self, rows: _Rows) -> bool:
        return rows in self._found or self._copies[rows[0]] == self._copies[rows[1]]


def _runs(items: Sequence[Item]) -> list[_Run]:
    """Rows in file order, one run a folder and class."""
    folders = [f"{item.sample.label or ''}\0{folder_of(item.sample)}" for item in items]
    runs = file_runs(folders, [item.sample.id for item in items])
    return [_Run(items[rows[0]].sample.label or "", rows) for rows in runs]


def _kept(pairs: NDArray[np.intp], readable: NDArray[np.bool_]) -> list[_Rows]:
    return [(a, b) for a, b in pairs[readable[pairs].all(axis=1)].tolist()]


class _Reader:
    """Reads images; rendered ones under a lock, since a data set need not be made for threads."""

    def __init__(self, dataset: Dataset, reading: ReadOptions) -> None:
        self._dataset = dataset
        self._reading = reading
        self._lock = threading.Lock()

    def picture(self, sample: Sample) -> _Picture | None:
        image = self._pixels(sample)
        if image is None:
            return None
        flat = bool((image == image[0, 0]).all())
        return _Picture(None if flat else array_digest(image), features(image))

    def mirrored(self, sample: Sample) -> Features | None:
        image = self._pixels(sample)
        return None if image is None else features(np.ascontiguousarray(image[:, ::-1]))

    def _pixels(self, sample: Sample) -> RGBImage | None:
        try:
            if sample.rendered:
                with self._lock:
                    return pixels(self._dataset, sample, self._reading)[0]
            return pixels(self._dataset, sample, self._reading)[0]
        except ImageRejected:
            return None  # it could be read a moment ago; the run's own table of rejected images knows why
