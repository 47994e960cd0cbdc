"""Compare the heat of every explained image with the cells that the recipe's segmenter finds in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukokit.api import Explanation
from leukokit.engine.explanations.stage import HeatMaps
from leukokit.engine.images.plan import ImagePlan, Item
from leukokit.engine.images.stored_images import stored_labels
from leukokit.engine.models.model_stage import FittedFold
from leukokit.engine.observer import Observer
from leukokit.evaluation.alignment import alignment_table, summarize_alignment
from leukokit.record.metrics import RegionHeat


@dataclass(frozen=True)
class Alignment:
    """Where heat lies.

    Attributes
    ----------
    table : DataFrame
        One row for each explainer, image and region; with several folds a last column names the fold.
    summary : DataFrame
        One row for each explainer and region, over the images of all folds.
    """

    table: pd.DataFrame
    summary: pd.DataFrame

    def regions(self) -> dict[str, dict[str, RegionHeat]]:
        """Summary by explainer and region, for ``metrics.json``."""
        by_explainer: dict[str, dict[str, RegionHeat]] = {}
        for row in self.summary.to_dict("records"):
            by_explainer.setdefault(str(row["explainer"]), {})[str(row["region"])] = RegionHeat(
                ratio=_number(row["ratio"]),
                ratio_low=_number(row["ratio_low"]),
                ratio_high=_number(row["ratio_high"]),
                heat_share=_number(row["heat_share"]),
                area_share=_number(row["area_share"]),
                pointing_rate=_number(row["pointing_rate"]),
                pointing_chance=_number(row["pointing_chance"]),
                images=int(row["images"]),
                images_with_region=int(row["images_with_region"]),
            )
        return by_explainer


def align(
    fitted: Mapping[str, FittedFold],
    items: Mapping[str, Mapping[str, Item]],
    *,
    seed: int,
    observer: Observer,
) -> Alignment | None:
    """Score all heat maps of all folds; None where there are none or the recipe does not segment.

    Parameters
    ----------
    fitted : mapping of fold name to FittedFold
    items : mapping of fold name to mapping of sample id to Item
    seed : int
        Of the intervals.
    """
    heated = {name: _heat(each) for name, each in fitted.items() if each.best.plan.segment is not None}
    images = sum(len(_explained(heat)) for heat in heated.values())
    if not images:
        return None
    observer.stage("comparing heat with cells", images)
    tables = []
    for fold, heat in heated.items():
        rows = []
        for name in _explained(heat):
            rows.append(_score(heat, items[fold][name], fitted[fold].best.plan))
            observer.advance()
        if rows:
            tables.append(pd.concat(rows, ignore_index=True).assign(fold=fold))
    table = pd.concat(tables, ignore_index=True)
    order = list(dict.fromkeys(explainer for heat in heated.values() for explainer in heat))
    ranks = table["explainer"].map(order.index)
    table = table.iloc[np.argsort(ranks.to_numpy(), kind="stable")].reset_index(drop=True)
    # An image may be tested in several folds, by a model of its own each time.
    apart = table.assign(id=table["fold"] + "/" + table["id"]).drop(columns="fold")
    summary = summarize_alignment(apart, seed=seed)
    return Alignment(table if len(fitted) > 1 else table.drop(columns="fold"), summary)


def _heat(fitted: FittedFold) -> dict[str, HeatMaps]:
    return {name: each.heat for name, each in fitted.explanations.items() if each.heat is not None}


def _explained(heat: Mapping[str, HeatMaps]) -> list[str]:
    return list(dict.fromkeys(str(name) for each in heat.values() for name in each.table["id"]))


def _score(heat: Mapping[str, HeatMaps], item: Item, plan: ImagePlan) -> pd.DataFrame:
    """Rows of one image under all explainers, so that one image at a time is segmented and unpacked."""
    name = item.sample.id
    explanations: dict[str, Explanation] = {}
    true: dict[str, str] = {}
    predicted: dict[str, str] = {}
    for explainer, each in heat.items():
        for row in np.flatnonzero(each.table["id"] == name):
            facts = each.table.iloc[row]
            true[name], predicted[name] = facts["true"], facts["predicted"]
            explanations[explainer] = Explanation(
                heat_maps={name: each.heat(int(row))}, targets={name: facts["target"]}
            )
    labels = stored_labels(plan, item)
    return alignment_table(explanations, lambda _: labels, true=true, predicted=predicted)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
