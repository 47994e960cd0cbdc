"""The mean of the probabilities of all folds' pipelines, for ``final: folds``."""

from __future__ import annotations

from dataclasses import dataclass

from leukokit.engine.pipeline.answer import FittedAnswer
from leukokit.engine.pipeline.decisions import FittedOperatingPoint, FittedReferral
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.prediction.patient_predictor import PatientPredictor


@dataclass(frozen=True, repr=False)
class AveragedPipelines(PatientPredictor):
    """One fitted pipeline a fold, whose calibrated probabilities and distances are averaged.

    Steps that the pipelines have in common are computed once. An image that one of them rejects is rejected.

    Every image was in the training part of some fold, so the mean was never tested: the scores of the run are
    those of the single folds.

    Attributes
    ----------
    name : str
        Of the recipe.
    members : tuple of FittedPipeline
        Two or more, which know the same classes.
    operating_point : FittedOperatingPoint or None
        None where no class is known to be healthy.
    refer : FittedReferral or None
        None where there was no validation part to choose it on.
    answer : FittedAnswer or None
        How the images of a patient or slide become one answer; None where the recipe asks for none.
    """

    name: str
    members: tuple[FittedPipeline, ...]
    operating_point: FittedOperatingPoint | None
    refer: FittedReferral | None
    answer: FittedAnswer | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order of the probability columns."""
        return self.members[0].classes

    @property
    def tested(self) -> bool:
        """False: every image was in the training part of some fold."""
        return False

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know before trusting a prediction, such as other versions of the libraries."""
        return tuple(dict.fromkeys(note for member in self.members for note in member.notes))
