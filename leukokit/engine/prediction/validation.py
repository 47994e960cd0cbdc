"""External validation: the scores of a fitted model on labeled images that its run has never seen.

The folder that it leaves has the files of a run directory, so reports and comparisons read it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from leukokit.api import FloatArray, Part, Sample
from leukokit.engine.execution.protocol import Executor
from leukokit.engine.images.plan import Item, Rejection
from leukokit.engine.io.tables import csv_bytes, rejected_table, shown_path
from leukokit.engine.metrics_record import metrics_record
from leukokit.engine.models.pooled_predictions import PooledPredictions
from leukokit.engine.models.score_records import part_scores
from leukokit.engine.models.statistics import part_statistics
from leukokit.engine.pipeline.averaged import AveragedPipelines
from leukokit.engine.pipeline.decisions import Decisions
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.prediction.group_validation import group_validation
from leukokit.engine.prediction.labels import TrueClasses
from leukokit.engine.prediction.rows import PredictedImages
from leukokit.engine.provenance import provenance_of
from leukokit.engine.run_directory import RunDirectory
from leukokit.errors import EXIT_DONE, DataError
from leukokit.evaluation.metrics import predictions_table, scores
from leukokit.notice import NOTICE
from leukokit.recipe import Bound
from leukokit.recipe.models import RecipeModel
from leukokit.record.base import FORMAT
from leukokit.record.files import METRICS, PROVENANCE, RESOLVED
from leukokit.record.metrics import Metrics
from leukokit.record.provenance import RunStatus, RunWorkers
from leukokit.record.recipe import (
    RecipeComponent,
    RecipeDataSet,
    RecipeOperatingPoint,
    RecipeReferral,
    RecipeUnit,
    ResolvedRecipe,
    SplitOfDataSet,
)

SPLIT = "external validation"
_PART = Part.TEST.value


@dataclass
class Validation:
    """Collects the predictions of labeled images, and writes the folder.

    Attributes
    ----------
    predictor : FittedPipeline or AveragedPipelines
    truth : TrueClasses
    source : sequence of str
        What was given to predict, for the record.
    """

    predictor: FittedPipeline | AveragedPipelines
    truth: TrueClasses
    source: Sequence[str]
    _samples: list[Sample] = field(default_factory=list)
    _raw: list[FloatArray] = field(default_factory=list)
    _proba: list[FloatArray] = field(default_factory=list)
    _represented: list[tuple[FloatArray, ...]] = field(default_factory=list)
    _keys: dict[str, str] = field(default_factory=dict)
    _rejected: list[tuple[Item, Rejection]] = field(default_factory=list)

    def check(self) -> None:
        """Raise DataError where there is nothing to score."""
        if self.truth.by_id:
            return
        known = ", ".join(self.predictor.classes)
        if self.truth.unknown:
            labels = ", ".join(list(self.truth.unknown)[:10])
            raise DataError(
                f"none of the labels is a class of the model: the images have {labels}; the model knows "
                f"{known}",
                hint="Rename the folders or labels to those of the model",
            )
        raise DataError(
            "a validation needs labels, and no image has one",
            hint=f"Give a table with a column 'label', or a folder with folders named {known}",
        )

    def add(self, predicted: PredictedImages) -> None:
        """Keep what is needed of a piece."""
        wanted = [sample.id in self.truth.by_id for sample in predicted.samples]
        rows = [row for row, used in zip(wanted, predicted.used, strict=True) if used]
        self._raw.append(predicted.raw[rows])
        self._proba.append(predicted.proba[rows])
        if rows:
            self._represented.append(tuple(each[rows] for each in predicted.represented))
        for number, sample in enumerate(predicted.samples):
            if not wanted[number]:
                continue
            self._keys[sample.id] = predicted.keys[number]
            rejection = predicted.rejections[number]
            if rejection is None:
                self._samples.append(sample)
            else:
                self._rejected.append((Item(number, sample, predicted.keys[number]), rejection))

    def write(self, directory: RunDirectory, executor: Executor, notes: Sequence[str]) -> Metrics:
        """Write everything but the report and ``status.json``.

        Parameters
        ----------
        directory : RunDirectory
            Locked by the caller.
        executor : Executor
            Who did the work, for the record.
        notes : sequence of str
            What a reader should know; in the journal.

        Raises
        ------
        DataError
            Where no labeled image could be used.
        """
        if not self._samples:
            raise DataError("every labeled image was rejected", where=str(directory.path))
        rows = self._rows()
        model = self._recipe_model()
        decisions = {SPLIT: Decisions(self.predictor.operating_point, self.predictor.refer)}
        statistics = part_statistics(rows, None, decisions, model, seed=self._seed)
        scored = part_scores(
            scores(rows.true, rows.proba, rows.classes, groups=rows.groups),
            calibration=statistics.calibration,
            operating_point=statistics.operating_point,
            coverage=statistics.coverage,
        )
        answer, by_group = self.predictor.answer, None
        if answer is not None:
            represented = [np.concatenate(pieces) for pieces in zip(*self._represented, strict=True)]
            by_group = group_validation(rows, represented, answer, self.truth.groups, model, seed=self._seed)
        record = metrics_record({Part.TEST: scored}, synthetic=False, by_group=by_group)
        for note in notes:
            directory.journal.write("warning", text=note)
        resolved = self._resolved(model)
        directory.write(RESOLVED.name, resolved.to_bytes())
        directory.write("recipe.yaml", _recipe_text(resolved))
        workers = RunWorkers(executor=executor.name, count=executor.count)
        made = provenance_of(self._keys, workers, seed=self._seed, commit=None, synthetic=False)
        directory.write(PROVENANCE.name, made.to_bytes())
        directory.write("rejected.csv", csv_bytes(rejected_table(self._rejected, "synthetic:")))
        directory.write("split.csv", csv_bytes(self._split(rows)))
        directory.write("predictions.csv", csv_bytes(self._predictions(rows)))
        directory.write(METRICS.name, record.to_bytes())
        return record

    def finish(self, directory: RunDirectory, seconds: float) -> None:
        """Write ``status.json``, the last file."""
        directory.journal.write("run_finished", exit_code=EXIT_DONE)
        directory.finish(
            RunStatus(
                format=FORMAT,
                status="done",
                exit_code=EXIT_DONE,
                images=len(self._keys),
                rejected=len(self._rejected),
                synthetic=False,
                seconds=round(seconds, 3),
            )
        )

    def _rows(self) -> PooledPredictions:
        ids = [sample.id for sample in self._samples]
        return PooledPredictions(
            ids=ids,
            folds=[SPLIT] * len(ids),
            true=[self.truth.by_id[name] for name in ids],
            groups=[self.truth.groups.get(name, name) for name in ids],
            proba=np.concatenate(self._proba),
            raw=np.concatenate(self._raw),
            classes=self.predictor.classes,
        )

    def _predictions(self, rows: PooledPredictions) -> pd.DataFrame:
        paths = [shown_path(sample, "synthetic:") for sample in self._samples]
        return predictions_table(
            rows.ids, paths, [_PART] * len(rows.ids), rows.true, rows.proba, rows.classes
        )

    def _split(self, rows: PooledPredictions) -> pd.DataFrame:
        groups = [self.truth.groups.get(name) for name in rows.ids]
        return pd.DataFrame({"id": rows.ids, "label": rows.true, "group": groups, "part": _PART})

    @property
    def _first(self) -> FittedPipeline:
        return self.predictor.members[0]

    @property
    def _data_set(self) -> str:
        """What was given, as a reader knows it: name of the folder or table; of many, the first."""
        first = PurePath(self.source[0])
        name = first.name or str(first)
        return name if len(self.source) == 1 else f"{name} and {len(self.source) - 1} more"

    @property
    def _seed(self) -> int:
        return self._first.images.seed

    def _recipe_model(self) -> RecipeModel:
        """Give the sections of the recipe that statistics ask for, as the fit has them."""
        point, refer, calibration = (
            self.predictor.operating_point,
            self.predictor.refer,
            self._first.calibration,
        )
        sections: dict[str, object] = {
            "leukokit": 1,
            "name": self.predictor.name,
            "data": {"use": "folder"},
            "calibrate": None if calibration is None else calibration.method,
        }
        if point is not None:
            sections["operating_point"] = {"negative": list(point.negative)} | (
                {} if point.sensitivity is None else {"sensitivity": point.sensitivity}
            )
        if refer is not None:
            sections["refer"] = {"error": refer.error}
        return RecipeModel.model_validate(sections)

    def _resolved(self, model: RecipeModel) -> ResolvedRecipe:
        pipeline = self._first
        segment = pipeline.images.segment
        point = model.operating_point
        return ResolvedRecipe(
            leukokit=1,
            name=pipeline.name,
            description="External validation: no part of these images was used in the fit.",
            seed=self._seed,
            data=RecipeDataSet(use=self._data_set, params={"images": list(self.source)}),
            unit=None if pipeline.cell_margin is None else RecipeUnit(of="cell", margin=pipeline.cell_margin),
            split=SplitOfDataSet(method="named", name=SPLIT),
            preprocess=tuple(map(_component, pipeline.images.preprocess)),
            segment=None if segment is None else _component(segment),
            features=tuple(map(_component, pipeline.images.features)),
            select=tuple(map(_component, pipeline.select)),
            classify=_component(pipeline.classify),
            calibrate=model.calibrate,
            operating_point=RecipeOperatingPoint(
                negative=None if point.negative is None else tuple(point.negative),
                sensitivity=point.sensitivity,
            ),
            refer=RecipeReferral(error=model.refer.error),
        )


def _component(bound: Bound[Any]) -> RecipeComponent:
    return RecipeComponent(use=bound.use, params=bound.params)


def _recipe_text(resolved: ResolvedRecipe) -> bytes:
    """Give the fitted pipeline as YAML that says what it is (JSON is YAML)."""
    head = (
        "# An external validation: this fitted model predicted images that its run has never seen.\n"
        f"# {NOTICE}\n"
    )
    return (head + json.dumps(resolved.plain(), indent=2, ensure_ascii=False) + "\n").encode()
