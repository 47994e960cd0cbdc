"""Load a fitted pipeline: components from the catalog, learned states and the model from the folder.

No code in the folder is run: arrays are read without pickle, the model is read by its classifier, and every
file is compared with its digest first. Links are not followed.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.api import Classifier
from leukokit.catalog import Catalog, CatalogEntry, ComponentKind
from leukokit.engine.components.call import (
    CallPlace,
    ComponentCall,
    ComponentFailed,
    call_method,
    report_call,
)
from leukokit.engine.images.plan_building import ImageComponents
from leukokit.engine.io.reading import ReadOptions
from leukokit.engine.pipeline.answer import FittedAnswer
from leukokit.engine.pipeline.averaged import AveragedPipelines
from leukokit.engine.pipeline.calibration_record import fitted_calibration
from leukokit.engine.pipeline.document import (
    AverageDocument,
    ComponentDocument,
    PipelineDocument,
    ScaleDocument,
)
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.pipeline.folder import (
    DAMAGED,
    INSIDE,
    average_folder,
    compare_digests,
    pipeline_folder,
    read_document,
    refuse_link,
)
from leukokit.engine.pipeline.layout import AVERAGE_FILE, PIPELINE_FILE
from leukokit.engine.pipeline.save import computing_libraries
from leukokit.engine.pipeline.saved_model import SavedModel
from leukokit.engine.scale.rule import ScaleRule
from leukokit.engine.unlike.arrays import references_from
from leukokit.engine.unlike.limits import FittedUnlike
from leukokit.errors import CatalogError, DataError, LeukokitError, MissingPackageError
from leukokit.evaluation.calibration import FittedCalibration
from leukokit.input_file import LARGEST_MODEL, check_stored_zip, read_input
from leukokit.recipe import Bound
from leukokit.recipe.messages import validated


def load_pipeline(path: str | Path, catalog: Catalog) -> FittedPipeline | AveragedPipelines:
    """Load what a run has saved to predict further images with.

    Parameters
    ----------
    path : str or Path
        A run directory, its ``model/``, or the folder of one fold or of the final model in it. Of a run with
        several folds the final one is taken, or the mean of all folds where the recipe has ``final: folds``.
    catalog : Catalog
        What is installed.

    Raises
    ------
    DataError
        Where there is no pipeline, a file of it is missing or damaged (naming it), or it was written by a
        later version.
    CatalogError
        Where a component is not installed or is another one; the message says how to install it.
    """
    averaged = average_folder(Path(path))
    if averaged is not None:
        return _averaged(averaged, catalog)
    return _load_one(pipeline_folder(Path(path)), catalog)


def _load_one(folder: Path, catalog: Catalog) -> FittedPipeline:
    document = read_document(folder / PIPELINE_FILE, PipelineDocument)
    if document.incomplete is not None:
        raise DataError(
            f"this pipeline cannot be loaded: {document.incomplete}", where=str(folder / PIPELINE_FILE)
        )
    compare_digests(folder, document)
    return _Reader(folder, catalog, document).pipeline()


def _averaged(folder: Path, catalog: Catalog) -> AveragedPipelines:
    path = folder / AVERAGE_FILE
    document = read_document(path, AverageDocument)
    members = []
    for name, expected in document.folds.items():
        pipeline_file = folder / name / PIPELINE_FILE
        if not INSIDE.fullmatch(name) or ".." in name.split("/"):
            raise DataError(f"names a folder outside of its own: {name!r}", where=str(path))
        refuse_link(pipeline_file, folder)
        if not pipeline_file.is_file():
            raise DataError("this file of the pipeline is missing", where=str(pipeline_file), hint=DAMAGED)
        if hashlib.sha256(pipeline_file.read_bytes()).hexdigest() != expected:
            raise DataError("is not the pipeline that was saved", where=str(pipeline_file), hint=DAMAGED)
        members.append(_load_one(folder / name, catalog))
    if len(members) < 2 or any(member.classes != members[0].classes for member in members):
        raise DataError(
            "needs the pipelines of two folds or more that know the same classes",
            where=str(path),
            hint=DAMAGED,
        )
    point, refer = document.operating_point, document.refer
    return AveragedPipelines(
        document.name,
        tuple(members),
        None if point is None else point.point(),
        None if refer is None else refer.refer(),
        _averaged_answer(document, members, path),
    )


def _averaged_answer(
    document: AverageDocument, members: Sequence[FittedPipeline], path: Path
) -> FittedAnswer | None:
    if document.answer is None:
        return None
    learned = [member.answer.attention[0] for member in members if member.answer and member.answer.attention]
    try:
        return document.answer.answer(learned if len(learned) == len(members) else ())
    except ValueError as error:
        raise DataError(f"answer: {error}", where=str(path), hint=DAMAGED) from error


@dataclass
class _Reader:
    """Rebuilds the components of one document."""

    folder: Path
    catalog: Catalog
    document: PipelineDocument
    notes: list[str] = field(default_factory=list)

    @property
    def where(self) -> str:
        return str(self.folder / PIPELINE_FILE)

    def pipeline(self) -> FittedPipeline:
        document = self.document
        images = ImageComponents(
            reading=ReadOptions(document.reading.bit_depth, document.reading.frame),
            preprocess=tuple(self._preprocessor(saved, i) for i, saved in enumerate(document.preprocess)),
            segment=None if document.segment is None else self._image("segment", document.segment),
            features=tuple(self._image("features", saved, i) for i, saved in enumerate(document.features)),
            seed=document.seed,
        )
        self._check_columns(images)
        select = tuple(
            self._bound(self.catalog.kinds.at("select"), saved, f"select.{i}")
            for i, saved in enumerate(document.select)
        )
        classify: Bound[Classifier] = self._bound(
            self.catalog.kinds.at("classify"), document.classify, "classify"
        )
        model = SavedModel(self.folder, classify.component, tuple(bound.component for bound in select))
        self._load(model, classify)
        self._note_versions(images, classify)
        point, refer = document.operating_point, document.refer
        return FittedPipeline(
            name=document.name,
            images=images,
            columns=tuple(document.columns),
            scale=None if document.scale is None else self._scale(document.scale),
            select=select,
            classify=classify,
            classes=tuple(document.classes),
            load_model=model,
            calibration=self._calibration(),
            operating_point=None if point is None else point.point(),
            refer=None if refer is None else refer.refer(),
            answer=self._answer(),
            unlike=self._unlike(),
            cell_margin=document.cell_margin,
            tested=document.tested,
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def _answer(self) -> FittedAnswer | None:
        document = self.document.answer
        if document is None:
            return None
        learned = document.attention
        try:
            if learned is None:
                return document.answer(())
            arrays = self._arrays(learned.arrays, "what attention learned")
            return document.answer([learned.pooling(arrays, self.document.classes)])
        except (KeyError, ValueError) as error:
            raise self._wrong(f"answer: {error}") from error

    def _unlike(self) -> FittedUnlike | None:
        document = self.document.unlike
        if "unlike" not in self.document.model_fields_set:
            self.notes.append(
                "it was fitted by an older leukokit: images unlike the training data are not told apart; "
                "run the recipe again for that"
            )
        if document is None:
            return None
        arrays = self._arrays(document.arrays, "the training images that new ones are compared with")
        try:
            references = references_from(document.limits, arrays)
        except (KeyError, ValueError) as error:
            raise self._wrong(f"{document.arrays}: {error}") from error
        return document.unlike(references)

    def _scale(self, document: ScaleDocument) -> ScaleRule:
        try:
            return document.rule()
        except ValueError as error:
            raise self._wrong(f"scale: {error}") from error

    def _calibration(self) -> FittedCalibration | None:
        if self.document.calibration is None:
            return None
        calibration = fitted_calibration(self.document.calibration)
        if list(calibration.classes) != self.document.classes:
            raise self._wrong("the calibration is of other classes than the model")
        return calibration

    def _load(self, saved: SavedModel, classify: Bound[Classifier]) -> None:
        report_call(CallPlace.of_target(classify.entry.spec.target, "load"))
        try:
            model = saved()
        except ComponentFailed as error:
            raise self._wrong(
                f"{classify.use} of {classify.entry.origin} cannot load its model ({error.what})"
            ) from error
        except LeukokitError:
            raise
        except Exception as error:  # damaged content may raise anything in a library
            raise self._wrong(
                f"{classify.use} of {classify.entry.origin} cannot load its model "
                f"({type(error).__name__}: {error})"
            ) from error
        if list(model.classes) != self.document.classes:
            raise self._wrong(
                f"the model knows the classes {', '.join(model.classes)}, expected "
                f"{', '.join(self.document.classes)}"
            )

    def _preprocessor(self, document: ComponentDocument, number: int) -> Bound[Any]:
        bound = self._image("preprocess", document, number)
        if document.state is None:
            if call_method(bound.component, "needs_fit"):
                raise self._wrong(f"{bound.path}: {bound.use} learns, but its learned state is missing")
            return bound
        what = f"the learned state of {bound.use}"
        arrays = self._arrays(document.state, what)
        try:
            with ComponentCall(bound.component, "restore"):
                bound.component.restore(arrays)
        except Exception as error:  # a manipulated file may raise anything in the plugin
            raise self._no_arrays(document.state, what, error) from error
        return bound

    def _arrays(self, name: str, what: str) -> dict[str, NDArray[Any]]:
        """Read an npz file of the pipeline."""
        if name not in self.document.files:
            raise self._wrong(f"{name} is not among the files")
        try:
            content = read_input(self.folder / name, LARGEST_MODEL)
            check_stored_zip(content)
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                return dict(arrays)
        except Exception as error:  # a manipulated file may raise anything in numpy
            raise self._no_arrays(name, what, error) from error

    def _no_arrays(self, name: str, what: str, error: Exception) -> DataError:
        return DataError(
            f"does not hold {what} ({type(error).__name__}: {error})",
            where=str(self.folder / name),
            hint=DAMAGED,
        )

    def _image(self, stage: str, document: ComponentDocument, number: int | None = None) -> Bound[Any]:
        """Rebuild a component that works on images; the files that it reads have to be the same."""
        bound = self._bound(
            self.catalog.kinds.at(stage), document, stage if number is None else f"{stage}.{number}"
        )
        if call_method(bound.component, "fingerprint") != document.fingerprint:
            raise self._wrong(f"{bound.path}: a file that {bound.use} reads has changed since the fit")
        return bound

    def _bound(self, kind: ComponentKind, document: ComponentDocument, path: str) -> Bound[Any]:
        entry = self._entry(kind, document)
        target = entry.spec.target
        report_call(CallPlace.of_target(target))
        cls = entry.load()
        params: dict[str, Any] = dict(document.params)
        for name, copy in document.files.items():
            if copy not in self.document.files:
                raise self._wrong(f"{path}: {copy} is not among the files")
            params[name] = str(self.folder / copy)
        report_call(CallPlace.of_target(target, "Params"))
        checked, problems = validated(cls.Params, params)
        if checked is None:
            first = problems[0]
            name = ".".join(map(str, first.path))
            raise self._wrong(f"{path}: {document.use} of {entry.origin} refuses {name}: {first.message}")
        report_call(CallPlace.of_target(target, "__init__"))
        try:
            component = cls(checked)
        except Exception as error:  # a plugin may raise anything
            raise self._wrong(
                f"{path}: {entry.origin} cannot build {document.use}: {type(error).__name__}: {error}"
            ) from error
        if component.revision != document.revision:
            raise CatalogError(
                f"{path}: {document.use} of {entry.origin} is revision {component.revision}; the fit had "
                f"revision {document.revision}, of {document.distribution} {document.version}, which gave "
                "other output",
                where=self.where,
                hint=f"Install with: {_install(document)}; or run the recipe again",
            )
        if entry.version != document.version:
            self.notes.append(
                f"{document.distribution} is {entry.version} here and was {document.version} at the fit"
            )
        return Bound(entry, component, path)

    def _entry(self, kind: ComponentKind, document: ComponentDocument) -> CatalogEntry:
        name = f"{kind.words} {document.use} of {document.distribution} {document.version}"
        try:
            entry = self.catalog.get(kind, document.use)
        except CatalogError as error:
            raise MissingPackageError(
                f"the pipeline needs the {name}, which cannot be used here ({error.what})",
                where=self.where,
                hint=f"Install with: {_install(document)}",
            ) from error
        if entry.distribution != document.distribution:
            raise MissingPackageError(
                f"the pipeline needs the {name}; here {document.use} is of {entry.origin}",
                where=self.where,
                hint=f"Install with: {_install(document)}, and uninstall {entry.distribution}",
            )
        return entry

    def _check_columns(self, images: ImageComponents) -> None:
        names = [name for bound in images.features for name in call_method(bound.component, "names")]
        if names == self.document.columns:
            return
        absent = [name for name in self.document.columns if name not in names]
        missing = f" (missing: {absent[0]})" if absent else ""
        raise self._wrong(
            f"the installed extractors give {len(names)} columns that differ from the "
            f"{len(self.document.columns)} of the fit{missing}; install the versions of the fit"
        )

    def _note_versions(self, images: ImageComponents, classify: Bound[Classifier]) -> None:
        installed = computing_libraries(images, classify)
        self.notes += [
            f"{name} is {installed.get(name, 'absent')} here and was {version} at the fit: "
            "last digits can differ"
            for name, version in self.document.libraries.items()
            if installed.get(name) != version
        ]

    def _wrong(self, what: str) -> DataError:
        return DataError(what, where=self.where, hint=DAMAGED)


def _install(document: ComponentDocument) -> str:
    return f"pip install {document.distribution}=={document.version}"
