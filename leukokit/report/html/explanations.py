"""The section on explanations: importances, heat, where the heat lies, and the segmentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from leukokit.api import Status
from leukokit.engine.finished_run import FinishedRun
from leukokit.record.metrics import RegionHeat
from leukokit.report.explanation_files import heat_names, table_files
from leukokit.report.feature_words import feature_words
from leukokit.report.html import plots
from leukokit.report.html.estimate import Cell, Estimate, HtmlTable, Plot, count, number
from leukokit.report.html.feature_drawings import feature_drawing
from leukokit.report.html.figures import Figure, embed
from leukokit.report.html.overlay import Overlay, overlay_of
from leukokit.report.html.scores import frame_table
from leukokit.report.html.text import short, words
from leukokit.report.importance_figure import importances, is_importance
from leukokit.report.status_words import SHORT_WORDS

BUDGET = 1_250_000
"""Bytes of all figures; as base64 they are a third more."""
_BARS = 15
_ROWS = 100
_LOST = {
    "accuracy": "loss of accuracy",
    "macro_f1": "loss of macro F1",
    "log_loss": "rise of log loss",
    "": "loss of score",
}
"""What an importance counts, by the parameter ``scoring`` of the explainer."""
_REGIONS = ("nucleus", "cytoplasm", "cell", "red_cell", "scale_bar", "background")


@dataclass(frozen=True, slots=True)
class ShownFeature:
    """A feature in words, with a drawing of what it measures."""

    name: str
    text: str
    meaning: str
    drawing: Markup


@dataclass(frozen=True, slots=True)
class Explanations:
    """What the model looks at, as far as the run was asked to explain it.

    Attributes
    ----------
    importances : sequence of Plot
        One an explainer of features.
    features : sequence of ShownFeature
        What the features that are drawn measure.
    alignments : sequence of (explainer, Plot)
        Heat compared with area, by region.
    sheets : sequence of Figure
        Heat maps, segmentations, features by class.
    others : sequence of (name, HtmlTable)
        What explainers gave in another form.
    statuses : HtmlTable or None
        How segmentations ended, by class; None where the run does not tell.
    overlay : Overlay or None
        Segmentations, picture by picture; ``segmentation`` is then empty.
    """

    importances: Sequence[Plot]
    features: Sequence[ShownFeature]
    alignments: Sequence[Plot]
    heat: Sequence[Figure]
    segmentation: Sequence[Figure]
    distributions: Sequence[Figure]
    others: Sequence[HtmlTable]
    statuses: HtmlTable | None = None
    overlay: Overlay | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not any(
            (
                self.importances,
                self.alignments,
                self.heat,
                self.segmentation,
                self.distributions,
                self.others,
                self.statuses,
                self.overlay,
            )
        )


def explanations_of(run: FinishedRun) -> Explanations:
    """Read it from a run directory."""
    explainers = heat_names(run)
    chosen: list[tuple[str, tuple[str, str]]] = []
    for path in sorted(run.path.glob("figures/*.png")):
        kind, title = _kind(path.stem, explainers)
        if kind:
            chosen.append((kind, (f"figures/{path.name}", title)))
    # Segmentations first: they are one sheet, and heat has as many as there are classes and explainers.
    chosen.sort(key=lambda one: (one[0] == "heat", one[1][0]))
    overlay = None
    sheet = run.path / "figures" / "segmentation.png"
    if sheet.is_file() and (overlay := overlay_of(sheet, root=run.path)) is not None:
        chosen = [one for one in chosen if one[0] != "segmentation"]
    figures = embed(run.path, [file for _, file in chosen], BUDGET - (overlay.bytes if overlay else 0))
    by_kind: dict[str, list[Figure]] = {"heat": [], "segmentation": [], "distributions": []}
    for (kind, _), figure in zip(chosen, figures, strict=True):
        by_kind[kind].append(figure)
    importances, others, names = _importances(run)
    return Explanations(
        importances=importances,
        features=_features(names),
        alignments=_alignments(run.metrics.alignment or {}),
        heat=by_kind["heat"],
        segmentation=by_kind["segmentation"],
        distributions=by_kind["distributions"],
        others=others,
        statuses=_statuses(run),
        overlay=overlay,
    )


def _kind(stem: str, explainers: Sequence[str]) -> tuple[str, str]:
    if stem == "segmentation":
        return "segmentation", "Outlines that the segmenter drew"
    if stem == "features_by_class":
        return "distributions", "Features by class"
    for name in sorted(explainers, key=len, reverse=True):
        if stem.startswith(f"{name}_"):
            return "heat", f"{words(name)}: {words(stem.removeprefix(f'{name}_'))}"
    return "", ""


def _features(names: Iterable[str]) -> list[ShownFeature]:
    """Say of the first features what they measure; one a kind of drawing, and none of unknown form."""
    shown: dict[str, ShownFeature] = {}
    for name in names:
        found = feature_words(name)
        if found.drawing is not None and found.drawing not in shown:
            drawing = feature_drawing(found.drawing)
            shown[found.drawing] = ShownFeature(name, found.text, found.meaning, drawing)
    return list(shown.values())


def _importances(run: FinishedRun) -> tuple[list[Plot], list[HtmlTable], list[str]]:
    """Read plots of importances, tables of another form, and names of the features that are drawn."""
    shown_plots: list[Plot] = []
    names: list[str] = []
    others: list[HtmlTable] = []
    for path in table_files(run):
        name = path.stem
        table = run.table(path.relative_to(run.path).as_posix())
        if table is None or table.empty:
            continue
        if not is_importance(table):
            others.append(frame_table(table.head(_ROWS), f"{words(name)} ({path.name})"))
            continue
        rows = importances(table, _BARS)
        lost = _lost(run, name)
        names += [row.feature for row in rows]
        shown = HtmlTable(
            ["feature", "in words", lost, "spread of repeats"],
            [
                [
                    Cell(row.feature, row.feature),
                    Cell(feature_words(row.feature).text, row.feature),
                    Cell(short(row.mean), row.mean, align="right"),
                    Cell(short(row.spread), row.spread, align="right"),
                ]
                for row in rows
            ],
            f"The first {len(rows)} of {len(table):,} features",
        )
        svg = plots.bars(
            [replace(row, feature=feature_words(row.feature).text) for row in rows],
            f"importance-{len(shown_plots)}",
            unit=f"{lost} when shuffled",
            title=words(name),
            description="; ".join(f"{row.feature} {short(row.mean)}" for row in rows),
        )
        note = f"the {len(rows)} most important of {len(table):,} features; lines: spread of repeats"
        shown_plots.append(Plot(svg, words(name).capitalize(), shown, note))
    return shown_plots, others, names


def _lost(run: FinishedRun, explainer: str) -> str:
    """Say which score is lost when a feature is shuffled, as far as the recipe tells."""
    for step in run.recipe.get("explain") or ():
        if step["use"].replace("/", "_") == explainer:
            return _LOST.get(str(step["params"].get("scoring")), _LOST[""])
    return _LOST[""]


def _statuses(run: FinishedRun) -> HtmlTable | None:
    """Count by class how segmentations ended, in words."""
    facts = run.facts
    if facts is None or facts["status"].isna().all():
        return None
    known = facts[facts["status"].notna()]
    kinds = [kind for kind in Status if kind is Status.OK or (known["status"] == kind.value).any()]
    labels = known["label"].fillna("").astype(str)
    rows = []
    for label in sorted(set(labels)):
        ended = known.loc[labels == label, "status"]
        counts = [int((ended == kind.value).sum()) for kind in kinds]
        failed = 1 - counts[0] / len(ended)
        rows.append([Cell(label or "all", label), count(len(ended)), *map(count, counts), number(failed)])
    columns = ["class", "images", *(SHORT_WORDS[kind] for kind in kinds), "share that failed"]
    return HtmlTable(columns, rows, "Status of the segmentations")


def _alignments(alignment: Mapping[str, Mapping[str, RegionHeat]]) -> list[Plot]:
    shown_plots = []
    for number_, (explainer, regions) in enumerate(alignment.items()):
        rows = [(words(name), regions[name]) for name in _ordered(regions)]
        estimates = [
            (region, Estimate.between(heat.ratio, heat.ratio_low, heat.ratio_high, "unit"))
            for region, heat in rows
        ]
        if not any(estimate.value for _, estimate in estimates):
            continue
        description = "; ".join(
            f"{region} {estimate.both}" for region, estimate in estimates if estimate.value is not None
        )
        svg = plots.ratios(
            estimates,
            f"alignment-{number_}",
            title=f"Where the heat of {words(explainer)} lies",
            description=f"Heat over area by region: {description}.",
        )
        table = HtmlTable(
            [
                "region",
                "heat over area",
                "share of heat",
                "share of area",
                "hottest pixel there",
                "by chance",
                "images",
            ],
            [
                [
                    Cell(region, region),
                    Cell(estimate.text, estimate.value, estimate.interval, "right"),
                    number(heat.heat_share),
                    number(heat.area_share),
                    number(heat.pointing_rate),
                    number(heat.pointing_chance),
                    count(heat.images_with_region),
                ]
                for (region, heat), (_, estimate) in zip(rows, estimates, strict=True)
            ],
            f"Where the heat of {words(explainer)} lies",
        )
        note = "1: a region has as much heat as its area alone would get. Lines: 95% intervals."
        shown_plots.append(Plot(svg, f"Where the heat of {words(explainer)} lies", table, note))
    return shown_plots


def _ordered(regions: Iterable[str]) -> list[str]:
    """Regions from the nucleus outward, then those of plugins; JSON keeps no order."""
    return [*(name for name in _REGIONS if name in regions), *sorted(set(regions) - set(_REGIONS))]
