"""The fitted pipeline: everything between an image file and its calibrated probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from leukokit.api import Classifier, Consumes, Dataset, Examples, FittedModel, FloatArray, Sample, Selector
from leukokit.engine.cache.store import Store
from leukokit.engine.components.call import ComponentCall
from leukokit.engine.components.inputs import inputs_unchanged
from leukokit.engine.execution.processes import ProcessExecutor
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.plan import ImagePlan
from leukokit.engine.images.plan_building import ImageComponents, fitted_plan
from leukokit.engine.images.stage import run_image_stage
from leukokit.engine.images.stored_images import StoredImages
from leukokit.engine.observer import Observer
from leukokit.engine.pipeline.decisions import FittedOperatingPoint, FittedReferral
from leukokit.engine.pipeline.prediction_io import Files, input_items, prediction_table, with_scales
from leukokit.engine.scale.rule import ScaleRule
from leukokit.engine.validation import checked_probabilities
from leukokit.evaluation.calibration import FittedCalibration
from leukokit.recipe import Bound, Recipe


@dataclass(frozen=True)
class FittedPipeline:
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
    tested: bool = False
    notes: tuple[str, ...] = ()

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
        )

    @property
    def model(self) -> FittedModel:
        """The fitted model, loaded when first asked for."""
        return self.load_model()

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
        model, classifier = self.model, self.classify.component
        select = [bound.component for bound in self.select]
        kept = inputs_unchanged({"examples": examples}, classifier, *select)
        with ComponentCall(classifier, "predict_proba", *select), kept:
            return checked_probabilities(
                model.predict_proba(examples), (len(examples), len(self.classes)), type(classifier).__name__
            )

    def calibrated(self, raw: FloatArray) -> FloatArray:
        """Calibrate the probabilities of the model (n, k), where the recipe asks for it."""
        return raw if self.calibration is None else self.calibration.apply(np.asarray(raw))

    def predict(
        self,
        images: Sequence[Sample | str | Path],
        *,
        dataset: Dataset | None = None,
        workers: int = 1,
        executor: Executor | None = None,
        store: Store | None = None,
        observer: Observer | None = None,
    ) -> pd.DataFrame:
        """Predict images, as a run predicts its test part.

        Parameters
        ----------
        images : sequence of Sample, str or Path
            Image files by path or URL, or samples of a data set. The id of a file is its path as given.
        dataset : Dataset, optional
            Renders the samples that have no file.
        workers : int
            Processes of this machine; never changes a result.
        executor : Executor, optional
            Who does the work in place of these, such as a cluster.
        store : Store, optional
            Cache of image steps; nothing is kept where omitted.
        observer : Observer, optional
            Listens to stages, progress and warnings.

        Returns
        -------
        DataFrame
            One row an image, in the given order:

            - ``id``, ``path``;
            - ``status``: ``ok``, another status of the segmentation such as ``no_cell``, or ``rejected``;
              ``stage``, ``reason`` and ``detail`` of a rejection as in ``rejected.csv``, else empty;
            - ``predicted``: the class; missing where rejected, as all that follows;
            - ``p_<class>``: calibrated probability of each class;
            - ``positive``: whether it is called ill; only with an operating point;
            - ``referred``: whether it is left to an expert; only where a threshold was chosen.

        Raises
        ------
        UsageError
            Where two images have one id, or one has no file and no data set renders it.
        """
        executor, observer = executor or ProcessExecutor(workers), observer or Observer()
        source = dataset or Files()
        items = input_items(images, dataset, executor)
        if self.scale is not None:
            reading = self.images.reading
            items = with_scales(self.scale, reading, items, source, executor, store, observer)
        plan = self.plan(source, store=store)
        table = run_image_stage(plan, items, executor, observer)
        usable = [item for item in items if item.sample.id in table.features.index]
        ids = [item.sample.id for item in usable]
        examples = Examples(
            ids=ids,
            features=table.features.loc[ids] if Consumes.FEATURES in self.consumes else None,
            images=StoredImages(plan, usable) if Consumes.IMAGES in self.consumes else None,
        )
        proba = self.calibrated(self.raw(examples)) if usable else np.empty((0, len(self.classes)))
        row_of = {name: row for row, name in enumerate(ids)}
        return prediction_table(items, table, row_of, proba, self.classes, self.operating_point, self.refer)
