"""Find the pairs of images that show the same cells: several searches for candidates, then verification."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Dataset, FloatArray
from leukokit.audit.pairs.correlation import same_picture
from leukokit.audit.pairs.file_order import distant_pairs, file_sequences, identical_pairs, neighbor_pairs
from leukokit.audit.pairs.hashes import TRANSFORMS, near_hashes
from leukokit.audit.pairs.overlap import Overlap, match
from leukokit.audit.pairs.pair import (
    MatchedPair,
    NeighborCount,
    PairCounts,
    PairKind,
    PairTable,
    connected_groups,
)
from leukokit.audit.pairs.pictures import ImageReader, Picture, Views
from leukokit.audit.pairs.similar import LEAST_WORDS_TURNED, similar_pairs
from leukokit.audit.pairs.stored import PAIR_TABLE
from leukokit.audit.pairs.threads import Threads, threads
from leukokit.engine.cache.code import code_digest
from leukokit.engine.cache.keys import digest, library_versions
from leukokit.engine.cache.memo import memo
from leukokit.engine.cache.store import Store
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.plan import Item
from leukokit.engine.io.reading import ReadOptions, folder_of
from leukokit.engine.observer import Observer

REVISION = 4
"""Increased whenever the same images give other pairs."""

RANDOM_PAIRS = 1000

_MIRRORED = len(TRANSFORMS) // 2  # the second half of the transforms starts with a flip

_RowPair: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PairSettings:
    """Which neighbors and random pairs are compared; part of the cache key.

    Attributes
    ----------
    lags : int
        Largest distance of neighbors in file order.
    random_pairs : int
        Largest number of random pairs.
    seed : int
        Seed of the random pairs.
    """

    lags: int = 3
    random_pairs: int = RANDOM_PAIRS
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _FileSequence:
    """Rows of one folder and class in file order."""

    label: str
    rows: NDArray[np.intp]


def find_pairs(
    dataset: Dataset,
    items: Sequence[Item],
    reading: ReadOptions,
    hashes: NDArray[np.uint64],
    settings: PairSettings = PairSettings(),
    *,
    aspects: FloatArray,
    executor: Executor,
    store: Store | None,
    observer: Observer,
) -> PairTable:
    """Find the pairs of images in a data set that show the same cells.

    Images with the same pixels are pairs without further comparison. Images with near hashes are compared by
    their thumbnails. Keypoints are compared for images with near hashes, images that share several words of
    keypoint descriptors, also with the mirror image of one or with both resized to a square, neighbors in the
    file order of each class, and random pairs of a class that are no neighbors, which give the chance level.

    Parameters
    ----------
    dataset : Dataset
    items : sequence of Item (n,)
        Images that a worker process has decoded before; one that can no longer be read is skipped.
    reading : ReadOptions
    hashes : uint64 array (n, 8)
        Of each image, as ``perceptual_hashes`` gives them.
    settings : PairSettings
    aspects : float64 array (n,)
        Width over height of each image.
    executor : Executor
        Its threads compare, since OpenCV releases the GIL. They do not change the result.
    store : Store or None
        Cache for the result.
    observer : Observer

    Returns
    -------
    PairTable
        Rows are positions in ``items``.
    """
    sequences = _file_sequences(items)
    order = [(sequence.label, [items[row].key for row in sequence.rows]) for sequence in sequences]
    contents = [item.key for item in items]
    code = code_digest(__name__, "leukokit.engine.io.reading")
    how = (REVISION, library_versions(), code, reading.key(), astuple(settings))
    key = digest("pairs", how, contents, order)

    reader = ImageReader(dataset, reading, Views.needed(aspects.tolist()))

    def compared() -> PairTable:
        with threads(executor, observer) as work:
            pictures = work.map("audit: reading pictures to compare", reader.picture, items, len(items))
            search = _Search(items, pictures, reader, work)
            candidates = _candidates(pictures, hashes, sequences, settings)
            search.add_copies()
            search.compare(candidates.plain)
            search.compare_thumbnails(candidates.near)
            search.compare_mirrored(candidates.mirrored)
            search.compare_squeezed(candidates.squeezed)
        return PairTable(
            images=sum(picture is not None for picture in pictures),
            pairs=search.pairs(),
            neighbors=tuple(
                NeighborCount(label, lag, search.count(pairs))
                for (label, lag), pairs in candidates.neighbors.items()
            ),
            random=search.count(candidates.random),
        )

    return memo(
        key,
        compared,
        PAIR_TABLE,
        store=store,
        title=lambda table: f"pairs among {table.images} images",
        keep=lambda _: reader.complete,
    )


@dataclass(frozen=True, slots=True)
class _CandidatePairs:
    """Pairs to compare; some are neighbors or random pairs, and those with near hashes have a transform."""

    near: Mapping[_RowPair, int]
    plain: set[_RowPair]
    mirrored: set[_RowPair]
    squeezed: set[_RowPair]
    neighbors: dict[tuple[str, int], list[_RowPair]]
    random: list[_RowPair]


def _candidates(
    pictures: Sequence[Picture | None],
    hashes: NDArray[np.uint64],
    sequences: Sequence[_FileSequence],
    settings: PairSettings,
) -> _CandidatePairs:
    readable = np.array([picture is not None for picture in pictures], dtype=bool)
    near = near_hashes(hashes)
    near = near[readable[near[:, :2]].all(axis=1)]
    neighbors: dict[tuple[str, int], list[_RowPair]] = {}
    for sequence in sequences:
        for lag in range(1, settings.lags + 1):
            # All folders of a class are counted together.
            neighbors.setdefault((sequence.label, lag), []).extend(
                _kept(neighbor_pairs(sequence.rows, lag), readable)
            )
    drawn = distant_pairs(
        [sequence.rows for sequence in sequences],
        beyond=settings.lags,
        count=settings.random_pairs,
        seed=settings.seed,
    )
    random = _kept(drawn, readable)
    plain = {(a, b) for a, b in [*near[:, :2].tolist(), *_similar(pictures).tolist()]}
    plain.update(random, *neighbors.values())
    mirrored = {(a, b) for a, b, transform in near.tolist() if transform >= _MIRRORED}
    mirrored.update(_similar_mirrored(pictures))
    transforms = {(a, b): transform for a, b, transform in near.tolist()}
    return _CandidatePairs(transforms, plain, mirrored, _squeezed(pictures), neighbors, random)


def _similar(pictures: Sequence[Picture | None]) -> NDArray[np.intp]:
    return similar_pairs([None if picture is None else picture.features for picture in pictures])


def _similar_mirrored(pictures: Sequence[Picture | None]) -> set[_RowPair]:
    """Pairs in which the mirror image of one resembles the other."""
    mirrored = [None if picture is None else picture.mirrored for picture in pictures]
    plain = [None if picture is None else picture.features for picture in pictures]
    if all(one is None for one in mirrored):
        return set()
    found = similar_pairs(mirrored, plain, least=LEAST_WORDS_TURNED)
    return {(min(a, b), max(a, b)) for a, b in found.tolist() if a != b}


def _squeezed(pictures: Sequence[Picture | None]) -> set[_RowPair]:
    """Pairs with different aspect ratios that resemble each other as squares."""
    if all(picture is None or picture.square is None for picture in pictures):
        return set()
    found = similar_pairs(
        [None if picture is None else picture.squared for picture in pictures], least=LEAST_WORDS_TURNED
    )
    pairs = [(a, b, pictures[a], pictures[b]) for a, b in found.tolist()]
    return {
        (a, b)
        for a, b, one, other in pairs
        if one is not None and other is not None and one.squeezed_against(other)
    }


class _Search:
    """Compares candidates and collects the pairs."""

    def __init__(
        self,
        items: Sequence[Item],
        pictures: Sequence[Picture | None],
        reader: ImageReader,
        work: Threads,
    ) -> None:
        self._items = items
        self._pictures = pictures
        self._reader = reader
        self._work = work
        self._found: dict[_RowPair, MatchedPair] = {}
        self._copies: list[int] = list(range(len(pictures)))

    def add_copies(self) -> None:
        """Pair images with the same pixels."""
        digests = [None if picture is None else picture.digest for picture in self._pictures]
        self._found = {
            (a, b): MatchedPair(a, b, PairKind.EXACT, overlap=1.0) for a, b in identical_pairs(digests)
        }
        # Not every pair of many copies is listed; pairs of copies need no comparison.
        self._copies = connected_groups(len(digests), list(self._found.values())).tolist()

    def compare_thumbnails(self, candidates: Mapping[_RowPair, int]) -> None:
        """Compare whole pictures under the flip or quarter turn by which their hashes are near.

        This also finds squeezed copies, and blurred ones without keypoints.
        """
        for (a, b), transform in sorted(candidates.items()):
            one, other, found = self._pictures[a], self._pictures[b], self._found.get((a, b))
            known = self._alike((a, b)) and (found is None or found.kind is not PairKind.OVERLAP)
            if one is None or other is None or known:
                continue
            if same_picture(one.features.whole, other.features.whole, transform):
                self._found[a, b] = MatchedPair(a, b, PairKind.NEAR, TRANSFORMS[transform], overlap=1.0)

    def compare(self, candidates: Iterable[_RowPair]) -> None:
        """Compare images without mirroring."""

        def compare(rows: _RowPair) -> Overlap | None:
            a, b = self._pictures[rows[0]], self._pictures[rows[1]]
            return None if a is None or b is None else match(a.features, b.features)

        self._add("audit: comparing pairs of pictures", compare, candidates)

    def compare_mirrored(self, candidates: Iterable[_RowPair]) -> None:
        """Compare the mirror image of the first with the second, where they are not yet a pair."""

        def compare(rows: _RowPair) -> Overlap | None:
            a = self._reader.mirrored(self._items[rows[0]], self._pictures[rows[0]])
            b = self._pictures[rows[1]]
            return None if a is None or b is None else match(a, b.features, mirrored=True)

        self._add("audit: comparing mirrored pairs", compare, candidates)

    def compare_squeezed(self, candidates: Iterable[_RowPair]) -> None:
        """Compare images that are not yet a pair, both resized to squares."""

        def compare(rows: _RowPair) -> Overlap | None:
            a, b = self._pictures[rows[0]], self._pictures[rows[1]]
            return None if a is None or b is None else match(a.squared, b.squared, squeezed=True)

        self._add("audit: comparing squeezed pairs", compare, candidates)

    def _add(
        self, stage: str, compare: Callable[[_RowPair], Overlap | None], candidates: Iterable[_RowPair]
    ) -> None:
        rows = sorted(pair for pair in candidates if not self._alike(pair))
        for (a, b), overlap in zip(rows, self._work.map(stage, compare, rows, len(rows)), strict=True):
            if overlap is not None:
                self._found[a, b] = MatchedPair(
                    a, b, overlap.kind, overlap.transform, overlap.inliers, round(overlap.overlap, 4)
                )

    def pairs(self) -> tuple[MatchedPair, ...]:
        """Pairs, sorted by rows."""
        return tuple(self._found[rows] for rows in sorted(self._found))

    def count(self, compared: Sequence[_RowPair]) -> PairCounts:
        """Count the compared pairs and those that show the same cells."""
        return PairCounts(len(compared), sum(map(self._alike, compared)))

    def _alike(self, rows: _RowPair) -> bool:
        return rows in self._found or self._copies[rows[0]] == self._copies[rows[1]]


def _file_sequences(items: Sequence[Item]) -> list[_FileSequence]:
    """Rows in file order, one sequence per folder and class."""
    folders = [f"{item.sample.label or ''}\0{folder_of(item.sample)}" for item in items]
    sequences = file_sequences(folders, [item.sample.id for item in items])
    return [_FileSequence(items[rows[0]].sample.label or "", rows) for rows in sequences]


def _kept(pairs: NDArray[np.intp], readable: NDArray[np.bool_]) -> list[_RowPair]:
    return [(a, b) for a, b in pairs[readable[pairs].all(axis=1)].tolist()]
