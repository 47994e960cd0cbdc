"""Compare the heat map of every explained image with the cells that the segmenter finds in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukokit.api import Explanation
from leukokit.engine.explanations.stage import HeatMaps
from leukokit.engine.images.plan import ImagePlan, Item, SegmentStep
from leukokit.engine.images.stored_images import stored_labels
from leukokit.engine.models.fitted_fold import FittedFold
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
    segmented = [
        _ExplainedFold(name, of_fold.best.plan, of_fold.best.plan.segment, _heat_maps(of_fold))
        for name, of_fold in fitted.items()
        if of_fold.best.plan.segment is not None
    ]
    images = sum(len(fold.explained_ids()) for fold in segmented)
    if not images:
        return None
    observer.stage("comparing heat with cells", images)
    tables = []
    for fold in segmented:
        rows = []
        for id_ in fold.explained_ids():
            rows.append(fold.score(items[fold.name][id_]))
            observer.advance()
        if rows:
            tables.append(pd.concat(rows, ignore_index=True).assign(fold=fold.name))
    table = pd.concat(tables, ignore_index=True)
    order = list(dict.fromkeys(explainer for fold in segmented for explainer in fold.heat_maps))
    ranks = table["explainer"].map(order.index)
    table = table.iloc[np.argsort(ranks.to_numpy(), kind="stable")].reset_index(drop=True)
    # An image may be in the test part of several folds, each with a model of its own.
    per_fold = table.assign(id=table["fold"] + "/" + table["id"]).drop(columns="fold")
    summary = summarize_alignment(per_fold, seed=seed)
    return Alignment(table if len(fitted) > 1 else table.drop(columns="fold"), summary)


@dataclass(frozen=True)
class _ExplainedFold:
    """A fold whose images are segmented, with the heat maps of each explainer."""

    name: str
    plan: ImagePlan
    segment: SegmentStep
    heat_maps: Mapping[str, HeatMaps]

    def explained_ids(self) -> list[str]:
        """Ids of the images that an explainer has explained, each once."""
        return list(dict.fromkeys(str(id_) for maps in self.heat_maps.values() for id_ in maps.table["id"]))

    def score(self, item: Item) -> pd.DataFrame:
        """Rows of one image under all explainers, so that one image at a time is segmented and unpacked."""
        id_ = item.sample.id
        explanations: dict[str, Explanation] = {}
        true: dict[str, str] = {}
        predicted: dict[str, str] = {}
        for explainer, maps in self.heat_maps.items():
            for row in np.flatnonzero(maps.table["id"] == id_):
                facts = maps.table.iloc[row]
                true[id_], predicted[id_] = facts["true"], facts["predicted"]
                explanations[explainer] = Explanation(
                    heat_maps={id_: maps.heat(int(row))}, targets={id_: facts["target"]}
                )
        labels = stored_labels(self.plan, self.segment, item)
        return alignment_table(explanations, lambda _: labels, true=true, predicted=predicted)


def _heat_maps(fitted: FittedFold) -> dict[str, HeatMaps]:
    return {
        explainer: explanation.heat
        for explainer, explanation in fitted.explanations.items()
        if explanation.heat is not None
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
