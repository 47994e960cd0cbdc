"""Splits: which samples are used for training, validation and test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leukokit.api import DataError, Part
from leukokit.evaluation.balance import balanced_rows
from leukokit.evaluation.blocks import cut_blocks, purge
from leukokit.evaluation.draw import draw
from leukokit.evaluation.split_rules import (
    BlockSplit,
    FixedSplit,
    FoldSplit,
    LeaveOneOutSplit,
    RandomSplit,
    SplitRule,
)

_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Fold:
    """One split of the samples into parts.

    Attributes
    ----------
    name : str
        ``holdout``, ``blocks``, the split's name, ``file``, ``fold-1`` ..., or the value that is left out,
        with dashes for what cannot stand in the name of a folder.
    parts : mapping of str to Part
        Part of each sample id, in file order, without samples that are left out.
    """

    name: str
    parts: Mapping[str, Part]

    def ids(self, part: Part) -> tuple[str, ...]:
        """Ids of one part, in file order."""
        return tuple(id_ for id_, own in self.parts.items() if own is part)


@dataclass(frozen=True, slots=True)
class _Samples:
    """The samples in file order, as arrays."""

    ids: NDArray[np.str_]
    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
    seed: int

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, rows: NDArray[np.intp]) -> _Samples:
        return _Samples(self.ids[rows], self.labels[rows], self.groups[rows], self.seed)

    def without_groups(self) -> _Samples:
        """Return the same samples, each in a group of its own."""
        return _Samples(self.ids, self.labels, self.ids, self.seed)

    def draw(self, shares: Sequence[float], *, stratify: bool, purpose: str, into: str) -> NDArray[np.intp]:
        """Draw a part for each sample; each purpose has its own random numbers."""
        key = f"{purpose}:{self.seed}"
        return draw(self.labels, self.groups, shares, stratify=stratify, key=key, into=into)


def make_folds(
    rule: SplitRule,
    *,
    ids: Sequence[str],
    labels: Sequence[str],
    groups: Sequence[str] | None = None,
    seed: int,
) -> tuple[Fold, ...]:
    """Split labeled samples by a rule.

    Random draws depend on the seed and the names of samples or groups, not on their order, so that one more
    sample does not change the parts of all others.

    Parameters
    ----------
    rule : SplitRule
        At random, in blocks of the file order, in folds, or fixed in advance.
    ids, labels : sequence of str
        Sample ids, unique, and classes, in file order.
    groups : sequence of str, optional
        Group of each sample; without them each sample is its own group.
    seed : int
        The recipe's seed.

    Returns
    -------
    tuple of Fold
        One, or as many as ``folds`` says.

    Raises
    ------
    DataError
        Where a class is too small to split or a group cannot be kept together; the message names class
        and count.
    """
    if len(set(ids)) != len(ids):
        twice = next(id_ for id_, count in Counter(ids).items() if count > 1)
        raise DataError(f"two samples have the id {twice!r}")
    id_array = np.array(ids, dtype=np.str_)
    samples = _Samples(
        id_array,
        np.array(labels, dtype=np.str_),
        id_array if groups is None else np.array(groups, dtype=np.str_),
        seed,
    )
    if isinstance(rule, FixedSplit):
        samples = samples.rows(np.flatnonzero([id_ in rule.parts for id_ in ids]))
        if not len(samples):
            raise DataError(f"none of the samples is in split {rule.name!r}")
    if isinstance(rule, LeaveOneOutSplit):
        samples = samples.rows(np.flatnonzero([id_ in rule.values for id_ in ids]))
    balancing = rule.balancing
    if balancing is not None and balancing.when == "before_split":
        samples = samples.rows(balanced_rows(samples.ids, samples.labels, balancing.to, seed, "data set"))
    folds = _divided(rule, samples)
    result = []
    for name, parts in folds:
        kept = purge(samples.groups, parts) if _purges(rule) else np.arange(len(samples), dtype=np.intp)
        if balancing is not None and balancing.when == "training":
            train = kept[[parts[row] is Part.TRAIN for row in kept]]
            chosen = balanced_rows(
                samples.ids[train], samples.labels[train], balancing.to, seed, "training part"
            )
            kept = np.setdiff1d(kept, np.delete(train, chosen))
        fold = Fold(name, {str(samples.ids[row]): parts[row] for row in kept})
        _check(fold, samples, set(parts))
        result.append(fold)
    return tuple(result)


def _divided(rule: SplitRule, samples: _Samples) -> list[tuple[str, list[Part]]]:
    """Name of each fold, and the part of each row of the samples."""
    match rule:
        case FixedSplit():
            return [(rule.name, [rule.parts[str(id_)] for id_ in samples.ids])]
        case RandomSplit():
            samples = samples if rule.group else samples.without_groups()
            shares = _shares(rule.test, rule.validation)
            return [("holdout", _draw(samples, shares, stratify=rule.stratify, purpose="holdout"))]
        case BlockSplit():
            return [("blocks", _blocks(rule, samples))]
        case FoldSplit():
            return _folds(rule, samples)
        case LeaveOneOutSplit():
            return _each_left_out(rule, samples)


def _each_left_out(rule: LeaveOneOutSplit, samples: _Samples) -> list[tuple[str, list[Part]]]:
    """Test each value once; a group that has images elsewhere too is kept out of training by the purge."""
    values = np.array([rule.values[str(id_)] for id_ in samples.ids], dtype=np.str_)
    known = np.unique(values).tolist()
    if len(known) < 2:
        found = f"the only value is {known[0]!r}" if known else "no image has a value"
        raise DataError(
            f"a split that leaves one {rule.by} out needs two or more, and {found}",
            where="split.by",
            hint="Name another column, or use {method: kfold, by: group}",
        )
    folds = []
    for value, name in zip(known, _file_names(known), strict=True):
        tested = values == value
        # Of the other sites, the share that is asked for.
        whole = rule.validation * np.count_nonzero(~tested) / len(samples)
        parts = _fold_parts(rule, samples, tested, f"without {rule.by} {value}", whole)
        folds.append((name, parts))
    return folds


def _file_names(values: Sequence[str]) -> list[str]:
    """Give each value a name of its own that may be that of a folder."""
    names: list[str] = []
    for value in values:
        name = _NO_NAME.sub("-", value)[:_LONGEST_NAME].strip("-.") or "value"
        taken = {"final", *(each.lower() for each in names)}  # the model of all data has this name
        number = 2
        unique = name
        while unique.lower() in taken:
            unique, number = f"{name}-{number}", number + 1
        names.append(unique)
    return names


def _folds(rule: FoldSplit, samples: _Samples) -> list[tuple[str, list[Part]]]:
    if rule.by == "blocks":
        return [(f"fold-{i}", parts) for i, parts in enumerate(_block_folds(rule, samples), start=1)]
    samples = samples if rule.by == "group" else samples.without_groups()
    drawn = []
    for repeat in range(1, rule.repeats + 1):
        prefix = f"repeat-{repeat}-" if rule.repeats > 1 else ""
        folds = _random_folds(rule, samples, repeat)
        drawn += [(f"{prefix}fold-{i}", parts) for i, parts in enumerate(folds, start=1)]
    return drawn


def _purges(rule: SplitRule) -> bool:
    """Whether groups that a cut between blocks or sites separates are removed from all but one part."""
    if isinstance(rule, BlockSplit):
        return rule.group
    return isinstance(rule, LeaveOneOutSplit) or (isinstance(rule, FoldSplit) and rule.by == "blocks")


def _blocks(rule: BlockSplit, samples: _Samples) -> list[Part]:
    shares = _shares(rule.test, rule.validation)
    order = [part for part in rule.order if part in shares]
    parts = [Part.TRAIN] * len(samples)
    for name, rows in _by_class(samples.labels):
        blocks = cut_blocks(len(rows), [shares[part] for part in order], f"class {name!r}")
        for part, block in zip(order, blocks, strict=True):
            for row in rows[block]:
                parts[row] = part
    return parts


def _random_folds(rule: FoldSplit, samples: _Samples, repeat: int) -> list[list[Part]]:
    # The first repeat equals the split without repeats: more repeats must not change it.
    again = f" repeat {repeat}" if repeat > 1 else ""
    equal = [1 / rule.folds] * rule.folds
    fold_of = samples.draw(equal, stratify=rule.stratify, purpose=f"folds{again}", into=f"{rule.folds} folds")
    return [
        _fold_parts(rule, samples, fold_of == number, f"fold {number}{again}", rule.validation)
        for number in range(rule.folds)
    ]


def _fold_parts(
    rule: FoldSplit | LeaveOneOutSplit,
    samples: _Samples,
    tested: NDArray[np.bool_],
    purpose: str,
    validation: float,
) -> list[Part]:
    """Divide what is not tested; ``validation`` is a share of all samples."""
    parts = [Part.TEST if test else Part.TRAIN for test in tested]
    if validation:
        rest = np.flatnonzero(~tested)
        share = validation * len(samples) / len(rest)
        shares = {Part.TRAIN: 1 - share, Part.VALIDATION: share}
        drawn = _draw(samples.rows(rest), shares, stratify=rule.stratify, purpose=purpose)
        for row, part in zip(rest, drawn, strict=True):
            parts[row] = part
    return parts


def _block_folds(rule: FoldSplit, samples: _Samples) -> list[list[Part]]:
    """Cut each class into contiguous blocks; the validation block follows the test block, cyclically."""
    folds = [[Part.TRAIN] * len(samples) for _ in range(rule.folds)]
    for name, rows in _by_class(samples.labels):
        blocks = cut_blocks(len(rows), [1 / rule.folds] * rule.folds, f"class {name!r}")
        for parts, block in zip(folds, blocks, strict=True):
            for row in rows[block]:
                parts[row] = Part.TEST
            if not rule.validation:
                continue
            rest = np.concatenate([rows[block.stop :], rows[: block.start]])
            share = rule.validation * len(rows) / len(rest)
            first, _ = cut_blocks(len(rest), [share, 1 - share], f"class {name!r} without its test block")
            for row in rest[first]:
                parts[row] = Part.VALIDATION
    return folds


def _draw(samples: _Samples, shares: Mapping[Part, float], *, stratify: bool, purpose: str) -> list[Part]:
    parts = list(shares)
    into = f"{len(parts)} parts ({', '.join(parts)})"
    drawn = samples.draw(list(shares.values()), stratify=stratify, purpose=purpose, into=into)
    return [parts[number] for number in drawn]


def _shares(test: float, validation: float) -> dict[Part, float]:
    shares = {Part.TRAIN: 1 - test - validation, Part.VALIDATION: validation, Part.TEST: test}
    return {part: share for part, share in shares.items() if share > 0}


def _by_class(labels: NDArray[np.str_]) -> list[tuple[str, NDArray[np.intp]]]:
    return [(str(name), np.flatnonzero(labels == name)) for name in np.unique(labels)]


def _check(fold: Fold, samples: _Samples, asked: set[Part]) -> None:
    """Raise where a part is empty or the training part lacks a class of the fold."""
    label_of = dict(zip(samples.ids.tolist(), samples.labels.tolist(), strict=True))
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
