"""Operating point, calibration, coverage and training: what is drawn as curves, with the numbers beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from leukokit.number_text import joined
from leukokit.record import scores as record
from leukokit.report.html import plots
from leukokit.report.html.estimate import Cell, Estimate, HtmlTable, Plot, count, number
from leukokit.report.html.text import counted, known, percent, short, unit

_METHODS = {
    "none": "as the model gives them",
    "temperature": "temperature scaling",
    "isotonic": "isotonic regression",
}


@dataclass(frozen=True, slots=True)
class Operating:
    """Sensitivity and specificity where several classes are asked as one question.

    Attributes
    ----------
    rates : HtmlTable
        Rates with intervals and the counts they are made of.
    """

    negative: str
    positive: str
    sensitivity: Estimate
    specificity: Estimate
    auc: Estimate
    sentence: str
    rates: HtmlTable
    plot: Plot | None


@dataclass(frozen=True, slots=True)
class ShownCalibration:
    """Whether a probability of 90% is right in 90 of 100 images."""

    sentence: str
    table: HtmlTable
    plots: Sequence[tuple[Plot, bool]]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class ShownCoverage:
    """What is gained when the model leaves its unsure images to an expert."""

    sentence: str
    aurc: str
    plot: Plot


def operating_of(point: record.OperatingPoint | None, part: str, counted_as: str) -> Operating | None:
    """Show the operating point of a part; None where there is none.

    Parameters
    ----------
    counted_as : str
        What is counted, such as ``images``.
    """
    if point is None:
        return None
    negative, positive = joined(point.negative), joined(point.positive)
    sensitivity, specificity = Estimate.measured(point.sensitivity), Estimate.measured(point.specificity)
    auc = Estimate.measured(point.auc, "unit")
    rows = []
    for words, rate in (
        ("Sensitivity", point.sensitivity),
        ("Specificity", point.specificity),
        ("Positive predictive value", point.ppv),
        ("Negative predictive value", point.npv),
    ):
        estimate = Estimate.measured(rate)
        shown = Cell(estimate.text, estimate.value, estimate.interval, "right")
        rows.append([Cell(words, words), shown, count(None if rate is None else rate.n)])
    rows.append([Cell("AUC", "AUC"), Cell(auc.text, auc.value, auc.interval, "right"), count(None)])
    curve = [
        (1 - corner.specificity, corner.sensitivity)
        for corner in point.roc
        if corner.specificity is not None and corner.sensitivity is not None
    ]
    plot = None
    if curve:
        description = (
            f"Sensitivity against 1 minus specificity; the area under the curve is {auc.both}. "
            f"At the operating point sensitivity is {sensitivity.both} and specificity {specificity.both}."
        )
        svg = plots.roc(
            curve, sensitivity, specificity, f"roc-{part}", title="ROC curve", description=description
        )
        table = HtmlTable(
            ["threshold", "sensitivity", "specificity"],
            [
                [
                    Cell(short(step.threshold), step.threshold, align="right"),
                    number(step.sensitivity),
                    number(step.specificity),
                ]
                for step in point.roc
            ],
            "Points of the curve",
        )
        plot = Plot(svg, "ROC curve", table)
    rates = HtmlTable(["rate", "value", counted_as], rows, f"At the operating point, {part} part")
    return Operating(negative, positive, sensitivity, specificity, auc, _chosen(point), rates, plot)


def _chosen(point: record.OperatingPoint) -> str:
    text = f"Positive where the probabilities of these classes sum to {unit(point.threshold)} or more"
    if point.chosen_on and point.chosen_on != "fixed":
        aim = f" for a sensitivity of {percent(point.target.sensitivity, 0)}" if point.target else ""
        return f"{text}; chosen on the {point.chosen_on} part{aim}."
    return f"{text}; the threshold was fixed beforehand."


def calibration_of(calibration: record.Calibration | None, part: str, sample: str) -> ShownCalibration | None:
    """Show the calibration of a part; None where there is none."""
    if calibration is None or not calibration.methods:
        return None
    applied, methods = calibration.applied, calibration.methods
    rows, drawn = [], []
    for name in [*(name for name in _METHODS if name in methods), *sorted(set(methods) - set(_METHODS))]:
        method = methods[name]
        words = _METHODS.get(name, name)
        ece = Estimate.between(method.ece, method.ece_low, method.ece_high)
        rows.append(
            [
                Cell(words, words, "applied" if name == applied else ""),
                Cell(ece.text, ece.value, ece.interval, "right"),
                number(method.brier, "unit"),
                number(method.log_loss, "unit"),
                number(method.accuracy),
            ]
        )
        if bins := [one for one in method.bins if one.n]:
            drawn.append((_reliability(name, words, ece, bins, part, sample), name == applied))
    columns = ["probabilities", "expected calibration error", "Brier score", "log loss", "accuracy"]
    table = HtmlTable(columns, rows, f"Calibration, {part} part")
    sentence = (
        "The run leaves probabilities as the model gives them"
        if applied == "none"
        else f"The run applies {_METHODS.get(applied, applied)}"
    )
    if calibration.fitted_on:
        sentence += f"; corrections were fitted on the {calibration.fitted_on} part"
    if (temperature := calibration.temperature) is not None:
        leaning = "too sure" if temperature > 1 else "too unsure"
        sentence += f". The temperature is {temperature:.2f}: uncorrected, the model is {leaning}"
    return ShownCalibration(f"{sentence}.", table, drawn, calibration.notes)


def _reliability(
    name: str, words: str, ece: Estimate, bins: Sequence[record.Bin], part: str, sample: str
) -> Plot:
    total = sum(shown_bin.n for shown_bin in bins)
    points = [
        (
            shown_bin.confidence or 0.0,
            Estimate.between(shown_bin.accuracy, shown_bin.accuracy_low, shown_bin.accuracy_high),
            shown_bin.n / total,
        )
        for shown_bin in bins
    ]
    table = HtmlTable(
        ["confidence", f"{sample}s", "accuracy"],
        [
            [number(x), count(shown_bin.n), Cell(y.text, y.value, y.interval, "right")]
            for (x, y, _), shown_bin in zip(points, bins, strict=True)
        ],
        f"Bins: {words}",
    )
    description = (
        f"Accuracy against confidence in {counted(len(bins), 'bin')}; the calibration error is {ece.both}."
    )
    svg = plots.reliability(
        points, f"reliability-{part}-{name}", title=f"Reliability, {words}", description=description
    )
    return Plot(svg, words, table, f"calibration error {ece.both}")


def coverage_of(coverage: record.Coverage | None, part: str, sample: str) -> ShownCoverage | None:
    """Show coverage against risk of a part; None where there is none."""
    if coverage is None or not coverage.curve:
        return None
    curve = [
        (point.coverage, point.risk)
        for point in coverage.curve
        if point.coverage is not None and point.risk is not None
    ]
    refer = coverage.refer or record.Referral()
    kept, risk = Estimate.measured(refer.coverage), Estimate.measured(refer.risk)
    sentence = "No referral threshold was chosen."
    article = "an" if sample == "image" else "a"
    if kept.value is not None:
        sentence = (
            f"Below a probability of {unit(refer.threshold)} {article} {sample} goes to an expert: "
            f"{short(refer.referred)} of the {sample}s, among them {short(refer.errors_referred)} "
            f"of the {short((refer.errors_referred or 0) + (refer.errors_kept or 0))} errors. "
            f"Of the rest, which are {kept.both} of all, {risk.both} are wrong"
        )
        if refer.target_risk is not None:
            sentence += (
                f"; the threshold was chosen on the {refer.chosen_on} part "
                f"for a risk of {percent(refer.target_risk)}"
            )
        sentence += "."
    table = HtmlTable(
        ["threshold", "coverage", "risk"],
        [
            [
                Cell(unit(point.threshold), point.threshold, align="right"),
                number(point.coverage),
                number(point.risk),
            ]
            for point in coverage.curve
        ],
        "Points of the curve",
    )
    svg = plots.coverage(
        curve, kept, risk, f"coverage-{part}", title="Coverage against risk", description=sentence
    )
    return ShownCoverage(sentence, unit(coverage.aurc), Plot(svg, "Coverage against risk", table))


def training_of(history: pd.DataFrame | None) -> Plot | None:
    """Accuracy over epochs, from ``training/history.csv``; None where the classifier writes none."""
    if history is None or "accuracy" not in history or len(history) < 2:
        return None
    lines = []
    for label, color, column in (("training", "c0", "accuracy"), ("validation", "c4", "validation_accuracy")):
        values = [known(value) for value in history[column].tolist()] if column in history else []
        if values and None not in values:
            lines.append((label, color, [value for value in values if value is not None]))
    if not lines:
        return None
    last = ", ".join(f"{label} {percent(values[-1])}" for label, _, values in lines)
    svg = plots.curves(lines, "training", title="Accuracy over epochs", description=f"At the end: {last}.")
    columns = [str(name) for name in history.columns]
    rows = [
        [
            Cell(short(value), known(value), align="right" if known(value) is not None else "left")
            for value in (cell.item() if hasattr(cell, "item") else cell for cell in row)
        ]
        for row in history.itertuples(index=False)
    ]
    table = HtmlTable([name.replace("_", " ") for name in columns], rows, "Epochs")
    return Plot(svg, "Accuracy over epochs", table)
