"""From a recipe's ``split`` section to the rule by which samples are divided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leukokit.api import DataError, Part, Sample
from leukokit.engine.io.sample_files import read_split_file
from leukokit.engine.traits import trait_values
from leukokit.evaluation.split_rules import (
    Balancing,
    BlockSplit,
    FixedSplit,
    FoldSplit,
    LeaveOneOutSplit,
    RandomSplit,
    SplitRule,
)
from leukokit.near_names import near_names
from leukokit.recipe.split import Balance, Blocks, FromFile, Holdout, KFold, LeaveOneOut, Named, SplitSpec


def split_rule(
    spec: SplitSpec, named: Mapping[str, Mapping[str, Part]], samples: Sequence[Sample] = ()
) -> SplitRule:
    """Give the rule of a section; splits that are fixed are looked up or read.

    Parameters
    ----------
    spec : SplitSpec
        The ``split`` section.
    named : mapping
        The data set's own splits: name -> (id -> part).
    samples : sequence of Sample
        What is divided; only a split that leaves one site out looks at them.

    Raises
    ------
    DataError
        Where a named split or a trait does not exist, or a file of parts cannot be read.
    """
    balancing = _balancing(spec.balance)
    match spec:
        case Holdout():
            return RandomSplit(spec.test, spec.validation, spec.stratify, spec.group, balancing)
        case Blocks():
            first, second, last = map(Part, spec.order)
            return BlockSplit(spec.test, spec.validation, (first, second, last), spec.group, balancing)
        case KFold():
            return FoldSplit(spec.folds, spec.by, spec.stratify, spec.validation, spec.repeats, balancing)
        case LeaveOneOut():
            values = trait_values(samples, spec.by, where="split.by")
            return LeaveOneOutSplit(spec.by, values, spec.validation, spec.stratify, balancing)
        case FromFile():
            return FixedSplit("file", read_split_file(spec.path), balancing)
        case Named():
            return FixedSplit(spec.name, _named(spec.name, named), balancing)


def _balancing(balance: Balance | None) -> Balancing | None:
    return None if balance is None else Balancing(balance.to, balance.when)


def _named(name: str, named: Mapping[str, Mapping[str, Part]]) -> Mapping[str, Part]:
    if name in named:
        return named[name]
    near = near_names(name, named)
    raise DataError(
        f"the data set has no split {name!r}; it has {', '.join(named) or 'none'}",
        where="split",
        hint=f"Did you mean {near[0]!r}?" if near else "Use method: holdout, blocks, kfold or file",
    )
