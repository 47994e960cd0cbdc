"""Read arrays of a run directory, which may come from anyone: bounded, and nothing but numbers."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leukokit.errors import DataError
from leukokit.record.folder import AGAIN, MEGABYTE, UNUSUAL, read_bytes

_LARGEST_FILE = 1024 * MEGABYTE
_LARGEST_ARRAY = 512 * MEGABYTE
"""Bytes: of the compressed file, and of one array in it."""


def read_arrays(root: Path, name: str, wanted: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Read whole numbers from an ``.npz`` file of a run directory.

    Parameters
    ----------
    root : Path
        The run directory.
    name : str
        Path of the file in it.
    wanted : iterable of str
        Names of arrays; the others are not unpacked.

    Returns
    -------
    dict of str to array of integers
        Read-only.

    Raises
    ------
    DataError
        Where the file or an array is missing, damaged, too large or holds anything but whole numbers.
    """
    content, where = read_bytes(root, name, _LARGEST_FILE), str(root / name)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {array: _array(archive, array, where) for array in wanted}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise DataError(f"cannot be read as arrays: {error}", where=where, hint=AGAIN) from error


def _array(archive: zipfile.ZipFile, name: str, where: str) -> NDArray[Any]:
    try:
        member = archive.getinfo(f"{name}.npy")
    except KeyError:
        raise DataError(f"has no array {name!r}", where=where, hint=AGAIN) from None
    if member.file_size > _LARGEST_ARRAY:
        raise DataError(
            f"array {name!r} has {member.file_size / MEGABYTE:,.0f} MB; "
            f"expected at most {_LARGEST_ARRAY / MEGABYTE:,.0f} MB",
            where=where,
            hint=UNUSUAL,
        )
    stream = io.BytesIO(archive.read(member))  # no more than the size that was just checked
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError(f"array {name!r} has another form than NumPy's 1.0")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.kind not in "ui":
        raise ValueError(f"array {name!r} holds {dtype}; expected whole numbers")
    values = np.frombuffer(stream.getbuffer(), dtype, count=math.prod(shape), offset=stream.tell())
    return values.reshape(shape, order="F" if fortran else "C")
