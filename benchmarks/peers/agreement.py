"""Say in numbers how far two sides agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from contest import Case
from numpy.typing import NDArray


def of_pictures(cases: Sequence[Case], theirs: str = "picture", ours: str = "picture") -> str:
    """Differences of images, in gray levels of 0..255."""
    apart = [
        np.abs(case.theirs[theirs].astype(np.int16) - case.ours[ours].astype(np.int16)) for case in cases
    ]
    means = [difference.mean() for difference in apart]
    largest = max(difference.max() for difference in apart)
    return f"mean {np.mean(means):.2f} (worst image {max(means):.2f}), largest {largest} gray levels"


def of_columns(cases: Sequence[Case], measures: Mapping[str, Sequence[str]], tolerance: float = 1e-6) -> str:
    """Columns that are named alike on both sides.

    Parameters
    ----------
    measures : mapping of str to sequence of str
        What is measured, and the columns that hold it.
    tolerance : float
        Largest relative difference at which columns count as equal.
    """
    worst = {
        measure: max(largest_difference(cases, column) for column in columns)
        for measure, columns in measures.items()
    }
    alike = [measure for measure, apart in worst.items() if apart <= tolerance]
    other = [f"{measure} {apart:.1g}" for measure, apart in worst.items() if apart > tolerance]
    said = []
    if alike:
        said.append(f"equal within {max(worst[column] for column in alike):.0e}: {', '.join(alike)}")
    if other:
        said.append(f"relative difference up to: {', '.join(other)}")
    return "; ".join(said)


def largest_difference(cases: Sequence[Case], name: str) -> float:
    """Largest relative difference of a column over images; NaN on both sides is agreement."""
    return max((_apart(case.theirs[name], case.ours[name]) for case in cases), default=0.0)


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    one, other = np.atleast_1d(one).astype(float), np.atleast_1d(other).astype(float)
    if one.shape != other.shape:
        return float("inf")
    if not one.size:
        return 0.0
    both = np.isnan(one) & np.isnan(other)
    scale = np.maximum(np.maximum(np.abs(one), np.abs(other)), 1e-9)
    apart = np.where(both, 0.0, np.abs(one - other) / scale)
    return float(np.inf if np.isnan(apart).any() else apart.max())


def aggregated(name: str, values: Any) -> dict[str, NDArray[np.float64]]:
    """Mean, standard deviation and largest of one measure over objects, as ``morphology`` reduces them."""
    array = np.asarray(values, dtype=np.float64)
    by_aggregate = {"mean": array.mean(), "std": array.std(), "max": array.max()}
    return {f"{name}_{how}": np.array(value) for how, value in by_aggregate.items()}
