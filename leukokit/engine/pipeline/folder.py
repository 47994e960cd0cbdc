"""The folder of a fitted pipeline: found, and its files read and compared before anything uses them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from leukokit.engine.pipeline.document import FORMAT, PipelineDocument, StrictDocument
from leukokit.engine.pipeline.layout import AVERAGE_FILE, FINAL, PIPELINE_FILE
from leukokit.engine.run_folders import RunState, unfinished_run, which_run
from leukokit.errors import DataError, LeukokitError
from leukokit.input_file import read_input
from leukokit.near_names import near_names
from leukokit.record.files import RESOLVED

D = TypeVar("D", bound=StrictDocument)

MODEL = "model"
"""Folder of a run directory with its fitted pipelines."""
DAMAGED = "Run the recipe again, or copy the folder again from where it was written"
INSIDE = re.compile(r"[^/\\\0]+(/[^/\\\0]+)*")
"""Names of files inside of a folder."""
_LARGEST = 32 * 2**20  # bytes of pipeline.json


def average_folder(path: Path) -> Path | None:
    """Find the folder with ``average.json``; None where there is none."""
    return next((each for each in (path, path / MODEL) if (each / AVERAGE_FILE).is_file()), None)


def model_digest(path: Path) -> str:
    """Digest that two fitted pipelines share only if they are the same to the byte.

    Raises
    ------
    DataError
        Where there is no pipeline.
    """
    averaged = average_folder(path)
    file = pipeline_folder(path) / PIPELINE_FILE if averaged is None else averaged / AVERAGE_FILE
    return hashlib.sha256(file.read_bytes()).hexdigest()


def pipeline_folder(path: Path) -> Path:
    """Find the folder with ``pipeline.json``.

    Raises
    ------
    DataError
        Where there is none, or one a fold and no final one.
    """
    if not path.exists():
        near = near_names(path.name, [each.name for each in path.parent.glob("*")])
        raise DataError(
            "there is no such run directory or folder of a model",
            where=str(path),
            hint=f"Did you mean {path.parent / near[0]}?"
            if near
            else "Name the folder that 'leukokit run' printed, such as runs/<name>/<time>-<plan>",
        )
    for folder in (path, path / MODEL, path / FINAL, path / MODEL / FINAL):
        if (folder / PIPELINE_FILE).is_file():
            return folder
    folds = sorted(file.parent for file in path.glob(f"*/{PIPELINE_FILE}"))
    folds = folds or sorted(file.parent for file in path.glob(f"{MODEL}/*/{PIPELINE_FILE}"))
    if folds:
        names = ", ".join(folder.name for folder in folds)
        raise DataError(
            f"there is a pipeline a fold ({names}) and no final one",
            where=str(path),
            hint=f"Name one, such as {folds[0]}, or run the recipe with final: refit or folds",
        )
    raise _no_pipeline(path)


def _no_pipeline(path: Path) -> DataError:
    """Say why there is none, and what to name instead."""
    where = str(path)
    if path.is_file():
        return DataError("is a file, expected the folder of a run", where=where, hint=which_run(path))
    run = unfinished_run(path)
    if run is not None and run.state is RunState.RUNNING:
        return DataError(
            "this run is still at work and has no model yet", where=where, hint="Wait for its end"
        )
    if run is not None:
        because = f": {run.detail}" if run.detail else ""
        return DataError(
            f"this run did not end and has no model ({run.state}{because})",
            where=where,
            hint="Run its recipe again; finished work is taken from the cache",
        )
    if (path / RESOLVED.name).is_file():
        return DataError(
            f"this run has no fitted pipeline: no {PIPELINE_FILE} in its {MODEL}/",
            where=where,
            hint="Name a run whose recipe has 'classify'; runs of older versions have none",
        )
    return DataError(
        f"there is no fitted pipeline: no {PIPELINE_FILE} in it or in its {MODEL}/",
        where=where,
        hint=which_run(path),
    )


def stored_text(path: Path) -> str:
    """Read the documents of a pipeline, or of all that are averaged; empty where there are none."""
    try:
        averaged = average_folder(path)
        if averaged is None:
            files = [pipeline_folder(path) / PIPELINE_FILE]
        else:
            files = sorted(averaged.glob(f"*/{PIPELINE_FILE}"))
        return "".join(read_input(file, _LARGEST).decode(errors="replace") for file in files)
    except (LeukokitError, OSError):  # loading says what is wrong
        return ""


def read_document(path: Path, kind: type[D]) -> D:
    """Read a JSON file of a pipeline.

    Raises
    ------
    DataError
        Where it is too large, a link, or has another form.
    """
    where = str(path)
    refuse_link(path, path.parent)
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise DataError(f"has more than {_LARGEST:,} bytes", where=where, hint=DAMAGED)
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the file"
        hint = DAMAGED
        if first["loc"] == ("format",):
            hint = f"This leukokit reads format {FORMAT}: install the version that wrote it"
        raise DataError(f"is no fitted pipeline: {key}: {first['msg']}", where=where, hint=hint) from error


def compare_digests(folder: Path, document: PipelineDocument) -> None:
    """Compare every file of a pipeline with its digest.

    Raises
    ------
    DataError
        Where one is missing, damaged, a link, or outside of the folder.
    """
    for name, expected in document.files.items():
        path = folder / name
        if not INSIDE.fullmatch(name) or ".." in name.split("/"):
            raise DataError(
                f"names a file outside of its folder: {name!r}", where=str(folder / PIPELINE_FILE)
            )
        refuse_link(path, folder)
        if not path.is_file():
            raise DataError("this file of the pipeline is missing", where=str(path), hint=DAMAGED)
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != expected:
            raise DataError(
                "this file of the pipeline is damaged: it is not the one that was saved",
                where=str(path),
                hint=DAMAGED,
            )


def refuse_link(path: Path, folder: Path) -> None:
    """Raise DataError where the file, or a folder on the way to it, is a link."""
    while path != folder.parent and path != path.parent:
        if path.is_symlink() and path != folder:
            raise DataError("a file of a pipeline may not be a link", where=str(path))
        path = path.parent
