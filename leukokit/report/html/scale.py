"""Scale of the images: how wide a pixel is, where that comes from, and whether classes differ in it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leukokit.api import RED_CELL_UM, ScaleSource
from leukokit.engine.finished_run import FinishedRun
from leukokit.number_text import NOTHING, counted, percent
from leukokit.report.html.audit_section import ShownFinding, Worry
from leukokit.report.html.estimate import Cell, HtmlTable, Plot, count, number
from leukokit.report.html.spread import Spread, spread_plot
from leukokit.report.html.text import whole

FILE = "scale.csv"
_CHECKS = ("scale spread", "scale mismatch")
_SOURCES = {
    ScaleSource.GIVEN.value: "given in the recipe",
    ScaleSource.FILE.value: "from the files or their table",
    ScaleSource.RED_CELLS.value: "measured on red cells",
    ScaleSource.NUCLEUS.value: "estimated from nuclei, too inaccurate for \N{MICRO SIGN}m",
    ScaleSource.UNKNOWN.value: "unknown",
}
_UNKNOWN = (ScaleSource.NUCLEUS.value, ScaleSource.UNKNOWN.value)
_ALL = "all images"


@dataclass(frozen=True, slots=True)
class ScaleOfRun:
    """What ``scale.csv`` tells.

    Attributes
    ----------
    sentences : sequence of str
        The scale in plain words.
    warnings : sequence of Worry
        Findings of the audit about scale that warn or fail.
    level : str
        The worst of them; empty where there is none.
    plot : Plot or None
        Diameter of the red cells by class; None where nothing was measured.
    by_class, sources : HtmlTable
    """

    sentences: Sequence[str]
    warnings: Sequence[Worry]
    level: str
    plot: Plot | None
    by_class: HtmlTable
    sources: HtmlTable


def scale_of(run: FinishedRun, findings: Sequence[ShownFinding]) -> ScaleOfRun | None:
    """Read it from a run directory; None where the run asked for no scale.

    Parameters
    ----------
    findings : sequence of ShownFinding
        Of the audit, in the order of the page.
    """
    table = run.table(FILE, ("id", "red_cell_px", "measured_px", "source"))
    if table is None or table.empty:
        return None
    table = table.assign(
        label=_labels(run, table["id"].tolist()),
        red_cell_px=_numbers(table["red_cell_px"]),
        measured_px=_numbers(table["measured_px"]),
        known=~table["source"].isin(_UNKNOWN),
    )
    warnings = [
        Worry(finding.level, finding.level_words, finding.title, f"#finding-{place}")
        for place, finding in enumerate(findings, start=1)
        if finding.check in _CHECKS and finding.level in ("warn", "fail")
    ]
    return ScaleOfRun(
        sentences=_sentences(table),
        warnings=warnings,
        level="fail" if any(warning.level == "fail" for warning in warnings) else "warn" if warnings else "",
        plot=_plot(table),
        by_class=_by_class(table),
        sources=_source_table(table),
    )


def _numbers(column: pd.Series) -> pd.Series:
    """Numbers of a column in which what is missing is an empty text."""
    return pd.to_numeric(column, errors="coerce").astype(np.float64)


def _labels(run: FinishedRun, ids: Sequence[str]) -> list[str]:
    """Class of each image, as far as the run's tables tell it."""
    known: Mapping[str, str] = {}
    if run.split is not None:
        known = dict(zip(run.split["id"].astype(str), run.split["label"].astype(str), strict=True))
    elif (facts := run.facts) is not None:
        known = dict(zip(facts["id"].astype(str), facts["label"].fillna("").astype(str), strict=True))
    return [known.get(str(name)) or _ALL for name in ids]


def _sentences(table: pd.DataFrame) -> list[str]:
    total, known = len(table), int(table["known"].sum())
    used = table.loc[table["known"], "red_cell_px"].dropna()
    said = []
    if len(used):
        px = float(used.median())
        said.append(
            f"A pixel is {_significant(RED_CELL_UM / px)} \N{MICRO SIGN}m wide: a red cell, "
            f"{RED_CELL_UM:g} \N{MICRO SIGN}m, measures {_significant(px)} px (medians)."
        )
    if known == total:
        said.append(f"The scale of all {counted(total, 'image')} is known.")
        return said
    said.append(
        f"The scale is not known for {whole(total - known)} of {counted(total, 'image')} "
        f"({percent((total - known) / total)}): they have no lengths in \N{MICRO SIGN}m."
    )
    guessed = int((table["source"] == ScaleSource.NUCLEUS.value).sum())
    if guessed:
        where = "In all of these" if guessed == total - known else f"In {whole(guessed)} of these"
        said.append(f"{where} it was estimated from the size of the nuclei, with errors of 20 to 60%.")
    return said


def _plot(table: pd.DataFrame) -> Plot | None:
    rows, described = [], []
    measured = table.assign(px=table["measured_px"].fillna(table["red_cell_px"].where(table["known"])))
    for label, group in measured.groupby("label", sort=True):
        values = group["px"].dropna().to_numpy()
        if not len(values):
            continue
        low, quarter, middle, three, high = (
            float(quantile) for quantile in np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
        )
        text = f"{_significant(middle)} px"
        rows.append(Spread(str(label), (low, quarter, middle, three, high), text))
        described.append(f"{label} {text}")
    if not rows:
        return None
    title = "Red cells by class" if len(rows) > 1 else "Red cells"
    svg = spread_plot(
        rows,
        "scale-by-class",
        unit="diameter of a red cell, px",
        title=title,
        description=f"Median diameter of a red cell: {'; '.join(described)}.",
    )
    note = (
        "Measured in each image. Point: median; bar: the middle half of the images; line: 5th to 95th "
        "percentile. Classes that lie apart can be told apart by magnification alone."
    )
    return Plot(svg, title, HtmlTable([], []), note)


def _by_class(table: pd.DataFrame) -> HtmlTable:
    rows = []
    for label, group in table.groupby("label", sort=True):
        px = group.loc[group["known"], "red_cell_px"].median()
        rows.append(
            [
                Cell(str(label), str(label)),
                count(len(group)),
                number(1 - group["known"].mean()),
                _cell(px),
                _cell(RED_CELL_UM / px if px else math.nan),
                _cell(group["measured_px"].median()),
            ]
        )
    columns = [
        "class",
        "images",
        "scale unknown",
        "red cell used, px",
        "\N{MICRO SIGN}m per px",
        "red cell measured, px",
    ]
    return HtmlTable(columns, rows, "Scale by class, medians")


def _source_table(table: pd.DataFrame) -> HtmlTable:
    tally = Counter(table["source"].astype(str))
    rows = [
        [Cell(_SOURCES.get(source, source), source), count(n), number(n / len(table))]
        for source, n in tally.most_common()
    ]
    return HtmlTable(["source", "images", "share"], rows, "Where the scale comes from")


def _cell(value: float) -> Cell:
    if not math.isfinite(value):
        return Cell(NOTHING, None, align="right")
    return Cell(_significant(value), value, align="right")


def _significant(value: float) -> str:
    """Three digits that count: ``25.4``, ``0.295``."""
    return f"{value:#.3g}".rstrip(".")
