"""Stratified folds that never split a group."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from leukokit.errors import DataError

Folds: TypeAlias = tuple[tuple[NDArray[np.intp], NDArray[np.intp]], ...]
"""Pairs of row indices, (training, held out); each row is held out exactly once."""


def stratified_folds(
    labels: NDArray[np.str_], groups: NDArray[np.str_] | None, *, n_splits: int, seed: int
) -> Folds:
    """Divide rows into folds with about the same share of each class.

    Parameters
    ----------
    labels : str array (n,)
        Class of each row.
    groups : str array (n,) or None
        Rows of one group are held out together; None without groups.
    n_splits : int
        Number of folds, 2 or more.
    seed : int
        Seed of the shuffle.

    Raises
    ------
    DataError
        Where a class has fewer rows (with groups: fewer groups) than folds, or where its groups cannot be
        distributed so that every fold is trained on every class.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    unit = "samples" if groups is None else "groups"
    counts = class_counts(labels, groups)
    rarest = min(counts, key=lambda name: (counts[name], name))
    if counts[rarest] < n_splits:
        raise DataError(
            f"class {rarest!r} has {counts[rarest]} {unit}, too few for {n_splits} folds",
            hint=f"Ask for {counts[rarest]} folds or fewer, or add samples of this class"
            if counts[rarest] >= 2
            else "Add samples of this class or leave it out",
        )
    rows = np.zeros((len(labels), 1))
    # Where every group is one row, the plain splitter is used: it balances classes exactly.
    ungrouped = groups is None or len(np.unique(groups)) == len(groups)
    splitter = (StratifiedKFold if ungrouped else StratifiedGroupKFold)(
        n_splits=n_splits, shuffle=True, random_state=seed
    )
    folds: Folds = tuple(splitter.split(rows, labels, None if ungrouped else groups))
    for number, (train_rows, _) in enumerate(folds, start=1):
        missing = sorted(set(counts) - set(labels[train_rows].tolist()))
        if missing:
            raise DataError(
                f"with {n_splits} folds by group, fold {number} learns from no {missing[0]!r}: a few large "
                "groups hold most of this class",
                hint="Ask for fewer folds, or for groups of a finer kind",
            )
    return folds


def class_counts(labels: NDArray[np.str_], groups: NDArray[np.str_] | None = None) -> dict[str, int]:
    """Count the rows of each class; with groups, the groups with rows of the class."""
    return {
        str(name): int(np.sum(labels == name) if groups is None else len(np.unique(groups[labels == name])))
        for name in np.unique(labels)
    }
