"""Read the JSON files of a run directory into typed records; what is wrong is told by file and field."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from leukokit.errors import DataError, LeukokitError
from leukokit.record.folder import AGAIN, MEGABYTE, UNUSUAL, read_bytes

DEEPEST = 60
"""Levels of lists and objects inside each other; runs write 10, parameters of plugins a few more."""
_LARGEST = 1e300  # of whole numbers, which JSON may write with any number of digits
_SHOWN = 40

M = TypeVar("M", bound=BaseModel)


def read_record(root: Path, name: str, model: type[M], most: int = 64 * MEGABYTE) -> M:
    """Read one JSON file of a run directory.

    Parameters
    ----------
    root : Path
        The run directory.
    name : str
        Path of the file in it.
    model : type of record
    most : int
        Largest size of the file, bytes.

    Raises
    ------
    DataError
        Where the file is missing, leads out of the directory, is too large or holds no JSON object.
    LeukokitError
        Where a field is missing, unknown or of another type.
    """
    return as_record(read_json(root, name, most), model, root / name)


def as_record(value: Mapping[str, Any], model: type[M], path: Path) -> M:
    """Take plain values that were read from a file.

    Raises
    ------
    LeukokitError
        Where a field is missing, unknown or of another type.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _other_form(error, path) from None


def read_json(root: Path, name: str, most: int = 64 * MEGABYTE) -> dict[str, Any]:
    """Read a JSON object whose fields are free; see :func:`read_record` for the errors."""
    where = str(root / name)
    content = read_bytes(root, name, most)
    try:
        value = json.loads(content.decode("utf-8", "surrogateescape"), parse_constant=_no_constant)
    except RecursionError:
        raise _too_deep(where) from None
    except ValueError as error:
        raise DataError(f"cannot be read as JSON: {error}", where=where, hint=AGAIN) from error
    if not isinstance(value, dict):
        raise DataError("holds no JSON object", where=where, hint=AGAIN)
    _check(value, where)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON; expected a finite number or null")


def _check(value: object, where: str) -> None:
    """Refuse what Python's JSON takes and the rest of the program would stumble over."""
    level: list[tuple[str, object]] = [("", value)]
    for _ in range(DEEPEST):
        level = [entry for path, inner in level for entry in _inside(path, inner)]
        for path, inner in level:
            if isinstance(inner, float) and not math.isfinite(inner):
                raise DataError(f"{path}: expected a finite number", where=where, hint=AGAIN)
            if isinstance(inner, int) and abs(inner) > _LARGEST:
                raise DataError(f"{path}: expected a number below 1e300", where=where, hint=AGAIN)
        if not level:
            return
    raise _too_deep(where)


def _inside(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((f"{path}.{name}" if path else str(name), inner) for name, inner in value.items())
    elif isinstance(value, list):
        yield from ((f"{path}[{place}]", inner) for place, inner in enumerate(value))


def _too_deep(where: str) -> DataError:
    return DataError(
        f"lists and objects lie more than {DEEPEST} deep inside each other; expected fewer levels",
        where=where,
        hint=UNUSUAL,
    )


def _other_form(error: ValidationError, path: Path) -> LeukokitError:
    first = error.errors(include_url=False, include_context=False)[0]
    field = _field(first["loc"])
    if first["type"] == "missing":
        wrong = "is missing"
    elif first["type"] == "extra_forbidden":
        wrong = "is no field that this version of leukokit knows"
    else:
        expected = str(first["msg"]).removeprefix("Input should be ")
        wrong = f"expected {expected}, found {_shown(first['input'])}"
    more = error.error_count() - 1
    others = f" (and {more} more)" if more else ""
    return LeukokitError(
        f"has another form than leukokit writes: {field}: {wrong}{others}",
        where=str(path),
        hint="Run the recipe again, or use the version of leukokit that provenance.json names",
    )


def _field(place: Sequence[int | str]) -> str:
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text or "the whole file"


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
