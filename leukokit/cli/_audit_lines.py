"""What the audit of a run found, in a few lines for the terminal."""

from __future__ import annotations

from leukokit.cli._terminal import safe
from leukokit.record.audit import AuditProbe, AuditRecord

_MOST = 4
_RAISED = ("fail", "warn")


def audit_lines(audit: AuditRecord | None) -> list[str]:
    """Say what fails and what warns, worst first; nothing where the run was not audited."""
    if audit is None:
        return []
    judged = [
        *((finding.level, finding.title) for finding in audit.findings),
        *((probe.level, _probe(probe)) for probe in audit.probes),
    ]
    raised = [
        f"audit: {level}: {safe(words)}" for wanted in _RAISED for level, words in judged if level == wanted
    ]
    if not raised:
        return ["audit: nothing found"]
    more = len(raised) - _MOST
    return raised[:_MOST] + ([f"audit: {more} more in the report"] if more > 0 else [])


def _probe(probe: AuditProbe) -> str:
    reached = "" if probe.accuracy is None else f" reaches accuracy {probe.accuracy:.3f}"
    return f"the probe {probe.name} ({probe.what}){reached}"
