"""Notes that help to read the numbers of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from leukokit.compare.aligned import Aligned
from leukokit.compare.compared_run import ComparedRun
from leukokit.evaluation.intervals import FEW_GROUPS


def notes(aligned: Aligned, runs: Sequence[ComparedRun]) -> list[str]:
    """List notes on left-out images, identical runs, few groups, cached results and failed runs."""
    texts = list(aligned.notes)
    sample = runs[0].run.sample
    paths = [run.run.path.resolve() for run in runs]
    twice = [run.label for run, path in zip(runs, paths, strict=True) if paths.count(path) > 1]
    if twice:
        texts.append(f"{_listed(twice)} are the same run directory")
    left = ", ".join(f"{run.left_out} of {run.label}" for run in runs if run.left_out)
    if left:
        texts.append(f"compared on the {sample}s that all runs tested; left out: {left}")
    if len(aligned.keys[0]) > 1:
        texts.append(f"{sample}s were tested in several folds; each row is one of them in a fold")
    if len(aligned.group_names) < FEW_GROUPS:
        texts.append(
            f"{len(aligned.group_names)} groups are few: intervals, and p values but exact ones, "
            "tend to be too small"
        )
    cached = [run.label for run in runs if run.cost.cached]
    if cached:
        texts.append(
            f"{_listed(cached)} took results from the cache: the seconds are less than the work cost"
        )
    texts += [f"{run.label} ended with: {run.run.status.status}" for run in runs if run.run.status.exit_code]
    return texts


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
