"""What ``leukokit compare`` prints: tables that fit 80 columns and need no color."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from leukokit.cli._terminal import console, safe
from leukokit.compare import ChangedImage, ComparedRun, Comparison, PairComparison
from leukokit.compare.recipe_diff import ABSENT, ValueDifference
from leukokit.compare.statistics.all_tests import AnalysisUnit
from leukokit.compare.statistics.changes import ChangeKind
from leukokit.compare.verdict import p_text, signed
from leukokit.engine.data import SYNTHETIC_STAMP
from leukokit.notice import NOTICE

_SCORES = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "auc_ovo": "AUC one-vs-one",
    "auc_ovr": "AUC one-vs-rest",
}
_VERSIONS_SHOWN = 10
_VALUE_WIDTH = 60


def print_comparison(comparison: Comparison, *, limit: int | None) -> None:
    """Print on stdout.

    Parameters
    ----------
    comparison : Comparison
    limit : int or None
        Changed images listed for each pair; None for all.
    """
    out = console()
    if comparison.synthetic:
        out.print(Panel(Text(SYNTHETIC_STAMP, justify="center"), style="bold yellow", box=box.HEAVY))
    out.print(_head(comparison))
    for run in comparison.runs:
        out.print(safe(f"  {run.label}  {run.run.name}  {run.run.path}"), soft_wrap=True)
    for pair in comparison.pairs:
        out.print()
        if len(comparison.pairs) > 1:
            out.rule(f"{pair.second} against {pair.first}", style="dim")
        out.print(Text(safe(pair.verdict), style="bold"))
        out.print(_differences(pair))
        out.print(_tests(comparison, pair))
        out.print(_changed(comparison, pair, limit))
        out.print(_recipe(pair))
        out.print(_surroundings(pair, comparison.sample))
    out.print(_cost(comparison.runs))
    out.print(NOTICE, style="dim")


def _head(comparison: Comparison) -> str:
    rows = f"{comparison.n} {comparison.part} {comparison.sample}s"
    groups = f" in {comparison.groups} groups" if comparison.unit is AnalysisUnit.GROUP else ""
    return safe(f"Compared on the same {rows}{groups}; {comparison.runs[0].label} is the baseline.")


def _table(title: str, *columns: str, right: Sequence[int] = ()) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="italic", padding=(0, 1, 0, 0)
    )
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number in right else "left", overflow="fold")
    return table


def _differences(pair: PairComparison) -> Table:
    a, b = pair.first, pair.second
    table = _table("scores", "", a, b, f"{b} - {a}", "95 % interval", right=(1, 2, 3, 4))
    for key, shown in _SCORES.items():
        difference = pair.differences[key]
        interval = (
            ("cannot tell" if difference.unknown else "-")
            if difference.low is None or difference.high is None
            else f"[{difference.low:+.4f}, {difference.high:+.4f}]"
        )
        gap = "-" if difference.difference is None else signed(difference.difference)
        table.add_row(shown, _share(difference.first), _share(difference.second), gap, interval)
    return table


def _tests(comparison: Comparison, pair: PairComparison) -> RenderableType:
    a, b = pair.first, pair.second
    table = _table("tests", "of", "test", f"{b} - {a}", "p", "Holm p", right=(2, 3, 4))
    for test in sorted(pair.tests, key=lambda test: test.unit is not comparison.unit):
        read = test.unit is comparison.unit
        values = (test.about, test.method, signed(test.difference), p_text(test.p), p_text(test.p_holm))
        table.add_row(*(safe(value) for value in values), style=None if read else "dim")
    over = "group" if comparison.unit is AnalysisUnit.GROUP else comparison.sample
    lines = [
        f"Holm's adjustment is over the {sum(test.p is not None for test in comparison.family)} tests of "
        f"{over}s in this comparison."
    ]
    if comparison.unit is AnalysisUnit.GROUP:
        lines.append(
            f"Read the tests over groups: the others take every {comparison.sample} to be independent."
        )
    if len(comparison.negative) == 1 and len(comparison.classes) > 2:
        lines.append(
            f"AUC {comparison.negative[0]} is {comparison.negative[0]} against all other classes together."
        )
    if any(test.p is None for test in pair.tests):
        lines.append(f"-: these {comparison.sample}s cannot tell.")
    return Group(table, *(Text(f"  {safe(line)}", style="dim") for line in lines))


def _changed(comparison: Comparison, pair: PairComparison, limit: int | None) -> RenderableType:
    if not pair.changed:
        return Text(f"\nEvery {comparison.sample} is judged the same.")
    counts = pair.counts()
    classes = [name for name in comparison.classes if any(name in changes for changes in counts.values())]
    summary = _table(
        f"{len(pair.changed)} {comparison.sample}s are judged differently, by true class",
        f"{pair.first} to {pair.second}",
        *map(safe, classes),
        "all",
        right=range(1, len(classes) + 2),
    )
    for kind in ChangeKind:
        by_class = counts[kind.value]
        numbers = [by_class.get(name, 0) for name in classes]
        summary.add_row(kind.value, *(str(number) for number in (*numbers, sum(numbers))))
    parts: list[RenderableType] = [summary]
    if pair.concentrated:
        parts.append(Text(f"  {safe(pair.concentrated)}"))
    shown = pair.changed if limit is None else pair.changed[:limit]
    if shown:
        parts.append(_images(pair, shown, comparison.sample))
    if len(shown) < len(pair.changed):
        parts.append(Text(f"  {len(pair.changed) - len(shown)} more: --changed all lists them", style="dim"))
    return Group(*parts)


def _images(pair: PairComparison, shown: Sequence[ChangedImage], sample: str) -> Table:
    grouped = any(image.group for image in shown)
    columns = [sample, *(["group"] if grouped else []), "true", pair.first, pair.second]
    table = _table("which, each with the probability of the class it was given", *columns)
    kind: ChangeKind | None = None
    for image in shown:
        if image.kind is not kind:
            kind = image.kind
            table.add_row(Text(kind.value, style="italic"))
        name = image.id if image.fold is None else f"{image.id} ({image.fold})"
        group = [safe(image.group or "")] if grouped else []
        judged = (f"{image.first} {image.p_first:.2f}", f"{image.second} {image.p_second:.2f}")
        table.add_row(safe(name), *group, safe(image.true), *(safe(class_) for class_ in judged))
    return table


def _recipe(pair: PairComparison) -> RenderableType:
    if not pair.recipe:
        return Text("\nThe recipes are the same.")
    return _diff_table("recipes differ in", pair, pair.recipe)


def _diff_table(title: str, pair: PairComparison, rows: Sequence[ValueDifference]) -> Table:
    table = _table(title, "", pair.first, pair.second)
    for row in rows:
        table.add_row(safe(row.path), _value(row.first), _value(row.second))
    return table


def _value(value: Any) -> str:
    if value == ABSENT:
        return ABSENT
    if isinstance(value, dict) and "use" in value:
        value = value["use"]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return safe(text if len(text) <= _VALUE_WIDTH else f"{text[: _VALUE_WIDTH - 3]}...")


def _surroundings(pair: PairComparison, sample: str) -> RenderableType:
    parts: list[RenderableType] = []
    if pair.versions:
        parts.append(_diff_table("versions differ in", pair, pair.versions[:_VERSIONS_SHOWN]))
        if len(pair.versions) > _VERSIONS_SHOWN:
            more = len(pair.versions) - _VERSIONS_SHOWN
            parts.append(Text(f"  {more} more: --json lists them", style="dim"))
    data = pair.data
    if data.only_first or data.only_second or data.changed:
        parts.append(
            Text(
                f"  data sets differ: {data.only_first} {sample}s only in {pair.first}, "
                f"{data.only_second} only in {pair.second}, {data.changed} of the same id with other bytes"
            )
        )
    if not data.same_training:
        parts.append(
            Text(
                f"  training parts differ: {data.trained[0]} {sample}s in {pair.first}, "
                f"{data.trained[1]} {sample}s in {pair.second}"
            )
        )
    return Group(*parts)


def _cost(runs: Sequence[ComparedRun]) -> Table:
    table = _table("cost", "", *(run.label for run in runs), right=range(1, len(runs) + 1))
    table.add_row("seconds, whole run", *(_seconds(run.cost.seconds) for run in runs))
    stages = dict.fromkeys(name for run in runs for name in run.cost.stages)
    for name in stages:
        table.add_row(safe(f"  {name}"), *(_seconds(run.cost.stages.get(name)) for run in runs))
    table.add_row("steps from the cache", *(str(len(run.cost.cached)) for run in runs))
    table.add_row("size of the model", *(_size(run.cost.model_bytes) for run in runs))
    table.add_row("features", *("-" if run.cost.features is None else str(run.cost.features) for run in runs))
    table.add_row("workers", *("-" if run.cost.workers is None else str(run.cost.workers) for run in runs))
    return table


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _size(value: int | None) -> str:
    return "-" if value is None else f"{value / 1e6:.1f} MB" if value >= 100_000 else f"{value / 1e3:.1f} kB"
