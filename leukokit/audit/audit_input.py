"""Input of an audit: a data set, its split, and the features and model of a recipe where there are any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leukokit.api import Part
from leukokit.audit.probes.probe import ModelScore
from leukokit.engine.data import OpenData
from leukokit.engine.images.stage import ImageTable
from leukokit.engine.io.reading import ReadOptions
from leukokit.evaluation.splits import Fold
from leukokit.recipe import Recipe
from leukokit.record.audit import AuditSplit


@dataclass(frozen=True)
class AuditInput:
    """Everything that the checks read.

    Attributes
    ----------
    folds : sequence of Fold
        Folds of the recipe's split or of its first protocol; empty where the images could not be split.
    no_split : str
        Why the images could not be split; empty where they could.
    images : ImageTable or None
        Features and segmentation status of the first fold; None where the recipe makes neither.
    model : ModelScore or None
        Score of the recipe's model; None where no model is known.
    leaks : tuple of str or None
        Leaks that the leak check found; None where no model is known.
    """

    recipe: Recipe
    data: OpenData
    folds: Sequence[Fold]
    no_split: str
    images: ImageTable | None
    model: ModelScore | None
    leaks: tuple[str, ...] | None = None

    @property
    def reading(self) -> ReadOptions:
        """How image files are decoded."""
        read = self.recipe.model.data.read
        return ReadOptions(bit_depth=read.bit_depth, frame=read.frame)

    @property
    def split(self) -> AuditSplit | None:
        """Name of the split and sizes of its parts; of the first fold where there are several."""
        if not self.folds:
            return None
        first = self.folds[0]
        counts = {part.value: len(first.ids(part)) for part in Part if first.ids(part)}
        name = first.name if len(self.folds) == 1 else f"{len(self.folds)} folds"
        return AuditSplit(name=name, parts=counts)

    def parts(self) -> Mapping[str, str]:
        """Part of each image; with several folds, the name of the fold in which it is tested.

        With several folds, two images of different folds are at some time in training and test.
        """
        if len(self.folds) == 1:
            return {id_: part.value for id_, part in self.folds[0].parts.items()}
        tested: dict[str, str] = {}
        for fold in self.folds:
            for id_ in fold.ids(Part.TEST):
                tested.setdefault(id_, fold.name)
        return tested


def tested_part(folds: Sequence[Fold]) -> Part:
    """Part that scores are computed on: test, or validation where no fold has a test part."""
    return Part.TEST if any(fold.ids(Part.TEST) for fold in folds) else Part.VALIDATION
