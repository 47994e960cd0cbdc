"""What ``leukokit audit`` prints: findings by severity, probes beside the model, the most telling pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from leukokit.audit.findings import AuditLevel, CheckFinding, ListedPair, TableCell
from leukokit.cli._terminal import console as make_console
from leukokit.cli._terminal import safe
from leukokit.notice import NOTICE
from leukokit.verdict.probe_sentences import beside_probes

if TYPE_CHECKING:
    from leukokit.audit.findings import CheckTable
    from leukokit.audit.probes.probe import ProbeResult
    from leukokit.audit.run import Audit

_SHOWN_PAIRS = 5
_BAR = 20

_GLYPHS = {AuditLevel.OK: "✓", AuditLevel.WARN: "▲", AuditLevel.FAIL: "✗", AuditLevel.SKIPPED: "–"}  # noqa: RUF001
_ASCII = {AuditLevel.OK: "+", AuditLevel.WARN: "!", AuditLevel.FAIL: "x", AuditLevel.SKIPPED: "-"}
_STYLES = {
    AuditLevel.OK: "green",
    AuditLevel.WARN: "bold yellow",
    AuditLevel.FAIL: "bold red",
    AuditLevel.SKIPPED: "dim",
}


def print_audit(audit: Audit, *, name: str) -> None:
    """Print an audit on stdout."""
    console: Console = make_console()
    plain = console.options.ascii_only
    console.print()
    console.print(_headline(audit, name, plain))
    if audit.synthetic:
        console.print(Text("SYNTHETIC SMEARS, NOT REAL DATA", style="bold yellow"))
    console.print()
    console.print(_findings(audit.findings, plain))
    if audit.probes:
        console.print()
        console.print(_probes(audit, plain))
        console.print(Padding(Text(_explained(audit), style="dim"), (0, 0, 0, 2)))
    console.print()
    console.print(Text(NOTICE, style="dim"))


def _word(level: AuditLevel, plain: bool) -> Text:
    return Text(f"{(_ASCII if plain else _GLYPHS)[level]} {level.value}", style=_STYLES[level])


def _headline(audit: Audit, name: str, plain: bool) -> Text:
    text = Text.assemble(_word(audit.level, plain), "  ", (safe(name), "bold"), f"  {audit.images} images")
    if audit.split is not None:
        sizes = ", ".join(f"{part} {count}" for part, count in audit.split.parts.items())
        text.append(f", split {safe(audit.split.name or '')}: {sizes}")
    levels = [*(judged.level for judged in audit.findings), *(judged.level for judged in audit.probes)]
    counts = [
        (level, levels.count(level))
        for level in (AuditLevel.FAIL, AuditLevel.WARN, AuditLevel.OK, AuditLevel.SKIPPED)
    ]
    text.append("\n" + ", ".join(f"{count} {level.value}" for level, count in counts if count), style="dim")
    return text


def _findings(findings: Sequence[CheckFinding], plain: bool) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, min_width=9)
    table.add_column(ratio=1)
    for finding in findings:
        serious = finding.level.rank >= AuditLevel.WARN.rank
        parts: list[RenderableType] = [Text(safe(_sentence(finding.title)), style="bold" if serious else "")]
        if serious or finding.level is AuditLevel.SKIPPED:
            parts.append(Text(safe(finding.text)))
        if serious and finding.table is not None:
            parts.append(_table(finding.table))
        if serious and finding.pairs:
            parts.append(_pairs(finding, plain))
        if serious:
            parts.append(Text())
        table.add_row(_word(finding.level, plain), Group(*parts))
    return table


def _sentence(title: str) -> str:
    return title[:1].upper() + title[1:]


def _table(given: CheckTable) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, header_style="dim")
    for i, column in enumerate(given.columns):
        numbers = all(isinstance(row[i], (int, float)) or row[i] is None for row in given.rows)
        table.add_column(Text(safe(column)), justify="right" if numbers else "left")
    for row in given.rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    return table


def _cell(value: TableCell) -> str:
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) and abs(value) < 100 else safe(value)


def _pairs(finding: CheckFinding, plain: bool) -> Text:
    count = len(finding.pairs) if finding.pair_count is None else finding.pair_count
    lines = [_pair(pair, plain) for pair in finding.pairs[:_SHOWN_PAIRS]]
    if count > len(lines):
        lines.append(f"and {count - len(lines)} more; --json lists the first 200")
    return Text("\n".join(lines))


def _pair(pair: ListedPair, plain: bool) -> str:
    facts = [pair.kind]
    if pair.transform != "identity":
        facts.append(pair.transform.replace("_", " "))
    if pair.overlap is not None and pair.kind == "overlap":
        facts.append(f"{pair.overlap:.0%} in common")
    if pair.part_a and pair.part_b and pair.part_a != pair.part_b:
        facts.append(f"{pair.part_a} and {pair.part_b}")
    if pair.label_a != pair.label_b:
        facts.append(f"{pair.label_a} and {pair.label_b}")
    return safe(f"{pair.a} {'=' if plain else '↔'} {pair.b}  ({', '.join(facts)})")


def _probes(audit: Audit, plain: bool) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
        title="What the class can be told from without looking at cells",
        title_justify="left",
        title_style="bold",
        header_style="dim",
    )
    table.add_column("probe", no_wrap=True)
    table.add_column("accuracy", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("of gain", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    model = audit.model
    chance = audit.probes[0].chance
    if model is not None:
        interval = _interval(model.low, model.high)
        bar = _bar(model.accuracy, chance, plain)
        table.add_row(f"model: {safe(model.name)}", f"{model.accuracy:.3f}", interval, bar, "100%", "")
    for probe in audit.probes:
        table.add_row(*_probe(probe, plain))
    table.add_row("chance", f"{chance:.3f}", "", _bar(chance, chance, plain), "", "")
    return table


def _probe(probe: ProbeResult, plain: bool) -> tuple[str, str, str, str, str, Text]:
    share = "" if probe.share_of_gain is None else f"{probe.share_of_gain:.0%}"
    shown = "-" if probe.accuracy is None else f"{probe.accuracy:.3f}"
    bar = _bar(probe.accuracy or 0.0, probe.chance, plain)
    interval = "" if probe.accuracy is None else _interval(probe.low, probe.high)
    return probe.name, shown, interval, bar, share, _word(probe.level, plain)


def _interval(low: float | None, high: float | None) -> str:
    return "cannot tell" if low is None or high is None else f"{low:.3f}-{high:.3f}"


def _bar(value: float, chance: float, plain: bool) -> str:
    """Draw a value in 0..1 with a mark at chance."""
    full, mark = ("#", "|") if plain else ("█", "┊")
    filled = round(value * _BAR)
    cells = [full if i < filled else " " for i in range(_BAR)]
    place = min(round(chance * _BAR), _BAR - 1)
    if place >= filled:
        cells[place] = mark
    return "".join(cells)


def _explained(audit: Audit) -> str:
    lines = [f"{probe.name}: {safe(probe.what)}" for probe in audit.probes]
    if audit.model is None:
        lines.append("Run the recipe to see its model beside the probes.")
    else:
        lines.append("of gain: the probe's gain over chance as a share of the model's")
    record = audit.record()
    ranges = [
        f"{probe.name} {probe.share_low:.0%} to {probe.share_high:.0%}"
        for probe in record.probes
        if probe.share_low is not None and probe.share_high is not None
    ]
    if ranges:
        lines.append(f"95 % interval of it: {', '.join(ranges)}")
    lines += [safe(text) for text in beside_probes(record)]
    return "\n".join(lines)
