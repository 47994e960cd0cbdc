"""One recipe under several protocols, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leukokit.record.metrics import Metrics, Protocol
from leukokit.report.html import plots
from leukokit.report.html.estimate import Cell, Estimate, HtmlTable, Plot, Scores, count, estimated, number


@dataclass(frozen=True, slots=True)
class Protocols:
    """Scores under each protocol.

    Attributes
    ----------
    worst : tuple of str, Estimate and float, or None
        The protocol with the largest drop of accuracy, its accuracy, and the drop (negative: lower).
    """

    headline: str
    table: HtmlTable
    plot: Plot | None
    descriptions: Sequence[tuple[str, str]]
    worst: tuple[str, Estimate, float] | None


def protocols_of(metrics: Metrics) -> Protocols | None:
    """Read them; None where the recipe was evaluated under one protocol only. The first is the headline's."""
    if not metrics.protocols:
        return None
    headline = metrics.protocols[0].name
    rows, dots, drops = [], [], []
    for protocol in metrics.protocols:
        name = protocol.name
        scores = Scores.of(name, protocol.test)
        accuracy = scores.estimates["accuracy"]
        drop = change(protocol)
        shown = [
            estimated(scores.estimates.get(key, Estimate(None)))
            for key in ("accuracy", "macro_f1", "auc_ovo")
        ]
        rows.append(
            [
                Cell(name, name, protocol.error or ("headline" if name == headline else "")),
                count(protocol.folds),
                count(protocol.n_train),
                count(scores.n or None),
                *shown,
                number(drop, "points"),
            ]
        )
        dots.append(plots.Point(name, accuracy, "c0" if name == headline else "c4"))
        if drop is not None and drop < 0:
            drops.append((name, accuracy, drop))
    columns = [
        "protocol",
        "folds",
        "train",
        "test",
        "Accuracy",
        "Macro F1",
        "AUC, one-vs-one",
        "change of accuracy, points",
    ]
    table = HtmlTable(columns, rows, "One recipe under several protocols")
    plot = None
    if len(dots) > 1:
        svg = plots.dot_plot(
            dots,
            "protocols",
            title="Accuracy under each protocol",
            description="; ".join(f"{dot.label}: {dot.estimate.both}" for dot in dots),
        )
        plot = Plot(svg, "Accuracy under each protocol", table)
    descriptions = [
        (protocol.name, protocol.description) for protocol in metrics.protocols if protocol.description
    ]
    worst = min(drops, key=lambda drop: drop[2], default=None)
    return Protocols(headline, table, plot, descriptions, worst)


def change(protocol: Protocol) -> float | None:
    """Change of accuracy against the first protocol: below zero where it is lower there."""
    drop = protocol.drop
    return None if drop is None or drop.accuracy is None else 0.0 - drop.accuracy
