"""What a reader of a comparison should know before its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from leukokit.compare.aligned import Aligned
from leukokit.compare.compared_run import ComparedRun
from leukokit.evaluation.intervals import FEW_GROUPS


def notes(aligned: Aligned, runs: Sequence[ComparedRun]) -> list[str]:
    """Say what was left out, what is one and the same, few, or cached, and what ended badly."""
    found = list(aligned.notes)
    paths = [each.run.path.resolve() for each in runs]
    twice = [each.label for each, path in zip(runs, paths, strict=True) if paths.count(path) > 1]
    if twice:
        found.append(f"{_listed(twice)} are the same run directory")
    left = ", ".join(f"{each.left_out} of {each.label}" for each in runs if each.left_out)
    if left:
        found.append(f"compared on the images that all runs tested; left out: {left}")
    if len(aligned.keys[0]) > 1:
        found.append("images were tested in several folds; each row is an image in a fold")
    if len(aligned.group_names) < FEW_GROUPS:
        found.append(
            f"{len(aligned.group_names)} groups are few: intervals, and p values but exact ones, "
            "tend to be too small"
        )
    cached = [each.label for each in runs if each.cost.cached]
    if cached:
        found.append(
            f"{_listed(cached)} took results from the cache: the seconds are less than the work cost"
        )
    found += [
        f"{each.label} ended with: {each.run.status.status}" for each in runs if each.run.status.exit_code
    ]
    return found


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
