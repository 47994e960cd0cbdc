"""Random split by fractions that keeps groups together and classes stratified."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leukokit.api import DataError
from leukokit.api.folds import class_counts


def rank(key: str, name: str) -> bytes:
    """Return a random sort key of a name, which does not depend on its position in a list."""
    return hashlib.sha256(f"{key}:{name}".encode("utf-8", "surrogatepass")).digest()


def draw(
    labels: NDArray[np.str_],
    groups: NDArray[np.str_],
    shares: Sequence[float],
    *,
    stratify: bool,
    key: str,
    into: str,
) -> NDArray[np.intp]:
    """Draw one of several parts for each sample.

    Groups are assigned one by one, larger ones first, each to the part that still lacks the largest share of
    its quota. Where every group is one sample the quotas are met exactly. (With groups, the splitters of
    scikit-learn support equal folds only, and take 3 s for 3256 samples in 2727 groups; this takes 0.1 s.)

    Parameters
    ----------
    labels, groups : str array (n,)
        Class and group of each sample.
    shares : sequence of float
        Fractions, above 0, that sum to 1.
    stratify : bool
        Whether to meet the fractions within each class, with at least one sample of each class in each part.
    key : str
        Seed of the draw.
    into : str
        Name of the parts, such as ``5 folds``, for messages.

    Returns
    -------
    intp array (n,)
        Index of each sample's part in ``shares``.

    Raises
    ------
    DataError
        Where there are fewer groups than parts, in a class or in total.
    """
    units, unit_of = np.unique(groups, return_inverse=True)
    # Without stratification all samples count as one class.
    names, class_of = np.unique(labels if stratify else np.full_like(labels, ""), return_inverse=True)
    held = np.zeros((len(units), len(names)), dtype=np.int64)
    np.add.at(held, (unit_of, class_of), 1)
    _refuse_too_small(labels, groups, names, held, len(shares), into)
    quotas = np.stack([_quotas(int(n), shares) for n in held.sum(axis=0)], axis=1)
    order = sorted(range(len(units)), key=lambda u: (-int(held[u].sum()), rank(key, str(units[u]))))
    lacking = quotas.astype(np.float64)
    chosen = np.zeros(len(units), dtype=np.intp)
    for unit in order:
        chosen[unit] = int(np.argmax((lacking / quotas) @ held[unit]))
        lacking[chosen[unit]] -= held[unit]
    if stratify:
        _fill_gaps(chosen, held, len(shares), names, order, into)
    return chosen[unit_of]


def _refuse_too_small(
    labels: NDArray[np.str_],
    groups: NDArray[np.str_],
    names: NDArray[np.str_],
    held: NDArray[np.int64],
    n_parts: int,
    into: str,
) -> None:
    counts = class_counts(labels)
    for column, name in enumerate(names):
        n_units, n_samples = int(np.count_nonzero(held[:, column])), int(held[:, column].sum())
        if n_units >= n_parts:
            continue
        in_groups = f" in {n_units} groups" if len(np.unique(groups)) < len(groups) else ""
        what = f"class {str(name)!r} has" if str(name) in counts else "the data set has"
        raise DataError(
            f"{what} {n_samples} sample{'s' * (n_samples != 1)}{in_groups}, too few for {into}",
            where="split",
            hint="Add samples, leave the class out, or ask for fewer parts",
        )


def _quotas(n: int, shares: Sequence[float]) -> NDArray[np.int64]:
    """Whole numbers close to ``n * shares`` that sum to ``n``, each at least 1 (largest remainders)."""
    exact = n * np.array(shares)
    quotas = np.maximum(np.floor(exact + 1e-9).astype(np.int64), 1)
    while quotas.sum() < n:
        quotas[int(np.argmax(exact - quotas))] += 1
    while quotas.sum() > n:
        spare = np.where(quotas > 1, quotas - exact, -np.inf)
        quotas[int(np.argmax(spare))] -= 1
    return quotas


def _fill_gaps(
    chosen: NDArray[np.intp],
    held: NDArray[np.int64],
    n_parts: int,
    names: NDArray[np.str_],
    order: list[int],
    into: str,
) -> None:
    """Move groups, the smallest possible, until each part has each class; large groups can prevent that."""
    for column in range(held.shape[1]):
        for part in range(n_parts):
            if held[chosen == part, column].any():
                continue
            for unit in reversed(order):
                donor = chosen[unit]
                left = held[chosen == donor].sum(axis=0) - held[unit]
                if held[unit, column] and (left[held[unit] > 0] > 0).all():
                    chosen[unit] = part
                    break
            else:
                n_samples, n_groups = held[:, column].sum(), np.count_nonzero(held[:, column])
                raise DataError(
                    f"class {str(names[column])!r} has {n_samples} samples in {n_groups} groups that cannot "
                    f"be spread over {into}",
                    where="split",
                    hint="Ask for fewer parts, set group: false, or give groups of a finer kind",
                )
