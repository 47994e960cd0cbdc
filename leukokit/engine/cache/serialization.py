"""Arrays, labels, feature vectors and small records as bytes, for the cache. No pickle."""

from __future__ import annotations

import hashlib
import io
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from typing import Any, Generic, NotRequired, TypedDict, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import TypeAdapter

from leukokit.api import Labels, RGBImage, Status
from leukokit.arrays import sealed

T = TypeVar("T")

CONTENT = "content"
"""Name of the file of a result that is one file."""

_COMPRESSION = "zstd"
_HEAD = struct.Struct("<I")
_FLOAT = "<f8"
_ID_TYPES = {"u1": 2**8 - 1, "<u2": 2**16 - 1, "<i4": 2**31 - 1}


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """How a kind of result becomes bytes, and bytes the same result.

    Attributes
    ----------
    encode, decode : callable
    file : str
        Name of the file that holds one such result.
    """

    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]
    file: str = CONTENT


def json_codec(dump: Callable[[T], Any], load: Callable[[Any], T]) -> Codec[T]:
    """Codec of records: ``dump`` makes a record what JSON can hold, ``load`` takes that back."""
    return Codec(lambda record: json.dumps(dump(record)).encode(), lambda content: load(json.loads(content)))


def record_codec(record: type[T]) -> Codec[T]:
    """Codec of a dataclass of numbers, texts, enumerations and tuples; JSON of other types is refused."""

    @cache
    def adapter() -> TypeAdapter[T]:
        return TypeAdapter(record)

    def decode(content: bytes) -> T:
        return adapter().validate_json(content, strict=True)

    return Codec(lambda value: json.dumps(asdict(value)).encode(), decode)  # type: ignore[call-overload]


BYTES: Codec[bytes] = Codec(bytes, bytes)
"""For results that are bytes already, such as a drawn figure."""


def arrays_to_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """NPZ of named arrays."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def arrays_from_bytes(content: bytes) -> dict[str, NDArray[Any]]:
    """Named arrays of an NPZ; objects are refused."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


class _ImageHead(TypedDict):
    shape: tuple[int, ...]
    factor: NotRequired[float]


class _LabelsHead(TypedDict):
    roles: list[str]
    shape: tuple[int, ...]
    status: str
    size: int
    ids: NotRequired[str]


class _CellsHead(TypedDict):
    columns: str
    count: int


class _VectorHead(TypedDict):
    columns: str
    dtype: str
    status: str | None


def _pack(head: _ImageHead | _LabelsHead | _VectorHead | _CellsHead, body: bytes) -> bytes:
    text = json.dumps(head, sort_keys=True).encode()
    return _HEAD.pack(len(text)) + text + body


def _unpack(payload: bytes) -> tuple[Any, memoryview]:
    (length,) = _HEAD.unpack_from(payload)
    start = _HEAD.size + length
    return json.loads(payload[_HEAD.size : start]), memoryview(payload)[start:]


def image_to_bytes(image: RGBImage, factor: float | None = None) -> bytes:
    """Raw pixels: photographs hardly compress, and reading them back is one copy.

    Parameters
    ----------
    factor : float, optional
        How many times as wide as the file's the image is, where its size may have changed; NaN for unknown.
    """
    head: _ImageHead = {"shape": image.shape}
    if factor is not None:
        head["factor"] = factor
    return _pack(head, np.ascontiguousarray(image).tobytes())


def image_from_bytes(payload: bytes) -> RGBImage:
    """Read-only uint8 H x W x 3.

    Raises
    ------
    ValueError, or any other error of its decoders
        Where the payload holds no such image.
    """
    head: _ImageHead
    head, body = _unpack(payload)
    if len(head["shape"]) != 3 or head["shape"][2] != 3 or 0 in head["shape"]:
        raise ValueError(f"an image of shape {head['shape']}")
    return np.frombuffer(body, dtype=np.uint8).reshape(head["shape"])


def image_factor(payload: bytes) -> float | None:
    """Give the ``factor`` that was kept with an image; None where none was."""
    head: _ImageHead = _unpack(payload)[0]
    factor = head.get("factor")
    return None if factor is None else float(factor)


def labels_to_bytes(labels: Labels) -> bytes:
    """Label images compress a hundredfold."""
    roles = sorted(labels.roles)
    arrays = [labels.roles[role] for role in roles]
    # Few images have more than 255 cells: a quarter of the bytes to compress takes a third of the time.
    largest = max((int(array.max(initial=0)) for array in arrays), default=0)
    dtype = next(name for name, top in _ID_TYPES.items() if largest <= top)
    body = b"".join(array.astype(dtype).tobytes() for array in arrays)
    packed = pa.compress(body, codec=_COMPRESSION, asbytes=True)
    shape = arrays[0].shape if arrays else (0, 0)
    head: _LabelsHead = {
        "roles": roles,
        "shape": shape,
        "status": labels.status.value,
        "size": len(body),
        "ids": dtype,
    }
    return _pack(head, packed)


