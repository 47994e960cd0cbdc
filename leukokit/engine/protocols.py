"""The ways to part the samples that a recipe is evaluated under, and their scores side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leukokit.api import Part
from leukokit.engine.data import OpenData, make_split
from leukokit.engine.models.feasible import refuse_impossible
from leukokit.engine.models.groups_check import refuse_ungrouped
from leukokit.engine.observer import Observer
from leukokit.evaluation.splits import Fold
from leukokit.recipe import Recipe
from leukokit.recipe.split import Blocks, FromFile, Holdout, KFold, LeaveOneOut, Named, SplitSpec
from leukokit.record.groups import GroupScores, SubgroupScores
from leukokit.record.metrics import Drop, Protocol
from leukokit.record.scores import PartScores, ProtocolScores

if TYPE_CHECKING:  # `check` divides images and fits nothing: it starts without the libraries of tables
    from leukokit.engine.models.fitted_fold import FittedFold

FOLDER = "protocols"
"""Folder of the run directory for every protocol but the first."""


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
    left_out : str or None
        Trait of which each value is left out once, such as a site; None where the protocol does not do that.
    """

    name: str
    description: str
    folds: tuple[Fold, ...]
    left_out: str | None = None


@dataclass(frozen=True)
class Evaluated:
    """What came of one protocol.

    Attributes
    ----------
    fitted : mapping of fold to FittedFold
    scores : mapping of Part to PartScores
        Of the parts that it has.
    by_group : GroupScores or None
        Scores of the answers for groups; None where the recipe asks for none.
    subgroups : mapping of trait to SubgroupScores
    error : str or None
        Why it could not be evaluated.
    """

    division: Division
    fitted: Mapping[str, FittedFold] = field(default_factory=dict)
    scores: Mapping[Part, PartScores] = field(default_factory=dict)
    by_group: GroupScores | None = None
    subgroups: Mapping[str, SubgroupScores] = field(default_factory=dict)
    error: str | None = None

    @property
    def test(self) -> PartScores | None:
        """Scores of the test part; None where there is none."""
        return self.scores.get(Part.TEST)


def divide(recipe: Recipe, data: OpenData, observer: Observer) -> tuple[Division, ...]:
    """Divide the labeled samples under every protocol of the recipe; one where it names none.

    The fixed splits of a data set that is not here fall together to the stand-in's own: it is taken once.
    """
    requested: list[tuple[str, SplitSpec | None]] = [
        (protocol.name, protocol.split) for protocol in recipe.model.evaluate
    ]
    requested = requested or [("", recipe.model.split)]
    divisions: dict[str, Division] = {}
    for name, wanted in requested:
        spec, folds = make_split(recipe, data, wanted, observer)
        shown = name
        if name and wanted != spec:  # a stand-in's split under the name of the real data's would mislead
            shown = spec.name if isinstance(spec, Named) else spec.method
        refuse_impossible(recipe, data.items, folds)
        refuse_ungrouped(recipe.model, data.items, folds)
        left_out = spec.by if isinstance(spec, LeaveOneOut) else None
        divisions.setdefault(shown, Division(shown, describe(spec), folds, left_out))
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
        case LeaveOneOut():
            return f"each {spec.by} left out once and tested"


def side_by_side(evaluated: Sequence[Evaluated]) -> tuple[Protocol, ...]:
    """Put the test scores of all protocols beside each other, in the order of the recipe.

    ``n_train`` is the number of images that a fold's model learns from, mean over folds; ``drop`` is how much
    lower each score is than under the first protocol.
    """
    first = evaluated[0]
    return tuple(
        Protocol(
            name=protocol.division.name,
            description=protocol.division.description,
            folds=len(protocol.division.folds),
            n_train=_learned(protocol),
            test=None if protocol.test is None else _brief(protocol.test),
            drop=None if protocol is first or protocol.error else _drop(first.test, protocol.test),
            by_group=_by_group(protocol),
            left_out=protocol.subgroups.get(protocol.division.left_out or ""),
            error=protocol.error,
        )
        for protocol in evaluated
    )


def _learned(evaluated: Evaluated) -> int | None:
    learned = [len(fold.best.examples[Part.TRAIN]) for fold in evaluated.fitted.values()]
    return round(sum(learned) / len(learned)) if learned else None


def _by_group(evaluated: Evaluated) -> ProtocolScores | None:
    scores = None if evaluated.by_group is None else evaluated.by_group.test
    return None if scores is None else _brief(scores)


def _brief(scores: PartScores) -> ProtocolScores:
    return ProtocolScores(
        n=scores.n,
        accuracy=scores.accuracy,
        macro_f1=scores.macro_f1,
        auc_ovo=scores.auc_ovo,
        auc_ovr=scores.auc_ovr,
        intervals=scores.intervals,
    )


def _drop(first: PartScores | None, other: PartScores | None) -> Drop:
    if first is None or other is None:
        return Drop()
    return Drop(
        accuracy=_less(first.accuracy, other.accuracy),
        macro_f1=_less(first.macro_f1, other.macro_f1),
        auc_ovo=_less(first.auc_ovo, other.auc_ovo),
        auc_ovr=_less(first.auc_ovr, other.auc_ovr),
    )


def _less(first: float | None, other: float | None) -> float | None:
    return None if first is None or other is None else first - other
