"""Align the predictions of several runs by image, or raise an error that says why that is impossible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Sample
from leukokit.compare.prediction_rows import RunPredictions
from leukokit.compare.recipe_diff import recipe_diff
from leukokit.engine.data import merged_groups
from leukokit.engine.images.plan import Item
from leukokit.errors import DataError
from leukokit.evaluation.metrics import Scored, score_input

Key = tuple[str, ...]
_LONGEST = 80
"""Characters of a value of a recipe that a message shows."""


@dataclass(frozen=True)
class Aligned:
    """Predictions of all runs for the same images, in the same order.

    Attributes
    ----------
    runs : tuple of RunPredictions
    keys : tuple of tuple of str
        Id of each image, with its fold where images were tested several times.
    scored : tuple of Scored
        Truth and prediction, one per run.
    codes : int array (n,)
        Group number of each row, from 0.
    group_names : tuple of str
        Name of each group.
    left_out : tuple of int
        Rows of each run that were left out because another run did not test the image.
    notes : tuple of str
        Remarks on images and groups for the reader.
    """

    runs: tuple[RunPredictions, ...]
    keys: tuple[Key, ...]
    scored: tuple[Scored, ...]
    codes: NDArray[np.intp]
    group_names: tuple[str, ...]
    left_out: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def grouped(self) -> bool:
        """Whether any group holds several rows."""
        return len(self.group_names) < len(self.keys)


def align(runs: Sequence[RunPredictions], *, common: bool = False, by_id: bool = False) -> Aligned:
    """Find the images that all runs tested.

    Parameters
    ----------
    runs : sequence of RunPredictions
        Two or more; the first is the baseline.
    common : bool
        Where the test sets differ, whether to compare on the images that all runs tested.
    by_id : bool
        Whether images with the same id are the same image although their bytes differ.

    Raises
    ------
    DataError
        Where the runs cannot be compared; the message says how they differ.
    """
    base = runs[0]
    for other in runs[1:]:
        _same_kind(base, other)
    by_fold = not all(run.tested_once for run in runs)
    keyed = [dict(zip(run.keys(by_fold=by_fold), range(len(run.table)), strict=True)) for run in runs]
    shared = set(keyed[0]).intersection(*keyed[1:])
    for other, keys in zip(runs[1:], keyed[1:], strict=True):
        if set(keys) != set(keyed[0]) and not (common and shared):
            raise _different_images(base, other, set(keyed[0]), set(keys), len(shared))
    order = [key for key in keyed[0] if key in shared]
    rows = [[keys[key] for key in order] for keys in keyed]
    for other, picked in zip(runs[1:], rows[1:], strict=True):
        _same_truth(base, other, rows[0], picked)
        if not by_id:
            _same_bytes(base, other, {key[0]: None for key in order})
    scored = tuple(
        score_input(run.table["true"].to_numpy(dtype=np.str_)[picked], run.proba[picked], run.classes)
        for run, picked in zip(runs, rows, strict=True)
    )
    names, notes = _groups(runs, [key[0] for key in order])
    group_names, codes = np.unique(np.array(names, dtype=np.str_), return_inverse=True)
    return Aligned(
        runs=tuple(runs),
        keys=tuple(order),
        scored=scored,
        codes=codes.astype(np.intp),
        group_names=tuple(str(name) for name in group_names),
        left_out=tuple(len(keys) - len(order) for keys in keyed),
        notes=tuple(notes),
    )


def _between(base: RunPredictions, other: RunPredictions) -> str:
    return f"{base.label} ({base.run.path}) and {other.label} ({other.run.path})"


def _same_kind(base: RunPredictions, other: RunPredictions) -> None:
    where = _between(base, other)
    if base.synthetic != other.synthetic:
        synthetic = base if base.synthetic else other
        raise DataError(
            f"{synthetic.label} ran on synthetic smears and the other on real images",
            where=where,
            hint="Compare real with real: say where the images are with LEUKOKIT_DATA, and run again",
        )
    if base.classes != other.classes:
        raise DataError(
            f"the runs have different classes: {', '.join(base.classes)} against {', '.join(other.classes)}",
            where=where,
            hint="Compare runs on the same classes of the same data set",
        )
    if base.tested_once != other.tested_once:
        repeated = other if base.tested_once else base
        raise DataError(
            f"{repeated.label} tested {base.run.sample}s several times (repeated folds) and the other once",
            where=where,
            hint="Run both recipes with the same split",
        )


def _different_images(
    base: RunPredictions, other: RunPredictions, ours: set[Key], theirs: set[Key], shared: int
) -> DataError:
    parts = [f"{len(ours)} in {base.label}, {len(theirs)} in {other.label}, {len(ours & theirs)} in both"]
    for here, there, only in ((base, other, ours - theirs), (other, base, theirs - ours)):
        if not only:
            continue
        rejected = there.run.rejected
        lost = 0 if rejected is None else len({key[0] for key in only} & set(rejected["id"]))
        why = f", {lost} of them rejected by {there.label}" if lost else ""
        parts.append(f"{len(only)} only in {here.label}{why}: {_examples(only)}")
    splits = [
        f"{differs.path} is {_said(differs.first)} in {base.label} and "
        f"{_said(differs.second)} in {other.label}"
        for differs in recipe_diff(base.run.recipe, other.run.recipe)
        if "split" in differs.path or differs.path.split(".")[0] in ("seed", "evaluate", "data")
    ]
    hint = f"The recipes differ: {'; '.join(splits[:3])}. " if splits else ""
    hint += "Run both with the same split" if shared else "Run both on the same data, with the same split"
    if shared:
        hint += f", or compare on the {shared} {base.run.sample}s that all tested with --common"
    return DataError(
        f"the runs tested different {base.run.sample}s: {'; '.join(parts)}",
        where=_between(base, other),
        hint=hint,
    )


def _said(value: Any) -> str:
    """Say a value of a recipe in few words: of a component its name, and where its files are."""
    if isinstance(value, Mapping) and "use" in value:
        params = value.get("params") or {}
        place = params.get("root") or params.get("file")
        return f"{value['use']} {place}" if place else str(value["use"])
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _examples(keys: set[Key]) -> str:
    first = sorted(keys)[:3]
    return ("such as " if len(keys) > 3 else "") + ", ".join(" of ".join(key) for key in first)


def _same_truth(
    base: RunPredictions, other: RunPredictions, ours: Sequence[int], theirs: Sequence[int]
) -> None:
    left, right = base.table["true"].to_numpy()[ours], other.table["true"].to_numpy()[theirs]
    differ = np.flatnonzero(left != right)
    if len(differ):
        row = int(differ[0])
        raise DataError(
            f"{len(differ)} {base.run.sample}s have another true class, such as "
            f"{base.table['id'][ours[row]]}: {left[row]} in {base.label}, {right[row]} in {other.label}",
            where=_between(base, other),
            hint="Labels must be the same to compare predictions: run both recipes on the same labels",
        )


def _same_bytes(base: RunPredictions, other: RunPredictions, ids: dict[str, None]) -> None:
    differ = [
        name
        for name in ids
        if name in base.digests and name in other.digests and base.digests[name] != other.digests[name]
    ]
    if differ:
        raise DataError(
            f"{len(differ)} of {len(ids)} {base.run.sample}s have the same id and other bytes, such as "
            f"{differ[0]}",
            where=_between(base, other),
            hint="Run both recipes on the same files; where they show the same cells (a segmented copy), "
            "compare with --by-id",
        )


def _groups(runs: Sequence[RunPredictions], ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """Group of each id, and notes: groups of all runs are joined, and identical images share a group."""
    notes = []
    if any(
        run.groups.get(name) != runs[0].groups.get(name) for run in runs[1:] for name in dict.fromkeys(ids)
    ):
        notes.append("the runs group the images differently; what either puts together counts as one group")
    all_ids = sorted({name for run in runs for name in (*run.groups, *run.digests)} | set(ids))
    items: list[Item] = []
    names: list[
        str
    ] = []  # a sample has its id in the form of files, a directory from outside may hold another
    for run in runs:
        for name in all_ids:
            sample = Sample(id=name, group=run.groups.get(name))
            for key in (f"id {name}", *([f"digest {run.digests[name]}"] if name in run.digests else ())):
                items.append(Item(len(items), sample, key))
                names.append(name)
    named = dict(zip(names, merged_groups(items), strict=True))
    return [named[name] for name in ids], notes
