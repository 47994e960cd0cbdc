"""One recipe under several protocols, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leukokit.report.html import plots
from leukokit.report.html.estimate import Cell, Estimate, Plot, Scores, Table, count, estimated, number
from leukokit.report.html.text import known


@dataclass(frozen=True, slots=True)
class Protocols:
    """Scores under each protocol.

    Attributes
    ----------
    worst : tuple of str, Estimate and float, or None
        The protocol with the largest drop of accuracy, its accuracy, and the drop (negative: lower).
    """

    headline: str
    table: Table
    plot: Plot | None
    descriptions: Sequence[tuple[str, str]]
    worst: tuple[str, Estimate, float] | None


def protocols_of(metrics: Mapping[str, Any]) -> Protocols | None:
    """Read them from ``metrics.json``; None where the recipe was evaluated under one protocol only."""
    found = _listed(metrics.get("protocols"))
    if not found:
        return None
    headline = str(metrics.get("headline_protocol") or found[0][0])
    rows, dots, drops = [], [], []
    for name, facts in found:
        scores = Scores.of(name, facts.get("test") or {})
        accuracy = scores.estimates["accuracy"]
        drop = change(facts.get("drop"))
        shown = [
            estimated(scores.estimates.get(key, Estimate(None)))
            for key in ("accuracy", "macro_f1", "auc_ovo")
        ]
        rows.append(
            [
                Cell(name, name, str(facts.get("error") or ("headline" if name == headline else ""))),
                count(facts.get("folds")),
                count(facts.get("n_train")),
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
    table = Table(columns, rows, "One recipe under several protocols")
    plot = None
    if len(dots) > 1:
        svg = plots.dot_plot(
            dots,
            "protocols",
            title="Accuracy under each protocol",
            description="; ".join(f"{each.label}: {each.estimate.both}" for each in dots),
        )
        plot = Plot(svg, "Accuracy under each protocol", table)
    descriptions = [(name, str(facts.get("description") or "")) for name, facts in found]
    worst = min(drops, key=lambda each: each[2], default=None)
    return Protocols(headline, table, plot, [each for each in descriptions if each[1]], worst)


def _listed(protocols: object) -> list[tuple[str, Mapping[str, Any]]]:
    """Protocols in their order, whether ``metrics.json`` has a list of them or a mapping by name."""
    if isinstance(protocols, Mapping):
        return [(str(name), facts) for name, facts in protocols.items() if isinstance(facts, Mapping)]
    if isinstance(protocols, list):
        return [(str(facts.get("name")), facts) for facts in protocols if isinstance(facts, Mapping)]
    return []


def change(drop: object) -> float | None:
    """Change of accuracy against the first protocol: below zero where it is lower there."""
    if not isinstance(drop, Mapping):
        return None
    value = known(drop.get("accuracy"))
    return None if value is None else 0.0 - value
