"""What the fit of one fold starts from and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from leukokit.api import Classifier, FloatArray, Part
from leukokit.engine.explanations.stage import StoredExplanation
from leukokit.engine.images.plan import ImagePlan
from leukokit.engine.models.labeled_examples import LabeledExamples
from leukokit.engine.pipeline.decisions import Decisions
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.scale.rule import ScaleRule
from leukokit.engine.unlike.fit import FeatureLikeness, HeldOut
from leukokit.evaluation.calibration import FittedCalibration
from leukokit.recipe import Bound, Recipe


@dataclass(frozen=True)
class CandidateTable:
    """One setting of the tuned parameters, with the features and images it leads to.

    Attributes
    ----------
    overrides : mapping of str to object
        Empty where nothing is tuned.
    recipe : Recipe
        The recipe with the overrides in it.
    classify : Bound of Classifier
        The recipe's.
    plan : ImagePlan
        The fold's plan for its images.
    scale : ScaleRule or None
        How the fold's images got their scale; None where nothing asks for it.
    examples : mapping of Part to LabeledExamples
        Rows of each part.
    """

    overrides: Mapping[str, Any]
    recipe: Recipe
    classify: Bound[Classifier]
    plan: ImagePlan
    scale: ScaleRule | None
    examples: Mapping[Part, LabeledExamples]


@dataclass(frozen=True)
class FittedFold:
    """A model and what it says of the parts it was not fitted on.

    Attributes
    ----------
    best : CandidateTable
        The setting that was fitted.
    pipeline : FittedPipeline
        From image files to the probabilities below; calibration and thresholds are added once they are known.
    tuning : DataFrame or None
        One row a setting, best first.
    leaks : tuple of str
        What the model knows that it should not, in words; empty where nothing was found.
    probabilities : mapping of Part to float64 array n x k
    explanations : mapping of name to StoredExplanation
        Names are safe for files.
    reused : bool
        True where the model came from the cache.
    folder : Path
        Holds ``model/`` and, where the fit left logs or pictures, ``training/``; lives as long as the caller
        keeps it.
    fault : str or None
        Why the saved model cannot be loaded again; None where it can.
    uncalibrated : mapping of Part to float64 array n x k
        The probabilities before that; empty where nothing corrects them.
    likeness : FeatureLikeness or None
        How far held-out images are from the training part, as the model sees them; None where the recipe has
        no ``unlike``.
    held_out : HeldOut or None
        The same with stain and scale, once these are known.
    """

    best: CandidateTable
    pipeline: FittedPipeline
    tuning: pd.DataFrame | None
    leaks: tuple[str, ...]
    probabilities: Mapping[Part, FloatArray]
    explanations: Mapping[str, StoredExplanation]
    reused: bool
    folder: Path
    fault: str | None = None
    uncalibrated: Mapping[Part, FloatArray] = field(default_factory=dict)
    likeness: FeatureLikeness | None = None
    held_out: HeldOut | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes in the order of the probability columns."""
        return self.pipeline.classes

    @property
    def calibration(self) -> FittedCalibration | None:
        """What corrects ``probabilities``."""
        return self.pipeline.calibration

    @property
    def decisions(self) -> Decisions:
        """Thresholds that were chosen on the validation part."""
        return Decisions(self.pipeline.operating_point, self.pipeline.refer)

    def raw(self, part: Part) -> FloatArray:
        """Give what the model itself says of a part, whether or not a calibration corrects it."""
        return self.uncalibrated.get(part, self.probabilities[part])
