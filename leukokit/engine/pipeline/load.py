"""Load a fitted pipeline: components from the catalog, learned states and the model from the folder.

No code in the folder is run: arrays are read without pickle, the model is read by its classifier, and every
file is compared with its digest first. Links are not followed.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError

from leukokit.api import Classifier, FittedModel
from leukokit.catalog import Catalog, CatalogEntry, ComponentKind
from leukokit.engine.components.call import ComponentCall, ComponentFailed, call_method
from leukokit.engine.images.plan_building import ImageComponents
from leukokit.engine.io.reading import ReadOptions
from leukokit.engine.pipeline.averaged import AveragedPipelines
from leukokit.engine.pipeline.calibration_record import fitted_calibration
from leukokit.engine.pipeline.document import (
    FORMAT,
    AverageDocument,
    ComponentDocument,
    PipelineDocument,
    ScaleDocument,
    StrictDocument,
)
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.pipeline.layout import AVERAGE_FILE, FINAL, PIPELINE_FILE
from leukokit.engine.pipeline.save import computing_libraries
from leukokit.engine.scale.rule import ScaleRule
from leukokit.errors import CatalogError, DataError, LeukokitError, MissingPackageError
from leukokit.evaluation.calibration import FittedCalibration
from leukokit.input_file import LARGEST_MODEL, check_stored_zip, read_input
from leukokit.recipe import Bound
from leukokit.recipe.messages import validated

D = TypeVar("D", bound=StrictDocument)

_MODEL = "model"
_LARGEST = 32 * 2**20  # bytes of pipeline.json
_NAME = re.compile(r"[^/\\\0]+(/[^/\\\0]+)*")
_DAMAGED = "Run the recipe again, or copy the folder again from where it was written"


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
    for folder in (Path(path), Path(path) / _MODEL):
        if (folder / AVERAGE_FILE).is_file():
            return _averaged(folder, catalog)
    return _load_one(_folder(Path(path)), catalog)


def _load_one(folder: Path, catalog: Catalog) -> FittedPipeline:
    document = _document(folder / PIPELINE_FILE, PipelineDocument)
    if document.incomplete is not None:
        raise DataError(
            f"this pipeline cannot be loaded: {document.incomplete}", where=str(folder / PIPELINE_FILE)
        )
    _compare_digests(folder, document)
    return _Reader(folder, catalog, document).pipeline()


def _averaged(folder: Path, catalog: Catalog) -> AveragedPipelines:
    path = folder / AVERAGE_FILE
    document = _document(path, AverageDocument)
    members = []
    for name, expected in document.folds.items():
        pipeline_file = folder / name / PIPELINE_FILE
        if not _NAME.fullmatch(name) or ".." in name.split("/"):
            raise DataError(f"names a folder outside of its own: {name!r}", where=str(path))
        _refuse_link(pipeline_file, folder)
        if not pipeline_file.is_file():
            raise DataError("this file of the pipeline is missing", where=str(pipeline_file), hint=_DAMAGED)
        if hashlib.sha256(pipeline_file.read_bytes()).hexdigest() != expected:
            raise DataError("is not the pipeline that was saved", where=str(pipeline_file), hint=_DAMAGED)
        members.append(_load_one(folder / name, catalog))
    if len(members) < 2 or any(member.classes != members[0].classes for member in members):
        raise DataError(
            "needs the pipelines of two folds or more that know the same classes",
            where=str(path),
            hint=_DAMAGED,
        )
    point, refer = document.operating_point, document.refer
    return AveragedPipelines(
        document.name,
        tuple(members),
        None if point is None else point.point(),
        None if refer is None else refer.refer(),
    )


def _folder(path: Path) -> Path:
    """Find the folder with ``pipeline.json``."""
    for folder in (path, path / _MODEL, path / FINAL, path / _MODEL / FINAL):
        if (folder / PIPELINE_FILE).is_file():
            return folder
    folds = sorted(file.parent for file in path.glob(f"*/{PIPELINE_FILE}"))
    folds = folds or sorted(file.parent for file in path.glob(f"{_MODEL}/*/{PIPELINE_FILE}"))
    if folds:
        names = ", ".join(folder.name for folder in folds)
        raise DataError(
            f"there is a pipeline a fold ({names}) and no final one",
            where=str(path),
            hint=f"Name one, such as {folds[0]}, or run the recipe with final: refit or folds",
        )
    raise DataError(
        f"there is no fitted pipeline: no {PIPELINE_FILE} in it or in its {_MODEL}/",
        where=str(path),
        hint="Name a run directory whose recipe has 'classify'; runs of older versions have none",
    )


def _document(path: Path, kind: type[D]) -> D:
    where = str(path)
    _refuse_link(path, path.parent)
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise DataError(f"has more than {_LARGEST:,} bytes", where=where, hint=_DAMAGED)
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the file"
        hint = _DAMAGED
        if first["loc"] == ("format",):
            hint = f"This leukokit reads format {FORMAT}: install the version that wrote it"
        raise DataError(f"is no fitted pipeline: {key}: {first['msg']}", where=where, hint=hint) from error


def _compare_digests(folder: Path, document: PipelineDocument) -> None:
    for name, expected in document.files.items():
        path = folder / name
        if not _NAME.fullmatch(name) or ".." in name.split("/"):
            raise DataError(
                f"names a file outside of its folder: {name!r}", where=str(folder / PIPELINE_FILE)
            )
        _refuse_link(path, folder)
        if not path.is_file():
            raise DataError("this file of the pipeline is missing", where=str(path), hint=_DAMAGED)
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != expected:
            raise DataError(
                "this file of the pipeline is damaged: it is not the one that was saved",
                where=str(path),
                hint=_DAMAGED,
            )


def _refuse_link(path: Path, folder: Path) -> None:
    while path != folder.parent and path != path.parent:
        if path.is_symlink() and path != folder:
            raise DataError("a file of a pipeline may not be a link", where=str(path))
        path = path.parent


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
        model = self._model(classify, [bound.component for bound in select])
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
            load_model=lambda: model,
            calibration=self._calibration(),
            operating_point=None if point is None else point.point(),
            refer=None if refer is None else refer.refer(),
            tested=document.tested,
            notes=tuple(dict.fromkeys(self.notes)),
        )

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

    def _model(self, classify: Bound[Classifier], select: Sequence[Any]) -> FittedModel:
        try:
            with ComponentCall(classify.component, "load", *select):
                model = classify.component.load(self.folder, select=select)
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
        return model

    def _preprocessor(self, document: ComponentDocument, number: int) -> Bound[Any]:
        bound = self._image("preprocess", document, number)
        if document.state is None:
            if call_method(bound.component, "needs_fit"):
                raise self._wrong(f"{bound.path}: {bound.use} learns, but its learned state is missing")
            return bound
        if document.state not in self.document.files:
            raise self._wrong(f"{bound.path}: {document.state} is not among the files")
        path = self.folder / document.state
        try:
            content = read_input(path, LARGEST_MODEL)
            check_stored_zip(content)
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                state = dict(arrays)
            with ComponentCall(bound.component, "restore"):
                bound.component.restore(state)
        except Exception as error:  # a manipulated file may raise anything in numpy or the plugin
            raise DataError(
                f"does not hold the learned state of {bound.use} ({type(error).__name__}: {error})",
                where=str(path),
                hint=_DAMAGED,
            ) from error
        return bound

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
        cls = entry.load()
        params: dict[str, Any] = dict(document.params)
        for name, copy in document.files.items():
            if copy not in self.document.files:
                raise self._wrong(f"{path}: {copy} is not among the files")
            params[name] = str(self.folder / copy)
        checked, problems = validated(cls.Params, params)
        if checked is None:
            first = problems[0]
            name = ".".join(map(str, first.path))
            raise self._wrong(f"{path}: {document.use} of {entry.origin} refuses {name}: {first.message}")
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
        return DataError(what, where=self.where, hint=_DAMAGED)


def _install(document: ComponentDocument) -> str:
    return f"pip install {document.distribution}=={document.version}"
