"""Alignment of heat maps with cells: shares of heat and of area by region, and the pointing game."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leukokit.api import (
    CELL,
    NUCLEUS,
    RED_CELL,
    SCALE_BAR,
    Explanation,
    FloatArray,
    Labels,
    LeukokitError,
    Mask,
)

CYTOPLASM = "cytoplasm"
BACKGROUND = "background"

TABLE_COLUMNS = (
    "explainer",
    "id",
    "true",
    "predicted",
    "target",
    "region",
    "heat_share",
    "area_share",
    "ratio",
    "pointing",
)
SUMMARY_COLUMNS = (
    "explainer",
    "region",
    "ratio",
    "ratio_low",
    "ratio_high",
    "heat_share",
    "area_share",
    "pointing_rate",
    "pointing_chance",
    "images",
    "images_with_region",
)

_FIRST = (SCALE_BAR, NUCLEUS, CYTOPLASM, RED_CELL)
_SHOWN = (NUCLEUS, CYTOPLASM, CELL, RED_CELL)


class RegionScore(NamedTuple):
    """Scores of one region of one image.

    Attributes
    ----------
    heat_share : float
        Share of the sum of the heat map, 0..1; NaN where the sum is 0.
    area_share : float
        Share of all pixels, 0..1.
    ratio : float
        Heat share divided by area share: 1 for uniform heat; NaN where the area or the heat is 0.
    pointing : bool or None
        Whether the maximum of the heat map is in the region; None where the map has no heat.
    """

    heat_share: float
    area_share: float
    ratio: float
    pointing: bool | None


def regions(labels: Labels, shape: tuple[int, int]) -> dict[str, Mask]:
    """Divide an image into regions by its labels.

    A pixel with several labels goes to the first of: scale bar, nucleus, cytoplasm, red cells, other roles
    by name.

    Parameters
    ----------
    labels : Labels
        Of any roles. The role ``cell`` becomes ``cytoplasm`` where nuclei are known, and stays ``cell`` where
        they are not.
    shape : (height, width)
        Of the image and its heat, in px.

    Returns
    -------
    dict of str to bool array, H x W
        Disjoint masks that cover the image: one per role, empty where nothing was found, and ``background``
        for the remaining pixels.

    Raises
    ------
    LeukokitError
        Where a label image has another shape.
    """
    claims: dict[str, Mask] = {}
    for role, array in labels.roles.items():
        if array.shape != shape:
            raise LeukokitError(f"the label image {role!r} is {array.shape}, its image {shape}")
        claims[role] = array > 0
    if NUCLEUS in claims and CELL in claims:
        # The nucleus takes its pixels first, so what remains of the cell is its cytoplasm.
        claims[CYTOPLASM] = claims.pop(CELL) | claims.get(CYTOPLASM, np.zeros(shape, np.bool_))
    free = np.ones(shape, np.bool_)
    masks: dict[str, Mask] = {}
    for name in sorted(claims, key=lambda name: (_rank(name, _FIRST), name)):
        masks[name] = claims[name] & free
        free &= ~claims[name]
    masks[BACKGROUND] = free | masks.get(BACKGROUND, np.zeros(shape, np.bool_))
    return {name: masks[name] for name in sorted(masks, key=_shown_at)}


def score_regions(heat: FloatArray, masks: Mapping[str, Mask]) -> dict[str, RegionScore]:
    """Share of heat, share of area and the pointing game (Zhang et al. 2018, doi 10.1007/s11263-017-1059-x).

    Parameters
    ----------
    heat : float64 array, H x W
        0 or more. If several pixels have the maximum, the one nearest to their centroid counts, so that a
        flat maximum has no bias; of equally near ones the first in row-major order.
    masks : mapping of str to bool array, H x W
        Regions, as :func:`regions` gives them.

    Returns
    -------
    dict of str to RegionScore
        In the order given.

    Raises
    ------
    LeukokitError
        Where shapes differ, or heat is negative or not finite.
    """
    if not (np.isfinite(heat).all() and heat.min(initial=0.0) >= 0):
        raise LeukokitError("heat must be finite and 0 or more")
    total = float(heat.sum(dtype=np.float64))
    hottest = _hottest(heat) if total > 0 else None
    scores = {}
    for name, mask in masks.items():
        if mask.shape != heat.shape:
            raise LeukokitError(f"the region {name!r} is {mask.shape}, its heat {heat.shape}")
        area = np.count_nonzero(mask) / mask.size
        share = float(heat[mask].sum(dtype=np.float64)) / total if total > 0 else float("nan")
        pointing = None if hottest is None else bool(mask[hottest])
        scores[name] = RegionScore(share, area, share / area if area else float("nan"), pointing)
    return scores


def alignment_table(
    explanations: Mapping[str, Explanation],
    labels: Callable[[str], Labels],
    *,
    true: Mapping[str, str],
    predicted: Mapping[str, str],
) -> pd.DataFrame:
    """Score the heat maps of some explainers against the regions of their images.

    Parameters
    ----------
    explanations : mapping of str to Explanation
        By name of the explainer; explanations without heat maps give no rows.
    labels : callable
        Returns the Labels of a sample id, of the shape of its heat maps. Called once per id.
    true, predicted : mapping of sample id to str
        Classes.

    Returns
    -------
    DataFrame
        Columns ``TABLE_COLUMNS``: one row for each explainer, sample and region, in the order of the
        explainers, of their maps and of :func:`regions`. ``pointing`` is a nullable boolean.

    Raises
    ------
    LeukokitError
        Where shapes differ; the message names the sample.
    """
    ids = list(dict.fromkeys(name for explanation in explanations.values() for name in explanation.heat_maps))
    rows: dict[str, list[tuple[object, ...]]] = {explainer: [] for explainer in explanations}
    for name in ids:
        image_labels = labels(name)
        masks: dict[str, Mask] | None = None
        for explainer, explanation in explanations.items():
            heat = explanation.heat_maps.get(name)
            if heat is None:
                continue
            try:
                if masks is None:
                    masks = regions(image_labels, (heat.shape[0], heat.shape[1]))
                scores = score_regions(heat, masks)
            except LeukokitError as error:
                raise LeukokitError(error.what, where=name) from error
            target = explanation.targets.get(name, "")
            rows[explainer] += [
                (explainer, name, true[name], predicted[name], target, region, *score)
                for region, score in scores.items()
            ]
    table = pd.DataFrame(
        [row for rows_of_one in rows.values() for row in rows_of_one], columns=list(TABLE_COLUMNS)
    )
    return table.astype({"heat_share": float, "area_share": float, "ratio": float, "pointing": "boolean"})


def summarize_alignment(
    table: pd.DataFrame, *, seed: int = 0, draws: int = 2000, level: float = 0.95
) -> pd.DataFrame:
    """Summarize a table of :func:`alignment_table` over images.

    The ratio is pooled: mean heat share divided by mean area share, so that an image in which a region is
    tiny does not dominate. Its interval is a percentile bootstrap over images. The pointing rate is given
    beside its chance level, the mean area share. Maps without heat are left out.

    Parameters
    ----------
    table : DataFrame
        One row for each explainer, sample and region.
    seed : int
        Seed of the resampling.
    draws : int
        Number of resamples.
    level : float
        Of the interval.

    Returns
    -------
    DataFrame
        Columns ``SUMMARY_COLUMNS``, one row for each explainer and region: ``ratio``, its bounds
        ``ratio_low`` and ``ratio_high`` (NaN where fewer than two images have heat, or a region has no area),
        ``heat_share`` and ``area_share`` (means), ``pointing_rate``, ``pointing_chance``, ``images`` (whose
        map has heat) and ``images_with_region``.
    """
    rows: list[dict[str, object]] = []
    for explainer, part in table.groupby("explainer", sort=False):
        with_heat = part[part["heat_share"].notna()]
        order = list(dict.fromkeys(part["region"]))
        # A region that is not in the labels of a sample has area 0 there.
        heat, area, pointing = (
            with_heat.astype({"pointing": float})
            .pivot(index="id", columns="region", values=column)
            .reindex(index=list(dict.fromkeys(with_heat["id"])), columns=order)
            .fillna(0.0)
            .to_numpy(dtype=np.float64)
            for column in ("heat_share", "area_share", "pointing")
        )
        low, high = _bounds(heat, area, seed=seed, draws=draws, level=level)
        n = len(heat)
        for index, region in enumerate(order):
            heat_share = float(heat[:, index].mean()) if n else float("nan")
            area_share = float(area[:, index].mean()) if n else float("nan")
            rows.append(
                {
                    "explainer": explainer,
                    "region": region,
                    "ratio": heat_share / area_share if area_share > 0 else float("nan"),
                    "ratio_low": low[index],
                    "ratio_high": high[index],
                    "heat_share": heat_share,
                    "area_share": area_share,
                    "pointing_rate": float(pointing[:, index].mean()) if n else float("nan"),
                    "pointing_chance": area_share,
                    "images": n,
                    "images_with_region": int(np.count_nonzero(area[:, index])),
                }
            )
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def _hottest(heat: FloatArray) -> tuple[int, int]:
    rows, columns = np.nonzero(heat == heat.max())
    # Exact in whole numbers (as floats for their range): a rounded mean could break ties by chance.
    n = float(len(rows))
    distance = (n * rows - rows.sum()) ** 2 + (n * columns - columns.sum()) ** 2
    nearest = int(distance.argmin())
    return int(rows[nearest]), int(columns[nearest])


def _bounds(
    heat: FloatArray, area: FloatArray, *, seed: int, draws: int, level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds of the pooled ratio of each region, from the same resamples for all regions."""
    n, count = heat.shape
    nothing = np.full(count, np.nan)
    if n < 2:
        return nothing, nothing
    rng = np.random.default_rng([seed, n])
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=draws)
    heats, areas = drawn @ heat, drawn @ area
    ratios = np.divide(heats, areas, out=np.full(heats.shape, np.nan), where=areas > 0)
    low, high = nothing.copy(), nothing.copy()
    some = (areas > 0).any(axis=0)
    tails = [(1 - level) / 2, (1 + level) / 2]
    # Resamples without the region are ignored.
    low[some], high[some] = np.nanquantile(ratios[:, some], tails, axis=0)
    return low, high


def _rank(name: str, order: tuple[str, ...]) -> int:
    return order.index(name) if name in order else len(order)


def _shown_at(name: str) -> tuple[int, str]:
    last = {SCALE_BAR: 1, BACKGROUND: 2}.get(name)
    return (len(_SHOWN) + last if last else _rank(name, _SHOWN), name)
