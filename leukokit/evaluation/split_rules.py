"""Rules to split samples, as plain values, for :func:`leukokit.evaluation.splits.make_folds`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from leukokit.api import Part


@dataclass(frozen=True, slots=True)
class Balancing:
    """Keep the same number of samples of every class.

    Attributes
    ----------
    to : int or 'smallest'
        Number of samples to keep of each class; ``smallest`` for the size of the smallest class.
    when : {'training', 'before_split'}
        Whether to balance the training part only, or all samples before the split.
    """

    to: int | Literal["smallest"]
    when: Literal["training", "before_split"]


@dataclass(frozen=True, slots=True)
class RandomSplit:
    """One random split.

    Attributes
    ----------
    test, validation : float
        Shares of the samples, together below 1; what is left is for training.
    stratify : bool
        Give every part the same mix of classes.
    group : bool
        Keep the samples of one group together.
    """

    test: float
    validation: float
    stratify: bool = True
    group: bool = True
    balancing: Balancing | None = None


@dataclass(frozen=True, slots=True)
class BlockSplit:
    """One split into contiguous blocks of the file order of each class.

    Attributes
    ----------
    test, validation : float
        Shares of each class, together below 1.
    order : tuple of Part
        Which part comes first, second and last in the file order.
    group : bool
        Whether to leave out samples of training or validation whose group is also in another part.
    """

    test: float
    validation: float
    order: tuple[Part, Part, Part] = (Part.TRAIN, Part.VALIDATION, Part.TEST)
    group: bool = True
    balancing: Balancing | None = None


@dataclass(frozen=True, slots=True)
class FoldSplit:
    """Several folds; every sample is tested once in each repeat.

    Attributes
    ----------
    folds : int
        Number of folds, 2 or more.
    by : {'random', 'group', 'blocks'}
        Draw samples, draw whole groups, or cut each class into blocks of the file order.
    stratify : bool
        Give every fold the same mix of classes; blocks always do.
    validation : float
        Share of all samples that each fold takes from training.
    repeats : int
        Number of times that the folds are drawn; 1 where ``by`` is ``blocks``.
    """

    folds: int
    by: Literal["random", "group", "blocks"]
    stratify: bool = True
    validation: float = 0.0
    repeats: int = 1
    balancing: Balancing | None = None


@dataclass(frozen=True, slots=True)
class LeaveOneOutSplit:
    """A fold for each value of a trait, such as a site; its samples are the test part.

    Attributes
    ----------
    by : str
        Name of the trait.
    values : mapping of str to str
        Value of each sample id; other samples are left out.
    validation : float
        Share of the other samples for validation.
    stratify : bool
        Give training and validation the same mix of classes.
    """

    by: str
    values: Mapping[str, str]
    validation: float = 0.2
    stratify: bool = True
    balancing: Balancing | None = None


@dataclass(frozen=True, slots=True)
class FixedSplit:
    """A split that is fixed in advance.

    Attributes
    ----------
    name : str
        Name of the fold.
    parts : mapping of str to Part
        Part of each sample id; other samples are left out.
    """

    name: str
    parts: Mapping[str, Part]
    balancing: Balancing | None = None


SplitRule: TypeAlias = RandomSplit | BlockSplit | FoldSplit | LeaveOneOutSplit | FixedSplit
