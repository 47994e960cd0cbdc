"""What the model and the probes have in common, as records of ``audit.json``."""

from __future__ import annotations

from leukokit.api import GroupKind
from leukokit.audit.probes.against_model import PairedAnswers, explained_share, needed_sample, where_wrong
from leukokit.audit.probes.probe import ProbeResult
from leukokit.engine.models.score_records import measured
from leukokit.record.audit import AuditNeeded, AuditProbe
from leukokit.record.scores import Measured


def probe_record(probe: ProbeResult, answers: PairedAnswers | None) -> AuditProbe:
    """Give a probe with what it explains of the model, where that is known."""
    record = probe.record()
    if answers is None or probe.name not in answers.probes:
        return record
    low, high = explained_share(answers, probe.name) or (None, None)
    wrong = measured(where_wrong(answers, [probe.name]))
    return AuditProbe.model_validate(
        {**record.model_dump(exclude_unset=True), "share_low": low, "share_high": high, "where_wrong": wrong}
    )


def shortcut_free(answers: PairedAnswers | None) -> Measured | None:
    """Accuracy of the model where every probe is wrong; None where there is no such image."""
    return None if answers is None else measured(where_wrong(answers, list(answers.probes)))


def needed_record(answers: PairedAnswers | None, kind: GroupKind | None) -> AuditNeeded | None:
    """Give how large a test would tell the model from the strongest probe."""
    if answers is None:
        return None
    needed = needed_sample(answers)
    unit = "group" if kind is None else kind.value
    return AuditNeeded(
        probe=needed.probe,
        difference=needed.difference,
        low=needed.low,
        high=needed.high,
        design_effect=needed.design_effect,
        units=needed.units,
        unit=unit if needed.grouped else "image",
        per_class=needed.per_class,
    )
