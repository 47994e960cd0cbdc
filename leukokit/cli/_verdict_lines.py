"""The verdict of a run in the terminal: what was asked, the answer, whether to trust it, what to do next."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from leukokit.cli._terminal import safe
from leukokit.record.verdict import VerdictRecord

_MOST = 5
_SIGNS = {"trust": "[+]", "doubt": "[!]", "cannot tell": "[?]", "do not trust": "[x]"}
_STYLES = {
    "trust": "bold green",
    "doubt": "bold yellow",
    "cannot tell": "bold cyan",
    "do not trust": "bold red",
}


def verdict_table(verdict: VerdictRecord) -> Table:
    """Lay out the verdict: a column of headings, a column of sentences; the level has a sign and a word."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    table.add_row("Question", Text(safe(verdict.question)))
    table.add_row("Answer", Text(safe(verdict.answer)))
    if verdict.confusion:
        table.add_row("Confusion", Text(safe(verdict.confusion)))
    for note in verdict.notes:
        table.add_row("Note", Text(safe(note)))
    level = Text(f"{_SIGNS[verdict.level]} {verdict.level.upper()}", style=_STYLES[verdict.level])
    table.add_row("Verdict", level)
    table.add_row(
        "", _list([reason.text for reason in verdict.reasons if _told(reason.level, verdict.level)])
    )
    table.add_row("Next", _list(verdict.next))
    return table


def _told(level: str, whole: str) -> bool:
    """Whether a reason is told: what speaks against the score, or, where nothing does, what speaks for it."""
    return level != "trust" or whole == "trust"


def _list(texts: list[str] | tuple[str, ...]) -> Table:
    """Give the first texts, each with a dash before it, and the number of those left out."""
    items = Table.grid(padding=(0, 1))
    items.add_column(no_wrap=True)
    items.add_column(overflow="fold")
    for text in texts[:_MOST]:
        items.add_row("-", Text(safe(text)))
    if len(texts) > _MOST:
        items.add_row("-", f"{len(texts) - _MOST} more in the report")
    return items
