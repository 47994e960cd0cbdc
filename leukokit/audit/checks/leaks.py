"""Check of leaks inside a fitted model: information that passes between samples or fits."""

from __future__ import annotations

from collections.abc import Sequence

from leukokit.audit.findings import AuditLevel, CheckFinding, Limit

CHECK = "leaks"


def leaks(leaks_found: Sequence[str], limit: Limit) -> CheckFinding:
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
        return CheckFinding(
            CHECK,
            AuditLevel.OK,
            "predictions do not depend on other samples, and selectors do not remember earlier fits",
            "Samples were predicted again among other samples, and each selector was fitted twice.",
            0.0,
            "count",
            limit,
        )
    title = "the model has a leak" if count == 1 else f"the model has {count} leaks"
    text = f"{'. '.join(leaks_found)}. Scores are too high: fix the component, then run again."
    return CheckFinding(CHECK, level, title, text, float(count), "count", limit)
