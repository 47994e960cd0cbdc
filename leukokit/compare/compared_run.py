"""One run of a comparison: its scores on the compared images, and its cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leukokit.compare.cost import Cost
from leukokit.engine.finished_run import FinishedRun
from leukokit.evaluation.metrics import SCORES, Scored, auc_one_vs_rest, auc_ovo, confusion, macro_f1
from leukokit.record.comparison import RunScores


@dataclass(frozen=True)
class ComparedRun:
    """One run of a comparison.

    Attributes
    ----------
    label : str
        A, B, ...; A is the baseline.
    run : FinishedRun
    scores : mapping of str to float or None
        Scores on the compared images.
    left_out : int
        Number of images that it tested and another run did not.
    cost : Cost
    """

    label: str
    run: FinishedRun
    scores: Mapping[str, float | None]
    left_out: int
    cost: Cost

    def record(self) -> RunScores:
        """Give it as ``compare --json`` prints it."""
        return RunScores(
            label=self.label,
            name=self.run.name,
            path=str(self.run.path),
            status=self.run.status.status,
            scores=self.scores,
            left_out=self.left_out,
            cost=self.cost.record(),
        )


def scores_of(scored: Scored) -> dict[str, float | None]:
    """Compute the four scores, as in ``metrics.json``."""
    aucs = [auc_one_vs_rest(scored, number) for number in range(len(scored.classes))]
    known = [auc for auc in aucs if auc is not None]
    values = (
        float((scored.true == scored.predicted).mean()),
        macro_f1(confusion(scored)),
        auc_ovo(scored),
        sum(known) / len(known) if known else None,
    )
    return dict(zip(SCORES, values, strict=True))
