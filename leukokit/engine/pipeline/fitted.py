"""The fitted pipeline: everything between an image file and its calibrated probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from leukokit.api import Classifier, Consumes, Dataset, Examples, FittedModel, FloatArray, Selector
from leukokit.engine.cache.store import Store
from leukokit.engine.components.call import ComponentCall
from leukokit.engine.components.inputs import inputs_unchanged
from leukokit.engine.images.plan import ImagePlan
from leukokit.engine.images.plan_building import ImageComponents, fitted_plan
from leukokit.engine.pipeline.answer import FittedAnswer
from leukokit.engine.pipeline.decisions import FittedOperatingPoint, FittedReferral
from leukokit.engine.prediction.blocks import blocks
from leukokit.engine.prediction.patient_predictor import PatientPredictor
from leukokit.engine.scale.rule import ScaleRule
from leukokit.engine.unlike.limits import FittedUnlike
from leukokit.engine.unlike.represented import checked_represented
from leukokit.engine.validation import checked_probabilities
from leukokit.evaluation.calibration import FittedCalibration
from leukokit.recipe import Bound, Recipe


@dataclass(frozen=True, repr=False)
class FittedPipeline(PatientPredictor):
    """The result of the fit of one fold: all steps from an image file to the decision about the image.

    Attributes
    ----------
    name : str
        Of the recipe.
    images : ImageComponents
        With the learned states of the preprocessors.
    columns : tuple of str
        Features, in the order of the table.
    scale : ScaleRule or None
        How an image gets its scale; None where nothing asks for it.
    select : tuple of Bound of Selector
        Their fitted state is part of the model.
    classify : Bound of Classifier
    classes : tuple of str
        In the order of the probability columns.
    load_model : callable
        Gives the fitted model, the same object each time.
    calibration : FittedCalibration or None
    operating_point : FittedOperatingPoint or None
        None where no class is known to be healthy.
    refer : FittedReferral or None
        None where there was no validation part to choose it on.
    answer : FittedAnswer or None
        How the images of a patient or slide become one answer; None where the recipe asks for none.
    unlike : FittedUnlike or None
        None where the recipe has no ``unlike``, or an older version fitted it.
    cell_margin : float or None
        Share of a box that the crops of its training showed around a cell; None where it learned images.
    tested : bool
        Whether it was tested on images held out of its fit; the scores of the run are those of these images.
    notes : tuple of str
        What a user should know before trusting a prediction, such as other versions of the libraries.
    """

    name: str
    images: ImageComponents
    columns: tuple[str, ...]
    scale: ScaleRule | None
    select: tuple[Bound[Selector], ...]
    classify: Bound[Classifier]
    classes: tuple[str, ...]
    load_model: Callable[[], FittedModel]
    calibration: FittedCalibration | None = None
    operating_point: FittedOperatingPoint | None = None
    refer: FittedReferral | None = None
    answer: FittedAnswer | None = None
    unlike: FittedUnlike | None = None
    cell_margin: float | None = None
    tested: bool = False
    notes: tuple[str, ...] = ()

    @property
    def members(self) -> tuple[FittedPipeline, ...]:
        """Itself."""
        return (self,)

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        plan: ImagePlan,
        scale: ScaleRule | None,
        classes: Sequence[str],
        load_model: Callable[[], FittedModel],
    ) -> Self:
        """Combine what a fold has fitted; calibration and thresholds are added later.

        Parameters
        ----------
        plan : ImagePlan
            The fold's plan, in which the recipe's components were fitted.

        Raises
        ------
        ValueError
            Where the recipe has no classifier.
        """
        return cls(
            name=recipe.name,
            images=ImageComponents.of(recipe).fitted(plan),
            columns=tuple(plan.columns()),
            scale=scale,
            select=recipe.select,
            classify=recipe.classifier,
            classes=tuple(classes),
            load_model=load_model,
            cell_margin=None if recipe.model.unit.default else recipe.model.unit.margin,
        )

    @property
    def model(self) -> FittedModel:
        """The fitted model, loaded when first asked for."""
        return self.load_model()

    @property
    def predicting(self) -> tuple[Classifier | Selector, ...]:
        """The components whose code predicts."""
        return (self.classify.component, *(bound.component for bound in self.select))

    @property
    def consumes(self) -> frozenset[Consumes]:
        """What the classifier learns from."""
        return self.classify.component.consumes

    def plan(self, dataset: Dataset, *, store: Store | None = None) -> ImagePlan:
        """Plan the work on images; ``dataset`` renders the samples that have no file."""
        return fitted_plan(self.images, dataset, store=store)

    def raw(self, examples: Examples) -> FloatArray:
        """Probabilities of the model before any calibration: float64 n x k, rows sum to 1.

        Raises
        ------
        PluginError
            Where the classifier returns anything else, or its plugin fails.
        """
        return self.predicted(examples)[0]

    def predicted(self, examples: Examples) -> tuple[FloatArray, FloatArray]:
        """Probabilities as :meth:`raw` gives them, and what the model sees of each image, float64 n x d.

        The model predicts in blocks of one size, so that no row depends on the number of the others.
        """
        found = [self._predicted(block, used) for block, used in blocks(examples, self.consumes)]
        if not found:
            return np.empty((0, len(self.classes))), np.empty((0, 0))
        proba, represented = zip(*found, strict=True)
        return np.concatenate(proba), np.concatenate(represented)

    def represented(self, examples: Examples) -> FloatArray:
        """Give what the model sees of each image, float64 n x d, as :meth:`predicted` does."""
        rows = [self._represented(block)[:used] for block, used in blocks(examples, self.consumes)]
        return np.concatenate(rows) if rows else np.empty((0, 0))

    def _represented(self, block: Examples) -> FloatArray:
        model, classifier = self.model, self.classify.component
        select = [bound.component for bound in self.select]
        kept = inputs_unchanged({"examples": block}, classifier, *select)
        with ComponentCall(classifier, "represented", *select), kept:
            return checked_represented(classifier.represented(model, block), block, type(classifier).__name__)

    def _predicted(self, block: Examples, used: int) -> tuple[FloatArray, FloatArray]:
        """Predict one block, of which the first ``used`` rows count."""
        model, classifier = self.model, self.classify.component
        select = [bound.component for bound in self.select]
        kept = inputs_unchanged({"examples": block}, classifier, *select)
        name = type(classifier).__name__
        with ComponentCall(classifier, "predict_proba", *select), kept:
            proba, represented = classifier.predict_represented(model, block)
            checked = checked_probabilities(proba, (len(block), len(self.classes)), name)
            rows = checked_represented(represented, block, name)
        return checked[:used], rows[:used]

    def calibrated(self, raw: FloatArray) -> FloatArray:
        """Calibrate the probabilities of the model (n, k), where the recipe asks for it."""
        return raw if self.calibration is None else self.calibration.apply(np.asarray(raw))
