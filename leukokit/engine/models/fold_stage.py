"""Work on the folds of one protocol: images of each fold, then tuning, fit and prediction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from leukokit.api import Consumes, FloatArray, Part
from leukokit.engine.cache.keys import digest
from leukokit.engine.cache.store import Store
from leukokit.engine.cell_samples.measured import images_of_cells, spread_to_cells
from leukokit.engine.components.call import call_method
from leukokit.engine.data import OpenData, merged_groups
from leukokit.engine.dataset_answers import TruthRoles, roles_of_truth
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.file_measures import FileMeasure, measure_files
from leukokit.engine.images.plan import ImagePlan, Item
from leukokit.engine.images.plan_building import ImageComponents, fits_preprocessing, image_plan, with_cells
from leukokit.engine.images.stage import ImageTable, run_image_stage
from leukokit.engine.images.stored_images import StoredImages
from leukokit.engine.io.reading import ReadOptions
from leukokit.engine.models.calibration_stage import calibrated, compared, decided
from leukokit.engine.models.fit_directories import FitFolders
from leukokit.engine.models.fitted_fold import CandidateTable, FittedFold
from leukokit.engine.models.group_stage import answered
from leukokit.engine.models.labeled_examples import LabeledExamples
from leukokit.engine.models.model_stage import TRAINING, fit_fold
from leukokit.engine.observer import Observer
from leukokit.engine.run_directory import RunDirectory
from leukokit.engine.run_result import FoldRun
from leukokit.engine.scale.find import Scales, asks_for_scale, find_scales
from leukokit.engine.scale.stage import SCALE, OwnScales, scales_in
from leukokit.engine.traits import groups_of
from leukokit.engine.unlike.fit import HeldOut, PartTraits, held_out_distances
from leukokit.engine.unlike.limits import SCALE as SPACE_OF_SCALE
from leukokit.engine.unlike.limits import STAIN as SPACE_OF_STAIN
from leukokit.engine.unlike.limits import log_diameters
from leukokit.engine.unlike.stain import STAIN, stain_in
from leukokit.errors import LeukokitError, UsageError
from leukokit.evaluation.splits import Fold
from leukokit.recipe import Recipe

CHECKPOINTS = ".checkpoints"
"""Folder of the run directory for checkpoints that the cache cannot hold."""


@dataclass
class FoldStage:
    """Runs folds; those that have the same images share one table.

    Attributes
    ----------
    wanted : collection of str
        Ids of the images that any fold has a use for.
    scratch : Path
        Folder for what is fitted.
    """

    recipe: Recipe
    data: OpenData
    wanted: Collection[str]
    directory: RunDirectory
    store: Store | None
    executor: Executor
    observer: Observer
    scratch: Path
    _tables: dict[str, ImageTable] = field(default_factory=dict)
    _plans: dict[str, ImagePlan] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.store is None and self.recipe.model.cells is not None:
            if self.executor.name == "dask":
                raise UsageError(
                    "a run on dask writes cells from the cache, and it has none",
                    where="cells",
                    hint="Leave out --no-cache, or 'cells' in the recipe",
                )
            # Cells wait here until they are written in the order of the data set: memory could not hold all.
            self.store = Store(self.scratch / "cells")
        self._truth = self._roles()

    @cached_property
    def scales(self) -> Scales:
        """Scales of all images that any fold has a use for; measured when first asked for."""
        return find_scales(
            self.recipe,
            self.data,
            self._wanted_items,
            measured=self._own_scales,
            store=self.store,
            threads=self.executor.count,
            observer=self.observer,
        )

    @cached_property
    def groups(self) -> dict[str, str]:
        """Group (patient, slide) of each image that has one, by its id."""
        return groups_of(item.sample for item in self.data.items)

    def _own_scales(self) -> OwnScales:
        if asks_for_scale(self.recipe):
            return scales_in(self._measured_files, self._wanted_items, self._reading)
        # Only a setting that is tried asks for it.
        return scales_in(self._measured([SCALE]), self._wanted_items, self._reading)

    @cached_property
    def stains(self) -> dict[str, FloatArray]:
        """Stain of all images that any fold has a use for, in a recipe that compares it."""
        rows = stain_in(self._measured_files, self._wanted_items)
        return {item.sample.id: row for item, row in zip(self._wanted_items, rows, strict=True)}

    @cached_property
    def _wanted_items(self) -> list[Item]:
        return [item for item in self.data.items if item.sample.id in self.wanted]

    @property
    def _reading(self) -> ReadOptions:
        return ImageComponents.of(self.recipe).reading

    @cached_property
    def _measured_files(self) -> ImageTable:
        """Scale and stain, as far as the recipe asks for them: each image is decoded once for both."""
        measures = [SCALE] if asks_for_scale(self.recipe) else []
        if self.recipe.classify is not None and self.recipe.model.unlike is not None:
            measures.append(STAIN)
        return self._measured(measures)

    def _measured(self, measures: Sequence[FileMeasure]) -> ImageTable:
        """Measure the whole images; a cell has what its image has."""
        fields = self.data.fields
        table = measure_files(
            measures,
            self.data.dataset,
            images_of_cells(self._wanted_items, fields),
            self._reading,
            store=self.store,
            executor=self.executor,
            observer=self.observer,
            name=f"measuring the {' and the '.join(measure.step for measure in measures)}",
        )
        return spread_to_cells(table, self._wanted_items) if fields else table

    def _roles(self) -> TruthRoles:
        """Roles that the segmenter makes and of which the data set knows the truth."""
        if self.recipe.segment is None:
            return TruthRoles()
        samples = [item.sample for item in self.data.items]
        known = roles_of_truth(self.data.dataset, samples, self.executor, self.observer)
        made = frozenset(call_method(self.recipe.segment.component, "roles"))
        return TruthRoles(known.masks & made, known.boxes & made)

    def images(self, fold: Fold | None, *, cells: bool = False) -> FoldRun:
        """Work on the images of a fold, or on all, and fit nothing.

        Parameters
        ----------
        cells : bool
            Whether the table of their cells is made, too.
        """
        plan, items, images = self._images(self.recipe, fold, cells=cells)
        return FoldRun(fold, plan, items, images, None)

    def fit(self, fold: Fold, *, folder: str, several: bool, explain: bool) -> FoldRun:
        """Work on the images of a fold, fit on its training part and predict the others.

        Parameters
        ----------
        folder : str
            Folder of the protocol inside the run directory; empty for the run directory itself.
        several : bool
            Whether the protocol has further folds, so that each needs a place of its own.
        explain : bool
            Whether the recipe's explainers look at the model.
        """
        run, fitted = self._fitted(fold, folder=folder, several=several, explain=explain)
        decisive = decided(calibrated(fitted))
        chosen = answered(decisive, self.groups, store=self.store, observer=self.observer)
        return replace(run, fitted=compared(chosen, self.held_out(fitted)))

    def refit(self, fold: Fold) -> tuple[FoldRun, FittedFold]:
        """Fit on a fold that keeps nothing back; calibration and thresholds have to come from elsewhere."""
        return self._fitted(fold, folder="", several=True, explain=False)

    def _fitted(self, fold: Fold, *, folder: str, several: bool, explain: bool) -> tuple[FoldRun, FittedFold]:
        run = self.images(fold)
        candidates = self.candidates(fold)
        inside = [part for part in (folder, TRAINING, fold.name if several else "") if part]
        folders = FitFolders(
            artifacts=self.directory.folder("/".join(inside)),
            checkpoints=self.directory.folder(CHECKPOINTS),
        )
        fitted = fit_fold(
            candidates,
            store=self.store,
            scratch=self.scratch / (folder or "run") / fold.name,
            folders=folders,
            executor=self.executor,
            observer=self.observer,
            explain=explain,
        )
        return run, fitted

    def held_out(self, fitted: FittedFold) -> HeldOut | None:
        """Compare held-out images with the training part; None where the recipe has no ``unlike``."""
        if fitted.likeness is None:
            return None
        parts = (Part.TRAIN, *fitted.likeness.distances)
        traits = {part: self._traits(fitted.best.examples[part]) for part in parts}
        return held_out_distances(fitted.likeness, traits, seed=self.recipe.seed)

    def _traits(self, examples: LabeledExamples) -> PartTraits:
        rows = {SPACE_OF_STAIN: np.array([self.stains[name] for name in examples.ids])}
        if asks_for_scale(self.recipe):
            own = self.scales.own.scales
            rows[SPACE_OF_SCALE] = log_diameters([own[name] for name in examples.ids])
        return PartTraits(rows, examples.groups)

    def candidates(self, fold: Fold) -> list[CandidateTable]:
        """Work on the images of a fold under every setting that is tried; one where nothing is tuned."""
        return [self._candidate(overrides, fold) for overrides in self.recipe.grid_points() or ({},)]

    def _candidate(self, overrides: Mapping[str, Any], fold: Fold) -> CandidateTable:
        recipe = self.recipe.with_overrides(overrides) if overrides else self.recipe
        if recipe.classify is None:
            raise LeukokitError(
                "there is nothing to fit: the recipe has no classifier",
                where=str(recipe.path or recipe.name),
                hint="Add one, such as classify: knn",
            )
        plan, items, images = self._images(recipe, fold)
        good = [item for item in items if item.sample.id in images.features.index]
        groups = dict(zip((item.sample.id for item in good), merged_groups(good), strict=True))
        examples = {
            part: self._examples(recipe.classify.component.consumes, plan, images, good, fold, part, groups)
            for part in Part
        }
        rule = self.scales.rule(items, fold.parts) if asks_for_scale(recipe) else None
        return CandidateTable(overrides, recipe, recipe.classify, plan, rule, examples)

    def _examples(
        self,
        consumes: frozenset[Consumes],
        plan: ImagePlan,
        images: ImageTable,
        good: Sequence[Item],
        fold: Fold,
        part: Part,
        groups: Mapping[str, str],
    ) -> LabeledExamples:
        items = [item for item in good if fold.parts.get(item.sample.id) is part]
        ids = [item.sample.id for item in items]
        return LabeledExamples(
            ids=ids,
            labels=np.array([item.sample.label for item in items], dtype=np.str_),
            groups=np.array([groups[name] for name in ids], dtype=np.str_),
            features=images.features.loc[ids] if Consumes.FEATURES in consumes else None,
            images=StoredImages(plan, items) if Consumes.IMAGES in consumes else None,
        )

    def prepared(self, recipe: Recipe, fold: Fold | None) -> tuple[ImagePlan, list[Item]]:
        """Give the plan of a fold and its images with their scale; no step is carried out."""
        inside = self.wanted if fold is None or not fits_preprocessing(recipe) else fold.parts.keys()
        chosen = [item for item in self.data.items if item.sample.id in inside]
        part_of = {} if fold is None else fold.parts
        if asks_for_scale(recipe):
            chosen = self.scales.given_to(chosen, part_of)
        training = [
            item for item in chosen if part_of.get(item.sample.id) is Part.TRAIN and item.changed is None
        ]
        # Asked for by the images, by every setting and by the model: what preprocessors learn is learnt once.
        known = digest(recipe.resolved(), [(item.index, item.scale) for item in training])
        if known not in self._plans:
            self._plans[known] = image_plan(
                recipe,
                self.data.dataset,
                training,
                store=self.store,
                has_truth=bool(self._truth.masks or self._truth.boxes),
                box_roles=self._truth.boxes,
                executor=self.executor,
                observer=self.observer,
            )
        return self._plans[known], chosen

    def _images(
        self, recipe: Recipe, fold: Fold | None, *, cells: bool = False
    ) -> tuple[ImagePlan, list[Item], ImageTable]:
        plan, items = self.prepared(recipe, fold)
        # Without the cells: what was worked on with them is not worked on again without.
        key = digest([step.key for step in plan.steps()], [(item.index, item.scale) for item in items])
        if cells:
            plan = with_cells(plan)
        if key not in self._tables:
            self._tables[key] = run_image_stage(plan, items, self.executor, self.observer)
        return plan, items, self._tables[key]
