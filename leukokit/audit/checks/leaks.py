"""Check of leaks inside a fitted model: information that passes between samples or fits."""

from __future__ import annotations

from collections.abc import Sequence

from leukokit.audit.findings import AuditFinding, AuditLevel, Limit

CHECK = "leaks"


def leaks(leaks_found: Sequence[str], limit: Limit) -> AuditFinding:
    """Turn the leaks that the leak check found into a finding.

    Parameters
    ----------
    leaks_found : sequence of str
        Description of each leak.
    limit : Limit
        Limit of their number.
    """
    count = len(leaks_found)
    level = limit.level(count)
    if not count:
        return AuditFinding(
            CHECK,
            AuditLevel.OK,
            "predictions stand alone and no selector remembers earlier fits",
            "The model was asked again in other company, and each selector fitted twice.",
            0.0,
            "count",
            limit,
        )
    title = "the model knows what it should not" if count == 1 else f"the model leaks in {count} ways"
    text = f"{'. '.join(leaks_found)}. Scores are too good: mend the component, then run again."
    return AuditFinding(CHECK, level, title, text, float(count), "count", limit)
