"""Folds: which sample is trained on, validated on and tested on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.api import DataError, Part
from leukokit.evaluation.balance import balanced_rows
from leukokit.evaluation.blocks import cut_blocks, purge
from leukokit.evaluation.draw import draw
from leukokit.evaluation.split_file import read_split_file
from leukokit.near_names import near_names
from leukokit.recipe.split import Blocks, FromFile, Holdout, KFold, Named, SplitSpec


@dataclass(frozen=True, slots=True)
class Fold:
    """One division of the samples.

    Attributes
    ----------
    name : str
        ``holdout``, ``blocks``, the split's name, ``file``, or ``fold-1`` ...
    parts : mapping of str to Part
        Sample id -> part, in file order; samples that are left out are absent.
    """

    name: str
    parts: Mapping[str, Part]

    def ids(self, part: Part) -> tuple[str, ...]:
        """Ids of one part, in file order."""
        return tuple(id_ for id_, own in self.parts.items() if own is part)


@dataclass(frozen=True, slots=True)
class _Table:
    """The samples in file order, as arrays."""

    ids: NDArray[np.str_]
    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
    seed: int

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, rows: NDArray[np.intp]) -> _Table:
        return _Table(self.ids[rows], self.labels[rows], self.groups[rows], self.seed)

    def alone(self) -> _Table:
        """Return the same samples, each a group of its own."""
        return _Table(self.ids, self.labels, self.ids, self.seed)

    def draw(self, shares: Sequence[float], *, stratify: bool, purpose: str, into: str) -> NDArray[np.intp]:
        """Draw a part for each sample; each purpose has draws of its own."""
        key = f"{purpose}:{self.seed}"
        return draw(self.labels, self.groups, shares, stratify=stratify, key=key, into=into)


def make_folds(
    spec: SplitSpec,
    *,
    ids: Sequence[str],
    labels: Sequence[str],
    groups: Sequence[str] | None = None,
    named: Mapping[str, Mapping[str, Part]] | None = None,
    seed: int,
) -> tuple[Fold, ...]:
    """Divide labeled samples as a recipe's ``split`` section says.

    Draws depend on the seed and the names of samples or groups, not on their order, so that a sample added
    at the front does not reshuffle all others.

    Parameters
    ----------
    spec : SplitSpec
        The ``split`` section.
    ids, labels : sequence of str
        Sample ids, unique, and classes, in file order.
    groups : sequence of str, optional
        Group of each sample; without them each sample stands alone.
    named : mapping, optional
        The data set's own splits: name -> (id -> part).
    seed : int
        The recipe's seed.

    Returns
    -------
    tuple of Fold
        One, or as many as ``folds`` says.

    Raises
    ------
    DataError
        Where a class is too small to split, a group cannot be kept together, or a named split does not
        exist; naming class and count.
    """
    if len(set(ids)) != len(ids):
        twice = next(id_ for id_, count in Counter(ids).items() if count > 1)
        raise DataError(f"two samples have the id {twice!r}")
    id_array = np.array(ids, dtype=np.str_)
    table = _Table(
        id_array,
        np.array(labels, dtype=np.str_),
        id_array if groups is None else np.array(groups, dtype=np.str_),
        seed,
    )
    fixed = _fixed(spec, named or {})
    if fixed is not None:
        table = table.rows(np.flatnonzero([id_ in fixed[1] for id_ in ids]))
        if not len(table):
            raise DataError(f"none of the samples is in split {fixed[0]!r}")
    balance = spec.balance
    if balance is not None and balance.when == "before_split":
        table = table.rows(balanced_rows(table.ids, table.labels, balance.to, seed, "data set"))
    if fixed is not None:
        folds = [(fixed[0], [fixed[1][str(id_)] for id_ in table.ids])]
    else:
        folds = _drawn(spec, table)
    result = []
    for name, parts in folds:
        kept = purge(table.groups, parts) if _purges(spec) else np.arange(len(table), dtype=np.intp)
        if balance is not None and balance.when == "training":
            train = kept[[parts[row] is Part.TRAIN for row in kept]]
            chosen = balanced_rows(table.ids[train], table.labels[train], balance.to, seed, "training part")
            kept = np.setdiff1d(kept, np.delete(train, chosen))
        fold = Fold(name, {str(table.ids[row]): parts[row] for row in kept})
        _check(fold, table, set(parts))
        result.append(fold)
    return tuple(result)


def _fixed(spec: SplitSpec, named: Mapping[str, Mapping[str, Part]]) -> tuple[str, Mapping[str, Part]] | None:
    if isinstance(spec, FromFile):
        return "file", read_split_file(spec.path)
    if not isinstance(spec, Named):
        return None
    if spec.name not in named:
        near = near_names(spec.name, named)
        raise DataError(
            f"the data set has no split {spec.name!r}; it has {', '.join(named) or 'none'}",
            where="split",
            hint=f"Did you mean {near[0]!r}?" if near else "Use method: holdout, blocks, kfold or file",
        )
    return spec.name, named[spec.name]


def _drawn(spec: SplitSpec, table: _Table) -> list[tuple[str, list[Part]]]:
    if isinstance(spec, Holdout):
        table = table if spec.group else table.alone()
        shares = _shares(spec.test, spec.validation)
        return [("holdout", _draw(table, shares, stratify=spec.stratify, purpose="holdout"))]
    if isinstance(spec, Blocks):
        return [("blocks", _blocks(spec, table))]
    assert isinstance(spec, KFold)
    if spec.by == "blocks":
        return [(f"fold-{i}", parts) for i, parts in enumerate(_block_folds(spec, table), start=1)]
    table = table if spec.by == "group" else table.alone()
    drawn = []
    for repeat in range(1, spec.repeats + 1):
        prefix = f"repeat-{repeat}-" if spec.repeats > 1 else ""
        folds = _random_folds(spec, table, repeat)
        drawn += [(f"{prefix}fold-{i}", parts) for i, parts in enumerate(folds, start=1)]
    return drawn


def _purges(spec: SplitSpec) -> bool:
    """Blocks are cut by position; what a cut tears apart is left out of the part that can spare it."""
    return spec.group if isinstance(spec, Blocks) else isinstance(spec, KFold) and spec.by == "blocks"


def _blocks(spec: Blocks, table: _Table) -> list[Part]:
    shares = _shares(spec.test, spec.validation)
    order = [Part(name) for name in spec.order if Part(name) in shares]
    parts = [Part.TRAIN] * len(table)
    for name, rows in _by_class(table.labels):
        blocks = cut_blocks(len(rows), [shares[part] for part in order], f"class {name!r}")
        for part, block in zip(order, blocks, strict=True):
            for row in rows[block]:
                parts[row] = part
    return parts


def _random_folds(spec: KFold, table: _Table, repeat: int) -> list[list[Part]]:
    # The first draw is the one of a recipe without repeats: asking for more must not change it.
    again = f" repeat {repeat}" if repeat > 1 else ""
    equal = [1 / spec.folds] * spec.folds
    fold_of = table.draw(equal, stratify=spec.stratify, purpose=f"folds{again}", into=f"{spec.folds} folds")
    return [
        _fold_parts(spec, table, fold_of == number, f"fold {number}{again}") for number in range(spec.folds)
    ]


def _fold_parts(spec: KFold, table: _Table, tested: NDArray[np.bool_], purpose: str) -> list[Part]:
    parts = [Part.TEST if test else Part.TRAIN for test in tested]
    if spec.validation:
        rest = np.flatnonzero(~tested)
        share = spec.validation * len(table) / len(rest)
        shares = {Part.TRAIN: 1 - share, Part.VALIDATION: share}
        drawn = _draw(table.rows(rest), shares, stratify=spec.stratify, purpose=purpose)
        for row, part in zip(rest, drawn, strict=True):
            parts[row] = part
    return parts


def _block_folds(spec: KFold, table: _Table) -> list[list[Part]]:
    """Cut each class into contiguous blocks; validation follows the test block, in a circle."""
    folds = [[Part.TRAIN] * len(table) for _ in range(spec.folds)]
    for name, rows in _by_class(table.labels):
        blocks = cut_blocks(len(rows), [1 / spec.folds] * spec.folds, f"class {name!r}")
        for parts, block in zip(folds, blocks, strict=True):
            for row in rows[block]:
                parts[row] = Part.TEST
            if not spec.validation:
                continue
            rest = np.concatenate([rows[block.stop :], rows[: block.start]])
            share = spec.validation * len(rows) / len(rest)
            first, _ = cut_blocks(len(rest), [share, 1 - share], f"class {name!r} without its test block")
            for row in rest[first]:
                parts[row] = Part.VALIDATION
    return folds


def _draw(table: _Table, shares: Mapping[Part, float], *, stratify: bool, purpose: str) -> list[Part]:
    parts = list(shares)
    into = f"{len(parts)} parts ({', '.join(parts)})"
    drawn = table.draw(list(shares.values()), stratify=stratify, purpose=purpose, into=into)
    return [parts[each] for each in drawn]


def _shares(test: float, validation: float) -> dict[Part, float]:
    shares = {Part.TRAIN: 1 - test - validation, Part.VALIDATION: validation, Part.TEST: test}
    return {part: share for part, share in shares.items() if share > 0}


def _by_class(labels: NDArray[np.str_]) -> list[tuple[str, NDArray[np.intp]]]:
    return [(str(name), np.flatnonzero(labels == name)) for name in np.unique(labels)]


def _check(fold: Fold, table: _Table, asked: set[Part]) -> None:
    """Raise where a part is empty or training lacks a class that the fold has."""
    label_of = dict(zip(table.ids.tolist(), table.labels.tolist(), strict=True))
    counts = {part: Counter(label_of[id_] for id_ in fold.ids(part)) for part in asked | {Part.TRAIN}}
    for part, inside in counts.items():
        if not inside:
            raise DataError(
                f"the {part} part is empty",
                where=f"split {fold.name}",
                hint="Ask for a larger part or fewer folds; a group on both sides of a block's edge stays on "
                "one side only",
            )
    for label in sorted(set().union(*counts.values()) - set(counts[Part.TRAIN])):
        total = sum(inside[label] for inside in counts.values())
        raise DataError(
            f"class {label!r} has {total} samples and none of them is in the training part",
            where=f"split {fold.name}",
            hint="Add samples of this class, ask for smaller parts, or set stratify: true",
        )
