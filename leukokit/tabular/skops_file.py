"""Models on disk: skops files with the same bytes for the same model, read back through an allow-list.

skops names parts of a file after memory addresses and stamps the clock on them. Here parts are numbered in
the order in which they appear and carry no time, so that a model file can be compared by its checksum.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from leukokit.errors import LeukokitError

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SCHEMA = "schema.json"


def write(path: Path, model: Any) -> None:
    """Write a model; the same model gives the same bytes in any process.

    Raises
    ------
    LeukokitError
        Where the model holds something that skops cannot write, such as a lambda.
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
        Where the file is absent, is no skops file, or holds anything that is not allowed; then nothing of it
        has been built.
    """
    import skops.io

    try:
        data = path.read_bytes()
    except OSError as error:
        raise LeukokitError(f"the model file cannot be read: {error.strerror}", where=str(path)) from error
    try:
        unknown = sorted(set(skops.io.get_untrusted_types(data=data)) - set(trusted))
    except Exception as error:  # whatever a made-up file provokes in zipfile, json or skops
        raise _refused(path, "this is not a model that leukokit wrote, or it is damaged") from error
    if unknown:
        raise _refused(path, f"the model file holds types that are not allowed: {', '.join(unknown)}")
    try:
        return skops.io.loads(data, trusted=sorted(trusted))
    except Exception as error:
        raise _refused(path, f"the model file is damaged ({type(error).__name__}: {error})") from error


def _refused(path: Path, what: str) -> LeukokitError:
    return LeukokitError(what, where=str(path), hint="Only load models that leukokit wrote")


def _canonical(data: bytes) -> bytes:
    """Rewrite a skops file with parts numbered by first appearance and without clock times."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        numbers: dict[int, int] = {}
        files: dict[str, str] = {}
        schema = _renumbered(json.loads(source.read(_SCHEMA)), numbers, files)
        target = io.BytesIO()
        # Stored, not deflated: the bytes do not depend on the version of zlib, and no file can be a bomb.
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
    fresh = {key: _renumbered(value, numbers, files) for key, value in node.items()}
    if "__loader__" not in node:
        return fresh
    if node["__loader__"] == "JsonNode":
        # Whether two equal constants are one object is the interpreter's choice; nothing depends on it.
        fresh.pop("__id__", None)
    elif "__id__" in node:
        fresh["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
    if isinstance(node.get("file"), str):
        name = node["file"]
        fresh["file"] = files.setdefault(name, f"{len(files)}{Path(name).suffix}")
    return fresh