def labels_from_bytes(payload: bytes) -> Labels:
    """Labels with read-only int32 arrays.

    Raises
    ------
    ValueError, or any other error of its decoders
        Where the payload holds no labels.
    """
    head: _LabelsHead
    head, body = _unpack(payload)
    raw = pa.decompress(bytes(body), decompressed_size=head["size"], codec=_COMPRESSION, asbytes=True)
    # Caches of earlier versions do not name the type: they hold int32.
    ids = head.get("ids", "<i4")
    if ids not in _ID_TYPES or len(head["shape"]) != 2:
        raise ValueError(f"label images of type {ids} and shape {head['shape']}")
    stacked = np.frombuffer(raw, dtype=ids).reshape(len(head["roles"]), *head["shape"])
    stacked = stacked.astype(np.int32, copy=False)
    stacked = sealed(stacked)
    return Labels(dict(zip(head["roles"], stacked, strict=True)), Status(head["status"]))


def labels_status(payload: bytes) -> Status:
    """Status alone, without unpacking the label images."""
    head: _LabelsHead = _unpack(payload)[0]
    return Status(head["status"])


def cells_to_bytes(table: NDArray[np.float64], columns: str) -> bytes:
    """Table of the cells of an image; what does not apply to a kind of cell compresses well.

    Parameters
    ----------
    table : float64 array (n, k)
    columns : str
        Names of its columns, as :func:`columns_key` gives them.
    """
    body = np.ascontiguousarray(table.T, dtype=_FLOAT).tobytes()
    return _pack(
        _CellsHead(columns=columns, count=len(table)), pa.compress(body, codec=_COMPRESSION, asbytes=True)
    )


def cells_from_bytes(payload: bytes, columns: str, width: int) -> NDArray[np.float64]:
    """Table of the cells of an image, float64 (n, ``width``), read-only.

    Raises
    ------
    ValueError, or any other error of its decoders
        Where the payload holds no table of these columns.
    """
    head: _CellsHead
    head, body = _unpack(payload)
    if head["columns"] != columns:
        raise ValueError("a table of other columns")
    size = head["count"] * width * np.dtype(_FLOAT).itemsize
    raw = pa.decompress(bytes(body), decompressed_size=size, codec=_COMPRESSION, asbytes=True)
    return np.frombuffer(raw, dtype=_FLOAT).reshape(width, head["count"]).T


def columns_key(names: Sequence[str]) -> str:
    """Digest of the names of features and their order; kept with every vector."""
    return hashlib.blake2b("\n".join(names).encode(errors="surrogatepass"), digest_size=8).hexdigest()


def vector_to_bytes(
    values: Sequence[float] | NDArray[np.float64], status: Status | None, columns: str
) -> bytes:
    """Feature values with the status of the segmentation that they were measured on.

    Parameters
    ----------
    columns : str
        Their names, as :func:`columns_key` gives them.
    """
    head = _VectorHead(columns=columns, dtype=_FLOAT, status=status and status.value)
    return _pack(head, np.asarray(values, dtype=_FLOAT).tobytes())


def vector_from_bytes(payload: bytes, columns: str, count: int) -> tuple[NDArray[np.float64], Status | None]:
    """Read-only float64 vector and status.

    Parameters
    ----------
    columns : str
        Names that it has to have, as :func:`columns_key` gives them.
    count : int
        How many they are.

    Raises
    ------
    ValueError, or any other error of its decoders
        Where the payload holds no vector of these columns.
    """
    values, statuses = vectors_from_bytes([payload], columns, count)
    return values[0], statuses[0]


def vectors_from_bytes(
    payloads: Sequence[bytes], columns: str, count: int
) -> tuple[NDArray[np.float64], list[Status | None]]:
    """Stack many vectors of the same columns, n x d, read-only, with their statuses.

    This takes a tenth of the time of one :func:`vector_from_bytes` for each, which it raises the errors of.
    """
    starts = [_HEAD.size + _HEAD.unpack_from(payload)[0] for payload in payloads]
    statuses = [
        _status_in(payload[_HEAD.size : start], columns)
        for payload, start in zip(payloads, starts, strict=True)
    ]
    bodies = [payload[start:] for payload, start in zip(payloads, starts, strict=True)]
    size = count * np.dtype(_FLOAT).itemsize
    if not {len(body) for body in bodies} <= {size}:
        raise ValueError(f"a vector of another length than that of its {count} columns")
    return np.frombuffer(b"".join(bodies), dtype=_FLOAT).reshape(len(payloads), count), statuses


@lru_cache(maxsize=64)  # there are as many heads as statuses and steps
def _status_in(head: bytes, columns: str) -> Status | None:
    vector: _VectorHead = json.loads(head)
    if vector["dtype"] != _FLOAT or vector["columns"] != columns:
        raise ValueError("a vector of other columns")
    status = vector["status"]
    return Status(status) if status else None
