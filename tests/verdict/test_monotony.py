"""Less evidence never gives a better level."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from leukokit.record.audit import AuditFinding
from leukokit.record.metrics import Metrics
from leukokit.verdict.conclude import conclude
from leukokit.verdict.evidence import Evidence, Separation
from leukokit.verdict.levels import USE
from leukokit.verdict.rules.faults import NEEDED_CHECKS
from tests.verdict.evidence_builder import CLASSES, audit, metrics, part_scores, probe, square, trusted

LEVELS = st.sampled_from(["ok", "warn", "fail"])


@st.composite
def evidences(draw: st.DrawFn) -> tuple[Evidence, int, int, int]:
    """Draw a run of any quality, with the counts of its confusion matrix and their factor."""
    right, wrong, factor = draw(st.integers(0, 6)), draw(st.integers(0, 4)), draw(st.integers(2, 30))
    right = max(right, 1 - wrong)
    findings = [AuditFinding(check=name, level=draw(LEVELS)) for name in NEEDED_CHECKS]
    reached = st.sampled_from([None, 0.25, 0.4, 0.6, 0.8, 0.95])
    probes = tuple(probe(name, draw(reached), draw(LEVELS)) for name in ("color", "corner", "file", "frame"))
    groups = draw(st.integers(0, 60))
    separation = Separation(
        kind=draw(st.sampled_from(["patient", "slide", "view", None])),
        groups=groups,
        shared=draw(st.sampled_from([0, 0, 2])),
        ungrouped=draw(st.sampled_from([0, 0, 5, 900])),
        by_class=dict.fromkeys(CLASSES, groups // 4),
        blocks=draw(st.booleans()),
    )
    evidence = trusted(
        metrics=metrics(square(right * factor, wrong * factor), leaks=draw(st.sampled_from([(), ("leak",)]))),
        separation=separation,
        audit=draw(st.sampled_from([None, audit(*findings, probes=probes)])),
        synthetic=draw(st.sampled_from([False, False, True])),
    )
    return evidence, right, wrong, factor


def use(evidence: Evidence) -> int:
    return USE[conclude(evidence).level]


@settings(max_examples=150, deadline=None)
@given(evidences(), st.data())
def test_less_evidence_never_gives_a_better_level(
    drawn: tuple[Evidence, int, int, int], data: st.DataObject
) -> None:
    """Fewer images at the same accuracy, fewer or no patients, no audit, no probe, no check."""
    evidence, right, wrong, factor = drawn
    before = use(evidence)
    fewer = data.draw(st.integers(1, factor))
    kept = evidence.separation
    scores = part_scores(square(right * fewer, wrong * fewer))
    less = [
        replace(evidence, metrics=evidence.metrics.model_copy(update={"test": scores})),
        replace(evidence, audit=None),
        replace(evidence, synthetic=None),
        replace(evidence, metrics=Metrics()),
        replace(evidence, metrics=Metrics(test=evidence.metrics.test)),
        replace(evidence, metrics=Metrics(validation=evidence.metrics.test, leaks=evidence.metrics.leaks)),
        replace(evidence, separation=Separation()),
        replace(evidence, separation=replace(kept, groups=kept.groups // 2, shared=kept.shared)),
        replace(evidence, separation=replace(kept, kind="slide" if kept.kind == "patient" else kept.kind)),
    ]
    if not kept.shared:
        less.append(replace(evidence, separation=replace(kept, kind=None, blocks=False)))
    if evidence.audit is not None:
        found = evidence.audit
        name = data.draw(st.sampled_from(NEEDED_CHECKS))
        unmade = tuple(
            each.model_copy(update={"level": "skipped"}) if each.check == name else each
            for each in found.findings
        )
        gone = tuple(each for each in found.findings if each.check != name)
        fewer_probes = tuple(each for each in found.probes if each.name != data.draw(st.just("frame")))
        less += [
            replace(evidence, audit=found.model_copy(update=change))
            for change in ({"findings": unmade}, {"findings": gone}, {"probes": fewer_probes}, {"probes": ()})
        ]
    for each in less:
        assert use(each) <= before


def test_trust_can_be_reached_and_lost() -> None:
    """The property above is not empty: the same evidence without its audit is no longer trusted."""
    assert use(trusted()) == 2
    assert use(trusted(audit=None)) == 0
