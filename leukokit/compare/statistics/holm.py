"""Holm's step-down adjustment for several tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p values so that the probability of any false positive stays below the level.

    Source: Holm 1979, Scandinavian Journal of Statistics 6, 65-70.

    Parameters
    ----------
    p_values : sequence of float or None
        One per test of the family; None for a test that was impossible, which is not counted.

    Returns
    -------
    list of float or None
        In the same order.
    """
    made = [index for index, p in enumerate(p_values) if p is not None]
    adjusted: list[float | None] = [None] * len(p_values)
    if not made:
        return adjusted
    values = np.array([p_values[index] for index in made], dtype=np.float64)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(len(made), 0, -1))
    for position, p in zip(order, np.minimum(steps, 1.0), strict=True):
        adjusted[made[position]] = float(p)
    return adjusted
