"""Sentences on the model beside the probes, the same in the terminal, the report and the verdict."""

from __future__ import annotations

from leukokit.number_text import counted, percent, percent_range
from leukokit.record.audit import AuditNeeded, AuditRecord
from leukokit.record.scores import Measured

_MEANING = (
    "These images cannot be told by what the probes see. They are also the harder ones, so a lower accuracy "
    "there does not prove that the model uses a shortcut; one as high as elsewhere speaks against it."
)


def beside_probes(audit: AuditRecord) -> list[str]:
    """Say how the model does where probes fail, and how many patients would tell it from the strongest."""
    whole = None if audit.model is None else audit.model.accuracy
    best = max(audit.probes, key=lambda probe: probe.accuracy or 0.0, default=None)
    said = []
    if best is not None and best.where_wrong is not None:
        said.append(f"Where the strongest probe ({best.name}) is wrong, {_right(best.where_wrong)}.")
    if audit.shortcut_free is not None:
        said.append(
            f"Where every probe is wrong, {_right(audit.shortcut_free)}; of all images in {percent(whole)}. "
            f"{_MEANING}"
        )
    elif audit.needed is not None:
        said.append("There is no test image that every probe gets wrong.")
    return [*said, *([] if audit.needed is None else [needed_text(audit.needed)])]


def needed_text(needed: AuditNeeded) -> str:
    """Say how far the model is from the strongest probe, and how large a test would show it."""
    probe = f"The model less the strongest probe ({needed.probe})"
    points = f"{100 * (needed.difference or 0.0):+.1f} points"
    if needed.low is not None and needed.high is not None:
        points += f" (95% range {100 * needed.low:+.1f} to {100 * needed.high:+.1f})"
    if needed.per_class is None:
        return f"{probe}: {points}. It is not better, so no number of {needed.unit}s would show that it is."
    return (
        f"{probe}: {points}. {about_needed(needed)} This test has {counted(needed.units or 0, needed.unit)}, "
        f"with a design effect of {needed.design_effect:.1f}."
    )


def about_needed(needed: AuditNeeded) -> str:
    """Say how many patients (groups, images) a class would do."""
    return (
        f"About {counted(needed.per_class or 0, needed.unit)} a class would be needed to show such a "
        "difference in 80 of 100 tests."
    )


def _right(measured: Measured) -> str:
    known = measured.low is not None and measured.high is not None
    shown = percent_range(measured.low, measured.high) if known else measured.reason
    return (
        f"the model is right in {percent(measured.value)} of {counted(measured.n or 0, 'image')} "
        f"(95% range {shown})"
    )
