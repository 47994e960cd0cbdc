"""Operating point, calibration, coverage and training: what is drawn as curves, with the numbers beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from leukokit.report.html import plots
from leukokit.report.html.estimate import Cell, Estimate, Plot, Table, count, number
from leukokit.report.html.text import counted, known, percent, short, unit

_METHODS = {
    "none": "as the model gives them",
    "temperature": "temperature scaling",
    "isotonic": "isotonic regression",
}
_RATES = (
    ("sensitivity", "Sensitivity"),
    ("specificity", "Specificity"),
    ("ppv", "Positive predictive value"),
    ("npv", "Negative predictive value"),
)


@dataclass(frozen=True, slots=True)
class Operating:
    """Sensitivity and specificity where several classes are asked as one question.

    Attributes
    ----------
    rates : Table
        Rates with intervals and the counts they are made of.
    """

    negative: str
    positive: str
    sensitivity: Estimate
    specificity: Estimate
    auc: Estimate
    sentence: str
    rates: Table
    plot: Plot | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether a probability of 90% is right in 90 of 100 images."""

    sentence: str
    table: Table
    plots: Sequence[tuple[Plot, bool]]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is gained when the model leaves its unsure images to an expert."""

    sentence: str
    aurc: str
    plot: Plot


def operating_of(facts: object, part: str) -> Operating | None:
    """Read the operating point of a part; None where there is none."""
    if not isinstance(facts, Mapping) or not facts:
        return None
    negative, positive = (either(facts.get(key) or ()) for key in ("negative", "positive"))
    found = {key: Estimate.inside(facts.get(key)) for key, _ in _RATES}
    auc = Estimate.inside(facts.get("auc"), "unit")
    rows = []
    for key, words in _RATES:
        each = found[key]
        n = (facts.get(key) or {}).get("n")
        rows.append([Cell(words, words), Cell(each.text, each.value, each.interval, "right"), count(n)])
    rows.append([Cell("AUC", "AUC"), Cell(auc.text, auc.value, auc.interval, "right"), count(None)])
    sensitivity, specificity = found["sensitivity"], found["specificity"]
    curve = [
        (1 - specific, sensitive)
        for point in facts.get("roc") or ()
        if (specific := known(point.get("specificity"))) is not None
        and (sensitive := known(point.get("sensitivity"))) is not None
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
        table = Table(
            ["threshold", "sensitivity", "specificity"],
            [
                [
                    Cell(short(point.get("threshold")), known(point.get("threshold")), align="right"),
                    number(point.get("sensitivity")),
                    number(point.get("specificity")),
                ]
                for point in facts.get("roc") or ()
            ],
            "Points of the curve",
        )
        plot = Plot(svg, "ROC curve", table)
    rates = Table(["rate", "value", "images"], rows, f"At the operating point, {part} part")
    return Operating(negative, positive, sensitivity, specificity, auc, _chosen(facts), rates, plot)


def either(names: Iterable[object]) -> str:
    """Say ``a, b or c``."""
    *first, last = [str(name) for name in names] or [""]
    return f"{', '.join(first)} or {last}" if first else last


def _chosen(facts: Mapping[str, Any]) -> str:
    text = f"Positive where the probabilities of these classes sum to {unit(facts.get('threshold'))} or more"
    target = facts.get("target")
    if facts.get("chosen_on") and facts["chosen_on"] != "fixed":
        aims = ", ".join(f"{key} of {percent(value, 0)}" for key, value in (target or {}).items())
        return f"{text}; chosen on the {facts['chosen_on']} part" + (f" for a {aims}." if aims else ".")
    return f"{text}; the threshold was fixed beforehand."


def calibration_of(facts: object, part: str) -> Calibration | None:
    """Read the calibration of a part; None where there is none."""
    if not isinstance(facts, Mapping) or not facts.get("methods"):
        return None
    applied = str(facts.get("applied") or "none")
    rows, drawn = [], []
    methods = facts["methods"]
    for name in [*(name for name in _METHODS if name in methods), *sorted(set(methods) - set(_METHODS))]:
        each = methods[name]
        if not isinstance(each, Mapping):
            continue
        words = _METHODS.get(str(name), str(name))
        ece = Estimate.of(each.get("ece"), {"low": each.get("ece_low"), "high": each.get("ece_high")})
        rows.append(
            [
                Cell(words, words, "applied" if name == applied else ""),
                Cell(ece.text, ece.value, ece.interval, "right"),
                number(each.get("brier"), "unit"),
                number(each.get("log_loss"), "unit"),
                number(each.get("accuracy")),
            ]
        )
        if bins := [one for one in each.get("bins") or () if known(one.get("n"))]:
            drawn.append((_reliability(str(name), words, ece, bins, part), name == applied))
    columns = ["probabilities", "expected calibration error", "Brier score", "log loss", "accuracy"]
    table = Table(columns, rows, f"Calibration, {part} part")
    sentence = (
        "The run leaves probabilities as the model gives them"
        if applied == "none"
        else f"The run applies {_METHODS.get(applied, applied)}"
    )
    if facts.get("fitted_on"):
        sentence += f"; corrections were fitted on the {facts['fitted_on']} part"
    if (temperature := known(facts.get("temperature"))) is not None:
        leaning = "too sure" if temperature > 1 else "too unsure"
        sentence += f". The temperature is {temperature:.2f}: uncorrected, the model is {leaning}"
    return Calibration(f"{sentence}.", table, drawn, [str(note) for note in facts.get("notes") or ()])


def _reliability(name: str, words: str, ece: Estimate, bins: Sequence[Mapping[str, Any]], part: str) -> Plot:
    total = sum(float(each["n"]) for each in bins)
    points = [
        (
            known(each.get("confidence")) or 0.0,
            Estimate.of(
                each.get("accuracy"), {"low": each.get("accuracy_low"), "high": each.get("accuracy_high")}
            ),
            float(each["n"]) / total,
        )
        for each in bins
    ]
    table = Table(
        ["confidence", "images", "accuracy"],
        [
            [number(x), count(each["n"]), Cell(y.text, y.value, y.interval, "right")]
            for (x, y, _), each in zip(points, bins, strict=True)
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


def coverage_of(facts: object, part: str) -> Coverage | None:
    """Read coverage against risk of a part; None where there is none."""
    if not isinstance(facts, Mapping) or not facts.get("curve"):
        return None
    curve = [
        (x, y)
        for point in facts["curve"]
        if (x := known(point.get("coverage"))) is not None and (y := known(point.get("risk"))) is not None
    ]
    refer = facts.get("refer") if isinstance(facts.get("refer"), Mapping) else {}
    assert isinstance(refer, Mapping)
    kept, risk = Estimate.inside(refer.get("coverage")), Estimate.inside(refer.get("risk"))
    sentence = "No referral threshold was chosen."
    if refer and kept.value is not None:
        sentence = (
            f"Below a probability of {unit(refer.get('threshold'))} an image goes to an expert: "
            f"{short(refer.get('referred'))} of the images, among them {short(refer.get('errors_referred'))} "
            f"of the {short((refer.get('errors_referred') or 0) + (refer.get('errors_kept') or 0))} errors. "
            f"Of the rest, which are {kept.both} of all, {risk.both} are wrong"
        )
        target = known(refer.get("target_risk"))
        if target is not None:
            sentence += (
                f"; the threshold was chosen on the {refer.get('chosen_on')} part "
                f"for a risk of {percent(target)}"
            )
        sentence += "."
    table = Table(
        ["threshold", "coverage", "risk"],
        [
            [
                Cell(unit(point.get("threshold")), known(point.get("threshold")), align="right"),
                number(point.get("coverage")),
                number(point.get("risk")),
            ]
            for point in facts["curve"]
        ],
        "Points of the curve",
    )
    svg = plots.coverage(
        curve, kept, risk, f"coverage-{part}", title="Coverage against risk", description=sentence
    )
    return Coverage(sentence, unit(facts.get("aurc")), Plot(svg, "Coverage against risk", table))


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
            for value in (each.item() if hasattr(each, "item") else each for each in row)
        ]
        for row in history.itertuples(index=False)
    ]
    table = Table([name.replace("_", " ") for name in columns], rows, "Epochs")
    return Plot(svg, "Accuracy over epochs", table)
