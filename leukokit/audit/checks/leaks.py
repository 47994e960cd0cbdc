"""What a fit was caught at that no split prevents."""

from __future__ import annotations

from collections.abc import Sequence

from leukokit.audit.findings import Finding, Level, Limit

CHECK = "leaks"


def leaks(found: Sequence[str], limit: Limit) -> Finding:
    """Judge what was found on trying a model for leaks.

    Parameters
    ----------
    found : sequence of str
        Each leak in words.
    limit : Limit
        On their number.
    """
    count = len(found)
    level = limit.level(count)
    if not count:
        return Finding(
            CHECK,
            Level.OK,
            "predictions stand alone and no selector remembers earlier fits",
            "The model was asked again in other company, and each selector fitted twice.",
            0.0,
            "count",
            limit,
        )
    title = "the model knows what it should not" if count == 1 else f"the model leaks in {count} ways"
    text = f"{'. '.join(found)}. Scores are too good: mend the component, then run again."
    return Finding(CHECK, level, title, text, float(count), "count", limit)
