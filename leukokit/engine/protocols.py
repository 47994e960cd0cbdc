"""The ways to part the samples that a recipe is evaluated under, and their scores side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leukokit.api import Part
from leukokit.engine.data import OpenData, make_split
from leukokit.engine.models.model_stage import FittedFold
from leukokit.engine.models.statistics import refuse_impossible
from leukokit.engine.observer import Observer
from leukokit.evaluation.splits import Fold
from leukokit.recipe import Recipe
from leukokit.recipe.split import Blocks, FromFile, Holdout, KFold, Named, SplitSpec

FOLDER = "protocols"
"""Folder of the run directory for every protocol but the first."""

_BRIEF = ("n", "accuracy", "macro_f1", "auc_ovo", "auc_ovr", "intervals")
_DROPS = ("accuracy", "macro_f1", "auc_ovo", "auc_ovr")


@dataclass(frozen=True)
class Division:
    """The folds of one protocol.

    Attributes
    ----------
    name : str
        As in the recipe; empty where the recipe names no protocols.
    description : str
        How it parts the samples, in words.
    folds : tuple of Fold
    """

    name: str
    description: str
    folds: tuple[Fold, ...]


@dataclass(frozen=True)
class Evaluated:
    """What came of one protocol.

    Attributes
    ----------
    fitted : mapping of fold to FittedFold
    metrics : mapping
        Content of its ``metrics.json``.
    error : str or None
        Why it could not be evaluated.
    """

    division: Division
    fitted: Mapping[str, FittedFold]
    metrics: Mapping[str, Any]
    error: str | None = None

    @property
    def test(self) -> Mapping[str, Any]:
        """Scores of the test part; empty where there is none."""
        found: Mapping[str, Any] = self.metrics.get(Part.TEST.value, {})
        return found


def divide(recipe: Recipe, data: OpenData, observer: Observer) -> tuple[Division, ...]:
    """Divide the labeled samples under every protocol of the recipe; one where it names none.

    The fixed splits of a data set that is not here fall together to the stand-in's own: it is taken once.
    """
    asked: list[tuple[str, SplitSpec | None]] = [(each.name, each.split) for each in recipe.model.evaluate]
    asked = asked or [("", recipe.model.split)]
    divisions: dict[str, Division] = {}
    for name, wanted in asked:
        spec, folds = make_split(recipe, data, wanted, observer)
        shown = name
        if name and wanted != spec:  # a stand-in's split under the name of the real data's would mislead
            shown = spec.name if isinstance(spec, Named) else spec.method
        refuse_impossible(recipe, data.items, folds)
        divisions.setdefault(shown, Division(shown, describe(spec), folds))
    return tuple(divisions.values())


def describe(spec: SplitSpec) -> str:
    """Say in words how a split parts the samples."""
    match spec:
        case Named():
            return f"the data set's split {spec.name}"
        case FromFile():
            return f"the split in {spec.path}"
        case Holdout():
            kept = "groups kept whole" if spec.group else "image by image"
            return f"one random division, {kept}"
        case Blocks():
            return "contiguous blocks of each class in file order"
        case KFold():
            words = {
                "random": "random folds, image by image",
                "group": "random folds, groups kept whole",
                "blocks": "folds of contiguous blocks in file order",
            }
            again = f", drawn {spec.repeats} times" if spec.repeats > 1 else ""
            return f"{spec.folds} {words[spec.by]}{again}"


def side_by_side(evaluated: Sequence[Evaluated]) -> list[dict[str, Any]]:
    """Put the test scores of all protocols beside each other.

    Returns
    -------
    list of dict
        One a protocol, as the recipe lists them: ``name``, ``description``, ``folds``, ``n_train`` (images
        that a fold's model learns from, mean), ``test``, ``drop`` (how much lower each score is than under
        the first protocol; None for the first itself) and ``error`` (why there are no scores, or None).
    """
    first = evaluated[0].test
    table = []
    for each in evaluated:
        learned = [len(one.best.examples[Part.TRAIN]) for one in each.fitted.values()]
        drop = {
            name: first[name] - each.test[name]
            for name in _DROPS
            if first.get(name) is not None and each.test.get(name) is not None
        }
        row = {
            "name": each.division.name,
            "description": each.division.description,
            "folds": len(each.division.folds),
            "n_train": round(sum(learned) / len(learned)) if learned else None,
            "test": {name: each.test[name] for name in _BRIEF if name in each.test} or None,
            "drop": None if each is evaluated[0] or each.error else drop,
            "error": each.error,
        }
        table.append(row)
    return table
