"""Whether images that follow each other in file order are more alike than any two images of a class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leukokit.arrays import FloatArray
from leukokit.audit.findings import Finding, Limit, Table, skipped
from leukokit.audit.pairs.pair import NeighborCount, PairTable

SIGNIFICANCE = 0.01
"""Over all classes and lags together (Bonferroni)."""

_CHECK = "neighbors_alike"


def neighbors_alike(table: PairTable, limit: Limit) -> Finding:
    """Compare how often neighbors in file order show the same cells with how often random pairs do.

    Parameters
    ----------
    table : PairTable
    limit : Limit
        Of the share of neighbors that show the same cells, beyond the share of random pairs of a class.

    Returns
    -------
    Finding
        Its value is the largest such excess over classes and lags among those that Fisher's exact test
        (1922, doi 10.2307/2340521), one-sided, does not put down to chance; 0 where there is none. The table
        has one row a class and lag.
    """
    compared = [each for each in table.neighbors if each.compared.pairs]
    if not compared or not table.random.pairs:
        return skipped(
            _CHECK,
            "too few images to tell neighbors from others",
            "Each class needs a few more images than the number of lags that are compared.",
        )
    chance = table.random.alike / table.random.pairs
    tested = [(each, _share(each), p_value(each, table)) for each in compared]
    telling = [
        (each, share)
        for each, share, p in tested
        if p < SIGNIFICANCE / len(tested) and share > chance  # never where nothing overlaps
    ]
    where, most = max(telling, key=lambda pair: pair[1], default=(None, chance))
    rows = [
        (
            each.label,
            each.lag,
            each.compared.pairs,
            each.compared.alike,
            round(share, 4),
            round(chance, 4),
            float(f"{p:.3g}"),
        )
        for each, share, p in tested
    ]
    if where is None:
        title = "neighbors in file order are no more alike than random pairs"
        text = f"{chance:.1%} of random pairs of a class show the same cells; neighbors do so no more often."
    else:
        title = (
            f"{most:.1%} of neighbors in file order show the same cells in class {where.label}, "
            f"{chance:.1%} of random pairs do"
        )
        text = (
            "Images seem to be numbered as they were taken: neighbors come from one slide, and a random "
            "split puts them on both sides. Split by group, or in contiguous blocks of the file order."
        )
    return Finding(
        check=_CHECK,
        level=limit.level(most - chance),
        title=title,
        text=text,
        value=most - chance,
        unit="share",
        limit=limit,
        table=Table(("class", "lag", "pairs", "alike", "share", "random", "p"), tuple(rows)),
    )


def p_value(each: NeighborCount, table: PairTable) -> float:
    """How often chance alone would put as many of all overlapping pairs among these neighbors.

    One-sided Fisher's exact test of neighbors against random pairs.
    """
    from scipy.special import betaln

    neighbors, random = each.compared, table.random
    alike, pairs = neighbors.alike + random.alike, neighbors.pairs + random.pairs
    # scipy.stats.hypergeom has this tail, but loading it would take a tenth of the time of a run that has
    # everything in the cache (.34 of 3.0 s).
    found = np.arange(neighbors.alike, min(alike, neighbors.pairs) + 1)

    def log_ways(of: int, chosen: NDArray[np.intp] | int) -> FloatArray:
        return np.asarray(-betaln(1 + of - chosen, 1 + chosen) - np.log1p(of), dtype=np.float64)

    among = log_ways(alike, found) + log_ways(pairs - alike, neighbors.pairs - found)
    possible = found >= neighbors.pairs - (pairs - alike)
    return min(1.0, float(np.exp(among - log_ways(pairs, neighbors.pairs))[possible].sum()))


def _share(each: NeighborCount) -> float:
    return each.compared.alike / each.compared.pairs
