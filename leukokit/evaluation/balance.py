"""Balancing: choose the same number of samples of every class."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from leukokit.api import DataError
from leukokit.api.folds import class_counts
from leukokit.evaluation.draw import rank


def balanced_rows(
    ids: NDArray[np.str_], labels: NDArray[np.str_], to: int | Literal["smallest"], seed: int, what: str
) -> NDArray[np.intp]:
    """Choose ``to`` rows of each class.

    The choice depends on the seed and the ids only, not on their order or number.

    Parameters
    ----------
    ids, labels : str array (n,)
        Id and class of each row.
    to : int or 'smallest'
        Rows to keep of each class.
    seed : int
        The recipe's seed.
    what : str
        What is balanced, for the message.

    Returns
    -------
    intp array
        Rows to keep, ascending.

    Raises
    ------
    DataError
        Where a class has fewer rows than asked for, naming class and count.
    """
    counts = class_counts(labels)
    n = min(counts.values(), default=0) if to == "smallest" else to
    for name, count in counts.items():
        if count < n:
            raise DataError(
                f"class {name!r} has {count} samples in the {what}, fewer than the {n} to balance to",
                where="split",
                hint=f"Balance to {min(counts.values())} or fewer, or to 'smallest'",
            )
    ranks = [rank(f"balance:{seed}", str(id_)) for id_ in ids]
    kept: list[int] = []
    for name in counts:
        rows = np.flatnonzero(labels == name)
        kept += sorted(rows.tolist(), key=lambda row: ranks[row])[:n]
    return np.array(sorted(kept), dtype=np.intp)
