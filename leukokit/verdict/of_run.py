"""The verdict of a run directory."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

import pandas as pd

from leukokit.engine.finished_run import FinishedRun
from leukokit.engine.prediction.validation import SPLIT as EXTERNAL
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.run_result import RunResult
from leukokit.ids import utf8
from leukokit.record.files import VERDICT
from leukokit.record.recipe import RecipeDataSet, ResolvedRecipe, SplitByBlocks, SplitByFolds
from leukokit.record.verdict import VerdictRecord
from leukokit.verdict.conclude import conclude
from leukokit.verdict.evidence import Evidence, Separation

_PLACES = {"boxes": "root", "folder": "root", "table": "file"}
"""Parameter of a data set that says where the user's own images are."""


def verdict_of(run: FinishedRun) -> VerdictRecord:
    """Give the verdict that the run wrote; of a run that wrote none, what it would be."""
    return VERDICT.find(run.path) or conclude(evidence_of(run))


def write_verdict(result: RunResult, directory: RunDirectory) -> None:
    """Write ``verdict.json``; comes after the audit and before what shows it.

    No run fails for its verdict: where it cannot be made, the journal and ``tracebacks/verdict.txt`` say why.
    """
    too_many = result.exit_code != 0
    try:
        content = conclude(evidence_of(FinishedRun(directory.path), too_many_rejected=too_many)).to_bytes()
    except Exception as error:
        text = f"the verdict could not be made ({type(error).__name__}: {error}); please report it"
        directory.journal.write("warning", text=text)
        directory.write("tracebacks/verdict.txt", utf8(traceback.format_exc()))
        return
    directory.write(VERDICT.name, content)


def evidence_of(run: FinishedRun, *, too_many_rejected: bool | None = None) -> Evidence:
    """Collect what a run directory says.

    Parameters
    ----------
    run : FinishedRun
        ``status.json`` is not needed where ``too_many_rejected`` is given.
    too_many_rejected : bool, optional
        Whether more images were rejected than the recipe allows; read from the directory where omitted.
    """
    recipe, made = run.resolved, run.provenance
    images = 0 if made.data is None else made.data.images or 0
    rejected = 0 if run.rejected is None else len(run.rejected)
    allowed = recipe.max_rejected
    if too_many_rejected is None:
        too_many_rejected = allowed is not None and rejected > allowed
    classifiers = recipe.components("classify")
    return Evidence(
        data_set="synthetic smears" if made.synthetic else _data_set(recipe.data),
        images=images,
        classifier=classifiers[0].use if classifiers else None,
        split=run.split_name,
        metrics=run.metrics,
        separation=_separation(run),
        audit=run.audit,
        rejected=rejected,
        too_many_rejected=too_many_rejected,
        synthetic=made.synthetic,
        sample="image" if recipe.unit is None else recipe.unit.of,
        external=run.split_name == EXTERNAL,
    )


def _data_set(data: RecipeDataSet | None) -> str:
    """Name the images as their owner does: by their folder or table, else by the data set."""
    if data is None:
        return "the data set"
    where = (data.params or {}).get(_PLACES.get(data.use, ""))
    return str(where).rstrip("/\\").replace("\\", "/").rpartition("/")[2] if where else data.use


def _separation(run: FinishedRun) -> Separation:
    data, blocks = run.provenance.data, _scored_by_blocks(run)
    kind = None if data is None else data.groups_are
    split = run.split
    part = run.metrics.headline_part
    if split is None or "group" not in split or part is None:
        return Separation(kind=kind, blocks=blocks)
    known = split[split["group"].notna() & (split["group"] != "")]
    tested = known[known["part"] == part]
    return Separation(
        kind=kind,
        groups=tested["group"].nunique(),
        shared=len(_shared(known, part)),
        ungrouped=int((split["part"] == part).sum()) - len(tested),
        by_class={str(name): int(n) for name, n in tested.groupby("label")["group"].nunique().items()},
        blocks=blocks,
    )


def _shared(known: pd.DataFrame, part: str) -> set[str]:
    """Find the groups that are in the tested part and in another part of the same fold."""
    folds = [rows for _, rows in known.groupby("fold")] if "fold" in known else [known]
    found: set[str] = set()
    for rows in folds:
        inside = rows["part"] == part
        found |= set(rows.loc[inside, "group"]) & set(rows.loc[~inside, "group"])
    return found


def _scored_by_blocks(run: FinishedRun) -> bool:
    """Whether a protocol that has a score, or the only split, parts images by blocks of the file order."""
    scored = {protocol.name for protocol in run.metrics.protocols or () if protocol.test is not None}
    return any(
        isinstance(split, SplitByBlocks) or (isinstance(split, SplitByFolds) and split.by == "blocks")
        for split in _splits(run.resolved, scored)
    )


def _splits(recipe: ResolvedRecipe, scored: set[str]) -> Sequence[object]:
    if recipe.evaluate:
        return [protocol.split for protocol in recipe.evaluate if protocol.name in scored]
    return [recipe.split]
