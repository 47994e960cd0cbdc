"""What ``leukokit run`` prints at its end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from leukokit.api import Status
from leukokit.cli._groups import group_lines, groups_table, subgroup_tables
from leukokit.cli._probability_lines import probability_lines
from leukokit.cli._protocols import protocols_table, with_bounds
from leukokit.cli._verdict_lines import verdict_table
from leukokit.engine.run_directory import is_closed
from leukokit.engine.run_result import RunResult
from leukokit.notice import NOTICE
from leukokit.record.scores import PartScores
from leukokit.report.status_words import SHORT_WORDS

_SCORES = (
    ("accuracy", "accuracy"),
    ("macro_f1", "macro F1"),
    ("auc_ovo", "AUC one-vs-one"),
    ("auc_ovr", "AUC one-vs-rest"),
)


def print_summary(result: RunResult, *, as_json: bool, explain_plan: bool) -> None:
    """Print scores and the run directory on stdout; reasons, where asked for, on stderr."""
    console = Console(highlight=False)
    if explain_plan:
        Console(stderr=True, highlight=False).print(_reasons(result))
    verdict = result.verdict
    if as_json:
        path = str(result.path) if is_closed(result.path) else None
        facts = {
            "path": path,
            "exit_code": result.exit_code,
            "metrics": result.metrics,
            "verdict": None if verdict is None else verdict.plain(),
        }
        print(json.dumps(facts, indent=2, sort_keys=True))
        return
    if result.stamp:
        console.print(Panel(Text(result.stamp, justify="center"), style="bold yellow", box=box.HEAVY))
    metrics = result.record
    named = (("validation", metrics.validation), ("test", metrics.test))
    parts = {name: scores for name, scores in named if scores is not None}
    if metrics.by_group is not None:
        console.print(groups_table(metrics.by_group))
        for line in group_lines(metrics.by_group):
            console.print(escape(line))
    if parts:
        console.print(_scores(result.recipe.model.name, parts))
        for line in probability_lines(metrics.test):
            console.print(escape(line))
    for table in subgroup_tables(metrics.subgroups or {}):
        console.print(table)
    if metrics.protocols is not None:
        console.print(protocols_table(metrics.protocols))
        left_out = {one.name: one.left_out for one in metrics.protocols[1:] if one.left_out is not None}
        for table in subgroup_tables(left_out):
            console.print(table)
    if metrics.segmentation is not None:
        outlined = {role: one for role, one in metrics.segmentation.items() if "dice_mean" in one}
        boxed = {role: one for role, one in metrics.segmentation.items() if "dice_mean" not in one}
        if outlined:
            console.print(_segmentation(outlined))
        if (objects := object_table(outlined)) is not None:
            console.print(objects)
        if boxed:
            console.print(_boxes(boxed))
    if (failures := segmentation_failures(result.folds[0].images.status)) is not None:
        console.print(failures)
    if not parts and len(result.features.columns):
        console.print(f"{result.features.shape[1]} features of {result.features.shape[0]} images")
    if verdict is not None:
        console.print()
        console.print(verdict_table(verdict))
        console.print()
    report = result.path / "report.html"
    if report.exists():
        console.print(f"report: {escape(str(report))}", soft_wrap=True)
    if is_closed(result.path):
        console.print(f"run directory: {escape(str(result.path))}", soft_wrap=True)
    console.print(NOTICE, style="dim")


def _scores(title: str, parts: Mapping[str, PartScores]) -> Table:
    table = Table(box=box.SIMPLE, title=escape(title), title_justify="left")
    table.add_column("")
    for name, scores in parts.items():
        table.add_column(f"{name} (n = {scores.n})", justify="right")
    for key, shown in _SCORES:
        table.add_row(shown, *(with_bounds(scores, key) for scores in parts.values()))
    return table


def _segmentation(scores: Mapping[str, Mapping[str, float | None]]) -> Table:
    table = Table(
        box=box.SIMPLE, title="agreement with the true masks", title_justify="left", padding=(0, 1, 0, 0)
    )
    names = ("dice_mean", "dice_median", "dice_p10", "iou_mean", "iou_median", "iou_p10")
    for name in ("", *names, "images", "failures"):
        shown = (
            name.replace("dice", "Dice").replace("iou", "IoU").replace("failures", "failed").replace("_", " ")
        )
        table.add_column(shown, justify="right" if name else "left", no_wrap=not name)
    for role, values in scores.items():
        numbers = ["-" if (value := values.get(name)) is None else f"{value:.3f}" for name in names]
        counts = [f"{values.get(name) or 0:.0f}" for name in ("images", "failures")]
        table.add_row(role, *numbers, *counts)
    return table


def object_table(scores: Mapping[str, Mapping[str, float | None]]) -> Table | None:
    """Objects of the masks and those found, at an IoU of .5; None where no role has any."""
    roles = {role: values for role, values in scores.items() if values.get("f1") is not None}
    if not roles:
        return None
    table = Table(
        box=box.SIMPLE,
        title="single objects, alike at an IoU of .5",
        title_justify="left",
        padding=(0, 1, 0, 0),
    )
    for name in ("", "true", "found", "precision", "recall", "F1"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for role, values in roles.items():
        counts = [f"{values.get(name) or 0:.0f}" for name in ("objects_true", "objects_found")]
        shares = [f"{values.get(name) or 0:.3f}" for name in ("precision", "recall", "f1")]
        table.add_row(role, *counts, *shares)
    return table


def _boxes(scores: Mapping[str, Mapping[str, float | None]]) -> Table:
    table = Table(
        box=box.SIMPLE, title="agreement with the true boxes", title_justify="left", padding=(0, 1, 0, 0)
    )
    names = {
        "recall": "recall",
        "precision": "precision",
        "f1": "F1",
        "f1_50_95": "F1 .5-.95",
        "count_error": "count off by",
    }
    for name in ("", "true", "found", *names.values()):
        table.add_column(name, justify="right" if name else "left", no_wrap=not name)
    for role, values in scores.items():
        counts = [f"{values.get(name) or 0:.0f}" for name in ("objects_true", "objects_found")]
        numbers = ["-" if (value := values.get(name)) is None else f"{value:.3f}" for name in names]
        table.add_row(role.removesuffix("_box"), *counts, *numbers)
    return table


def segmentation_failures(status: Mapping[str, Status]) -> str | None:
    """Say in how many images nothing was measured, and why; None where there are none."""
    counts = Counter(status.values())
    kinds = [status for status in Status if status is not Status.OK and counts[status]]
    if not kinds:
        return None
    total = sum(counts[status] for status in kinds)
    whys = ", ".join(f"{SHORT_WORDS[status]} in {counts[status]:,}" for status in kinds)
    return f"segmentation failed in {total:,} of {len(status):,} images ({total / len(status):.1%}): {whys}"


def _reasons(result: RunResult) -> Table:
    table = Table(box=box.SIMPLE, title="why each step ran", title_justify="left")
    for name in ("step", "what it did", "why"):
        table.add_column(name, overflow="fold")
    for reason in result.reasons:
        table.add_row(escape(reason.step), reason.did, escape(reason.why))
    return table
