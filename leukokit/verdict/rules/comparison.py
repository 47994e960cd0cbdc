"""Whether the model does better than answers that need no cell."""

from __future__ import annotations

from collections.abc import Iterator
from math import hypot

from leukokit.number_text import joined, percent
from leukokit.record.audit import CELLS_PROBE, AuditNeeded, AuditProbe
from leukokit.record.verdict import VerdictReason
from leukokit.verdict.evidence import Accuracy, Evidence, accuracy_of, answered_accuracy
from leukokit.verdict.levels import CANNOT_TELL, DO_NOT_TRUST, DOUBT, TRUST
from leukokit.verdict.probe_sentences import about_needed

NEEDED_PROBES = ("color", "corner", "file", "frame")
"""Every audit with a split fits these; ``missing`` only where features can be missing."""

_SEEN = {
    "color": "six numbers of color",
    "frame": "six numbers of the outer 8 pixels",
    "corner": "dark strokes in a corner",
    "file": "size and dimensions of the file",
    "missing": "which features are missing",
}
_NEEDLESS = {"image": "no cell", "cell": "no shape of a cell"}
"""What a probe does without; the color of a crop is that of its cell."""
_FIND = "Find what tells the classes apart besides cells: other days, cameras, stains or frames. "
_HIDE = {
    "image": f"{_FIND}Photograph all classes alike, or segment and crop the cells.",
    "cell": f"{_FIND}Photograph all classes alike. Where the classes differ in the color of their cells, a "
    "probe of color may be right: look at other slides.",
}


def better_than_chance(evidence: Evidence) -> Iterator[VerdictReason]:
    """Ask whether the interval lies above the accuracy of the best constant answer."""
    accuracy = answered_accuracy(evidence)
    if accuracy is None or accuracy.low is None:
        return
    constant = f"always answering {accuracy.largest} ({percent(accuracy.chance)})"
    if accuracy.low <= accuracy.chance:
        yield VerdictReason(
            code="no_better_than_chance",
            level=CANNOT_TELL,
            text=f"the model is not shown to be better than {constant}",
            next="Try other features or another classifier, or add images.",
        )
        return
    yield VerdictReason(code="better_than_chance", level=TRUST, text=f"the model is better than {constant}")


def better_than_probes(evidence: Evidence) -> Iterator[VerdictReason]:
    """Ask whether small models that see no shape do as well.

    The interval of the difference is that of two independent shares (MOVER: Zou and Donner 2008, doi
    10.1002/sim.3095). Model and probe are tested on the same images, so it is rather too wide.
    """
    accuracy, audit = accuracy_of(evidence), evidence.audit
    if accuracy is None or audit is None or audit.level == "skipped":
        return
    # The size of a crop that leukokit has cut is that of its cell: there is no probe of files then.
    needed = [name for name in NEEDED_PROBES if name != "file" or evidence.sample == "image"]
    missing = [name for name in needed if name not in {probe.name for probe in audit.probes}]
    if missing:
        yield VerdictReason(
            code="no_probe",
            level=CANNOT_TELL,
            text=f"the model was not compared with what needs {_NEEDLESS[evidence.sample]}: no probe of "
            f"{joined(missing, 'and')}",
            next="Run 'leukokit audit' on the recipe to see why no probe was fitted.",
        )
        return
    scored = [one for one in audit.probes if one.accuracy is not None and one.name != CELLS_PROBE]
    best = max(scored, key=lambda probe: probe.accuracy or 0.0, default=None)
    if best is None:
        yield VerdictReason(
            code="better_than_probes",
            level=TRUST,
            text=f"color, frame and file are the same in all {evidence.sample}s",
        )
        return
    yield _against(accuracy, best, scored, audit.needed, evidence.sample)


def _against(
    accuracy: Accuracy,
    best: AuditProbe,
    scored: list[AuditProbe],
    needed: AuditNeeded | None,
    sample: str,
) -> VerdictReason:
    reached = best.accuracy or 0.0
    needless, hide = _NEEDLESS[sample], _HIDE[sample]
    seen = _SEEN.get(best.name, best.name)
    both = f"{seen} alone reach {percent(reached)}, the model {percent(accuracy.value)}"
    by_level = {probe.level for probe in scored}
    if reached >= accuracy.value and (best.low or 0.0) > (best.chance or 0.0):
        return VerdictReason(
            code="probe_as_good",
            level=DO_NOT_TRUST,
            text=f"{both}: {needless} is needed for that",
            next=hide,
        )
    if "fail" in by_level:
        return VerdictReason(
            code="probe_tells_classes",
            level=DO_NOT_TRUST,
            text=f"{both}: most of it needs {needless}",
            next=hide,
        )
    if _difference_low(accuracy, best) <= 0:
        return VerdictReason(
            code="not_better_than_probe",
            level=CANNOT_TELL,
            text=f"{both}: so few {sample}s do not show which is better",
            next=f"Add test {sample}s. {_patients(needed)}{hide}",
        )
    if "warn" in by_level:
        return VerdictReason(
            code="probe_tells_some", level=DOUBT, text=f"{both}: part of it needs {needless}", next=hide
        )
    return VerdictReason(code="better_than_probes", level=TRUST, text=both)


def _patients(needed: AuditNeeded | None) -> str:
    return "" if needed is None or needed.per_class is None else f"{about_needed(needed)} "


def _difference_low(accuracy: Accuracy, probe: AuditProbe) -> float:
    """Lower end of the 95 % interval of model less probe; a probe without interval may reach anything."""
    reached = probe.accuracy or 0.0
    down = accuracy.value - (accuracy.low or 0.0)
    up = (1.0 if probe.high is None else probe.high) - reached
    return accuracy.value - reached - hypot(down, up)
