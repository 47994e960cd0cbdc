"""The page: read each section from the run directory, then fill the templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leukokit.engine.finished_run import FinishedRun
from leukokit.notice import NOTICE
from leukokit.record.audit import AuditRecord
from leukokit.report.html.answers import Answers, Subgroups, answers_of, subgroups_of
from leukokit.report.html.attention import AttentionCard, attention_of
from leukokit.report.html.audit_section import AuditSection, audit_section_of
from leukokit.report.html.cells import CellsOfRun, cells_of
from leukokit.report.html.environment import environment, json_element
from leukokit.report.html.explanations import Explanations, explanations_of
from leukokit.report.html.failures import Failures, failures_of
from leukokit.report.html.headline import STAMP, Headline, headline_of
from leukokit.report.html.parts import in_order
from leukokit.report.html.pictures import Pictures, picture_index
from leukokit.report.html.reproducibility import Reproducibility, reproducibility_of
from leukokit.report.html.scale import ScaleOfRun, scale_of
from leukokit.report.html.scores import ScoreSection, score_section_of
from leukokit.report.html.setting import Setting, setting_of
from leukokit.verdict.of_run import verdict_of

AUDIT_PICTURES = 700_000
ERROR_PICTURES = 900_000
ATTENTION_PICTURES = 300_000
"""Bytes of pictures on a page; with figures, as base64 and with the text, it stays under 5 MB."""


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the templates show.

    Attributes
    ----------
    sample : str
        What is counted: image or cell.
    """

    sample: str
    headline: Headline
    audit_section: AuditSection
    setting: Setting
    scale: ScaleOfRun | None
    cells: CellsOfRun | None
    answers: Answers | None
    attention: Sequence[AttentionCard]
    outcome: ScoreSection
    subgroups: Sequence[Subgroups]
    failures: Failures | None
    explanations: Explanations
    reproducibility: Reproducibility


def page_of(run: FinishedRun) -> Page:
    """Read a run directory; ``status.json`` is not needed, so that a run can report before it closes."""
    audit_section = audit_section_of(
        run.audit, Pictures.of_run(run.path, AUDIT_PICTURES), run.metrics.leaks or ()
    )
    outcome = score_section_of(run)
    answers = answers_of(run.metrics, run.sample)
    pictures_known = picture_index(run.path) is not None
    return Page(
        sample=run.sample,
        headline=headline_of(run, outcome, answers, audit_section),
        audit_section=audit_section,
        setting=setting_of(run),
        scale=scale_of(run, audit_section.findings),
        cells=cells_of(run),
        answers=answers,
        attention=attention_of(run, Pictures.of_run(run.path, ATTENTION_PICTURES)),
        outcome=outcome,
        subgroups=subgroups_of(run.metrics, run.sample),
        failures=failures_of(run, Pictures.of_run(run.path, ERROR_PICTURES), pictures_known=pictures_known),
        explanations=explanations_of(run),
        reproducibility=reproducibility_of(run),
    )


def render_run(run: FinishedRun) -> str:
    """HTML of a run's report: the same run directory gives the same text.

    Raises
    ------
    LeukokitError
        Where a file of the run directory is damaged.
    """
    page = page_of(run)
    template = environment().get_template("run.html.j2")
    return template.render(page=page, numbers=json_element(numbers(run)))


def render_audit(audit: AuditRecord, pictures: Mapping[str, bytes], *, title: str) -> str:
    """HTML of an audit alone, in the form of the section of every report.

    Parameters
    ----------
    audit : AuditRecord
    pictures : mapping of id to bytes
        WebP thumbnails of images that the audit names, as far as there are any.
    title : str
        Name of the data set or recipe.
    """
    counts = audit.split.parts if audit.split is not None else {}
    audit_section = audit_section_of(audit, Pictures.given(pictures, AUDIT_PICTURES + ERROR_PICTURES))
    template = environment().get_template("audit.html.j2")
    return template.render(
        audit_section=audit_section,
        title=title,
        split=audit.split,
        parts=[(part, counts[part]) for part in in_order(counts)],
        stamp=STAMP if audit.synthetic else None,
        numbers=json_element({"audit": audit.plain()}),
    )


def numbers(run: FinishedRun) -> dict[str, Any]:
    """Collect what ``leukokit report --json`` prints: what was run, its scores, audit and verdict."""
    made, data = run.provenance, run.provenance.data
    return {
        "run": {
            "name": run.name,
            "recipe": run.recipe,
            "split": run.split_name,
            "part": run.metrics.headline_part,
            "images": None if data is None else data.images,
            "data_sha256": None if data is None else data.sha256,
            "leukokit": made.leukokit,
            "seed": run.resolved.seed,
            "synthetic": bool(made.synthetic),
            "rejected": 0 if run.rejected is None else len(run.rejected),
        },
        "metrics": run.metrics.plain(),
        "audit": None if run.audit is None else run.audit.plain(),
        "verdict": verdict_of(run).plain(),
        "notice": NOTICE,
    }
