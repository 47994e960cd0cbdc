"""Check of file order: whether neighboring files show the same cells more often than random pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.audit.findings import CheckFinding, CheckTable, Limit, skipped
from leukokit.audit.pairs.pair import NeighborCount, PairTable

SIGNIFICANCE = 0.01
"""Significance level over all classes and lags together (Bonferroni)."""

_CHECK = "neighbors_alike"


def neighbors_alike(table: PairTable, limit: Limit) -> CheckFinding:
    """Compare how often neighbors in file order show the same cells with how often random pairs do.

    Parameters
    ----------
    table : PairTable
    limit : Limit
        Limit of the excess: the share of neighbors that show the same cells, less the share of random pairs.

    Returns
    -------
    CheckFinding
        Its value is the largest excess over classes and lags for which Fisher's exact test (1922, doi
        10.2307/2340521), one-sided, is significant; 0 where there is none. The table has one row per class
        and lag.
    """
    compared = [count for count in table.neighbors if count.compared.pairs]
    if not compared or not table.random.pairs:
        return skipped(
            _CHECK,
            "too few images to compare neighbors with random pairs",
            "Each class needs a few more images than the number of lags that are compared.",
        )
    chance = table.random.alike / table.random.pairs
    tested = [(count, _share(count), p_value(count, table)) for count in compared]
    significant = [
        (count, share)
        for count, share, p in tested
        if p < SIGNIFICANCE / len(tested) and share > chance  # excludes classes without any overlap
    ]
    most_alike, largest = max(significant, key=lambda pair: pair[1], default=(None, chance))
    rows = [
        (
            count.label,
            count.lag,
            count.compared.pairs,
            count.compared.alike,
            round(share, 4),
            round(chance, 4),
            float(f"{p:.3g}"),
        )
        for count, share, p in tested
    ]
    if most_alike is None:
        title = "neighbors in file order show the same cells no more often than random pairs"
        text = f"{chance:.1%} of random pairs of a class show the same cells; neighbors do so no more often."
    else:
        title = (
            f"{largest:.1%} of neighbors in file order show the same cells in class {most_alike.label}, "
            f"{chance:.1%} of random pairs do"
        )
        text = (
            "Images seem to be numbered in the order in which they were taken: neighbors come from one "
            "slide, and a random split puts them into different parts. Split by group, or in contiguous "
            "blocks of the file order."
        )
    return CheckFinding(
        check=_CHECK,
        level=limit.level(largest - chance),
        title=title,
        text=text,
        value=largest - chance,
        unit="share",
        limit=limit,
        table=CheckTable(("class", "lag", "pairs", "alike", "share", "random", "p"), tuple(rows)),
    )


def p_value(count: NeighborCount, table: PairTable) -> float:
    """P value of the one-sided Fisher's exact test of neighbors against random pairs."""
    from scipy.special import betaln

    neighbors, random = count.compared, table.random
    alike, pairs = neighbors.alike + random.alike, neighbors.pairs + random.pairs
    # scipy.stats.hypergeom has this tail, but loading it would take a tenth of the time of a run that has
    # everything in the cache (0.34 of 3.0 s).
    tail = np.arange(neighbors.alike, min(alike, neighbors.pairs) + 1)

    def log_ways(of: int, chosen: NDArray[np.intp] | int) -> FloatArray:
        return np.asarray(-betaln(1 + of - chosen, 1 + chosen) - np.log1p(of), dtype=np.float64)

    among = log_ways(alike, tail) + log_ways(pairs - alike, neighbors.pairs - tail)
    possible = tail >= neighbors.pairs - (pairs - alike)
    return min(1.0, float(np.exp(among - log_ways(pairs, neighbors.pairs))[possible].sum()))


def _share(count: NeighborCount) -> float:
    return count.compared.alike / count.compared.pairs
