"""Write a fitted pipeline into a folder, without pickle: ``pipeline.json`` and the files that it names.

The model's own files are those of ``FittedModel.save``. Beside them are the learned states of
preprocessors (``preprocessors/<i>.npz``) and copies of the files that parameters name (``files/``), such as a
template image: the folder is enough to predict.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from leukokit._version import __version__
from leukokit.api import Classifier, Component, Preprocessor
from leukokit.engine.cache.keys import deep_versions, library_versions
from leukokit.engine.components.call import ComponentCall, call_method
from leukokit.engine.components.origin import is_foreign
from leukokit.engine.images.plan_building import ImageComponents
from leukokit.engine.io.files import write_bytes
from leukokit.engine.pipeline.averaged import AveragedPipelines
from leukokit.engine.pipeline.calibration_record import calibration_record
from leukokit.engine.pipeline.document import (
    FORMAT,
    AnswerDocument,
    AverageDocument,
    ComponentDocument,
    OperatingPointDocument,
    PipelineDocument,
    ReadingDocument,
    ReferDocument,
    ScaleDocument,
    StrictDocument,
    UnlikeDocument,
)
from leukokit.engine.pipeline.fitted import FittedPipeline
from leukokit.engine.pipeline.layout import ATTENTION_FILE, COPIES, PIPELINE_FILE, STATES, UNLIKE_FILE
from leukokit.engine.unlike.arrays import reference_arrays
from leukokit.errors import LeukokitError
from leukokit.notice import NOTICE
from leukokit.recipe import Bound


def save_pipeline(pipeline: FittedPipeline, folder: Path) -> None:
    """Write a pipeline, its model included, into an existing folder.

    Raises
    ------
    LeukokitError
        Where something that was fitted cannot be saved, naming it.
    """
    pipeline.model.save(folder)
    document, files = beside_model(pipeline, folder)
    if document.incomplete is not None:
        raise LeukokitError(f"the pipeline cannot be saved: {document.incomplete}", where=str(folder))
    for name, data in files.items():
        write_bytes(folder / name, data)


def beside_model(
    pipeline: FittedPipeline, model: Path, *, fault: Callable[[], str | None] | None = None
) -> tuple[PipelineDocument, dict[str, bytes]]:
    """Give the files of a pipeline that are written beside those of its model.

    Parameters
    ----------
    model : Path
        Folder with the files of the saved model, and nothing else.
    fault : callable, optional
        Returns why the saved model cannot be loaded, None where it can; loads it where omitted.

    Returns
    -------
    document : PipelineDocument
        ``incomplete`` says where the pipeline could not be loaded from these files.
    files : dict of str to bytes
        Content by name, ``pipeline.json`` among them.

    Raises
    ------
    LeukokitError
        Where a name (of a class, a group) cannot be written as text.
    """
    files: dict[str, bytes] = {}
    incomplete = _unloadable(pipeline, model) if fault is None else fault()
    preprocess = []
    for i, bound in enumerate(pipeline.images.preprocess):
        state = call_method(bound.component, "state")
        incomplete = incomplete or _unsavable_state(bound, state)
        name = f"{STATES}/{i}.npz" if state else None
        if name is not None and incomplete is None:
            files[name] = _npz(state)
        preprocess.append(_component(bound, files, state=name))
    if pipeline.unlike is not None:
        files[UNLIKE_FILE] = _npz(reference_arrays(pipeline.unlike.references))
    answer, learned = pipeline.answer, None
    if answer is not None and answer.attention:
        learned = ATTENTION_FILE
        files[learned] = _npz(answer.attention[0].arrays())
    segment, scale = pipeline.images.segment, pipeline.scale
    calibration = pipeline.calibration
    try:
        document = PipelineDocument(
            format=FORMAT,
            leukokit=__version__,
            name=pipeline.name,
            notice=NOTICE,
            tested=pipeline.tested,
            incomplete=incomplete,
            libraries=computing_libraries(pipeline.images, pipeline.classify),
            seed=pipeline.images.seed,
            reading=ReadingDocument(
                bit_depth=pipeline.images.reading.bit_depth, frame=pipeline.images.reading.frame
            ),
            scale=None if scale is None else ScaleDocument.of(scale),
            preprocess=preprocess,
            segment=None if segment is None else _component(segment, files),
            features=[_component(bound, files) for bound in pipeline.images.features],
            columns=list(pipeline.columns),
            select=[_component(bound, files) for bound in pipeline.select],
            classify=_component(pipeline.classify, files),
            classes=list(pipeline.classes),
            calibration=None if calibration is None else calibration_record(calibration),
            operating_point=OperatingPointDocument.of(pipeline.operating_point),
            refer=ReferDocument.of(pipeline.refer),
            answer=AnswerDocument.of(answer, learned),
            unlike=UnlikeDocument.of(pipeline.unlike, UNLIKE_FILE),
            cell_margin=pipeline.cell_margin,
            files={},
        )
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise LeukokitError(
            f"the pipeline cannot be saved: {key}: {first['msg']}",
            hint="Names of classes, groups and columns have to be text that UTF-8 can write",
        ) from error
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    document = document.model_copy(update={"files": {**_model_digests(model), **digests}})
    files[PIPELINE_FILE] = _json(document)
    return document, files


def average_file(pipelines: AveragedPipelines, folds: Mapping[str, Path]) -> bytes:
    """Content of ``average.json``.

    Parameters
    ----------
    folds : mapping of fold name to Path
        Folders with the ``pipeline.json`` of each fold, saved before.

    Raises
    ------
    LeukokitError
        Where the pipeline of a fold was not saved.
    """
    digests = {}
    for name, folder in folds.items():
        path = folder / PIPELINE_FILE
        if not path.is_file():
            raise LeukokitError(f"the pipeline of {name} could not be saved", where=str(path))
        digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    document = AverageDocument(
        format=FORMAT,
        leukokit=__version__,
        name=pipelines.name,
        notice=NOTICE,
        tested=False,
        folds=digests,
        operating_point=OperatingPointDocument.of(pipelines.operating_point),
        refer=ReferDocument.of(pipelines.refer),
        answer=AnswerDocument.of(pipelines.answer),
    )
    return _json(document)


def _json(document: StrictDocument) -> bytes:
    text = json.dumps(document.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False)
    return (text + "\n").encode()


def _component(
    bound: Bound[Component], files: dict[str, bytes], *, state: str | None = None
) -> ComponentDocument:
    """Describe a component; copies of the files that its parameters name are added to ``files``."""
    copies = {}
    for name, value in bound.component.params:
        if isinstance(value, Path) and value.is_file():
            data = value.read_bytes()
            copies[name] = f"{COPIES}/{hashlib.sha256(data).hexdigest()[:16]}{value.suffix}"
            files[copies[name]] = data
    return ComponentDocument(
        use=bound.use,
        distribution=bound.entry.distribution,
        version=bound.entry.version,
        revision=bound.component.revision,
        params=bound.params,
        fingerprint=call_method(bound.component, "fingerprint"),
        files=copies,
        state=state,
    )


def _npz(state: Mapping[str, NDArray[Any]]) -> bytes:
    sink = io.BytesIO()
    np.savez(sink, **state)  # type: ignore[arg-type]
    return sink.getvalue()


def _unsavable_state(bound: Bound[Preprocessor], state: Mapping[str, NDArray[Any]]) -> str | None:
    """Say why the learned state of a preprocessor cannot be written; None where it can."""
    name = f"preprocessor {bound.use} of {bound.entry.origin}"
    if call_method(bound.component, "needs_fit") and not state:
        return f"{name} learns from the training part, but its state() returns nothing"
    objects = [name for name, array in state.items() if np.asarray(array).dtype.hasobject]
    if objects:
        return f"the state of {name} holds Python objects ({objects[0]}), which only pickle could write"
    return None


def _unloadable(pipeline: FittedPipeline, model: Path) -> str | None:
    """Say why the saved model could not be loaded again; None where it can.

    The models of leukokit's own components are known to load; the model of a plugin may hold types that are
    not on its list of trusted types.
    """
    bounds: list[Bound[Any]] = [pipeline.classify, *pipeline.select]
    components = [bound.component for bound in bounds]
    if not any(map(is_foreign, components)):
        return None
    try:
        with ComponentCall(components[0], "load", *components[1:]):
            pipeline.classify.component.load(model, select=components[1:])
    except Exception as error:  # a plugin may raise anything
        reason = str(error) if isinstance(error, LeukokitError) else f"{type(error).__name__}: {error}"
        used = ", ".join(f"{bound.use} of {bound.entry.origin}" for bound in bounds)
        return f"the fitted model of {used} cannot be loaded again: {reason}"
    return None


def computing_libraries(images: ImageComponents, classify: Bound[Classifier]) -> dict[str, str]:
    """Versions of the libraries that compute a prediction here, by name."""
    bounds: list[Bound[Any]] = [*images.preprocess, *images.features, classify]
    requires = {name for bound in bounds for name in bound.component.requires}
    if images.segment is not None:
        requires |= set(images.segment.component.requires)
    return dict(library_versions()) | deep_versions(requires)


def _model_digests(model: Path) -> dict[str, str]:
    digests = {}
    for path in sorted(file for file in model.rglob("*") if file.is_file()):
        with path.open("rb") as file:
            digests[path.relative_to(model).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests
