"""Model files: skops files with the same bytes for the same model, read with an allow-list of types.

skops names the parts of a file by memory addresses, with the current time. Here parts are numbered in the
order in which they appear, without time, so that model files can be compared by checksum.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from leukokit.errors import LeukokitError
from leukokit.input_file import LARGEST_MODEL, UnusableFile, check_stored_zip, read_input

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SCHEMA = "schema.json"


def write(path: Path, model: Any) -> None:
    """Write a model; the same model gives the same bytes in any process.

    Raises
    ------
    LeukokitError
        Where the model contains something that skops cannot write, such as a lambda.
    """
    import skops.io

    try:
        data = skops.io.dumps(model)
    except (TypeError, ValueError, AttributeError) as error:
        raise LeukokitError(
            f"the model cannot be saved: {error}",
            where=str(path),
            hint="Its attributes must be numbers, text, arrays or scikit-learn objects",
        ) from error
    path.write_bytes(_canonical(data))


def read(path: Path, trusted: Collection[str]) -> Any:
    """Read a model back.

    Parameters
    ----------
    path : Path
        The file.
    trusted : collection of str
        Types and functions that may be loaded beyond the safe list of skops, as ``package.module.Name``.

    Raises
    ------
    LeukokitError
        Where the file is missing, is no skops file, or contains types that are not allowed; nothing is built
        then.
    """
    import skops.io

    try:
        data = read_input(path, LARGEST_MODEL)
    except OSError as error:
        raise LeukokitError(f"the model file cannot be read: {error.strerror}", where=str(path)) from error
    try:
        check_stored_zip(data)
        unknown = sorted(set(skops.io.get_untrusted_types(data=data)) - set(trusted))
    except UnusableFile as error:
        raise _model_error(path, f"the model file {error.reason}") from error
    except Exception as error:  # invalid files cause many kinds of errors in zipfile, json and skops
        raise _model_error(path, "this is not a model that leukokit wrote, or it is damaged") from error
    if unknown:
        raise _model_error(path, f"the model file holds types that are not allowed: {', '.join(unknown)}")
    try:
        return skops.io.loads(data, trusted=sorted(trusted))
    except Exception as error:
        raise _model_error(path, f"the model file is damaged ({type(error).__name__}: {error})") from error


def _model_error(path: Path, what: str) -> LeukokitError:
    return LeukokitError(what, where=str(path), hint="Only load models that leukokit wrote")


def _canonical(data: bytes) -> bytes:
    """Rewrite a skops file with parts numbered by first appearance and without clock times."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        numbers: dict[int, int] = {}
        files: dict[str, str] = {}
        schema = _renumbered(json.loads(source.read(_SCHEMA)), numbers, files)
        target = io.BytesIO()
        # Stored, not deflated: bytes do not depend on the version of zlib, and files cannot be zip bombs.
        with zipfile.ZipFile(target, "w", compression=zipfile.ZIP_STORED) as archive:
            for old, new in files.items():
                archive.writestr(zipfile.ZipInfo(new, _EPOCH), source.read(old))
            text = json.dumps(schema, separators=(",", ":"))
            archive.writestr(zipfile.ZipInfo(_SCHEMA, _EPOCH), text)
    return target.getvalue()


def _renumbered(node: Any, numbers: dict[int, int], files: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_renumbered(item, numbers, files) for item in node]
    if not isinstance(node, dict):
        return node
    renumbered = {key: _renumbered(value, numbers, files) for key, value in node.items()}
    if "__loader__" not in node:
        return renumbered
    if node["__loader__"] == "JsonNode":
        # Whether two equal constants are one object depends on the interpreter and has no effect.
        renumbered.pop("__id__", None)
    elif "__id__" in node:
        renumbered["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
    if isinstance(node.get("file"), str):
        name = node["file"]
        renumbered["file"] = files.setdefault(name, f"{len(files)}{Path(name).suffix}")
    return renumbered
