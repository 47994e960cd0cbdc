"""Arrays, labels, feature vectors and small records as bytes, for the cache. No pickle."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, NotRequired, TypedDict, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from leukokit.api import Labels, RGBImage, Status
from leukokit.arrays import sealed

T = TypeVar("T")

CONTENT = "content"
"""Name of the file of a result that is one file."""

_COMPRESSION = "zstd"
_HEAD = struct.Struct("<I")
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


class _VectorHead(TypedDict):
    status: str | None


def _pack(head: _ImageHead | _LabelsHead | _VectorHead, body: bytes) -> bytes:
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
    """Read-only uint8 H x W x 3."""
    head: _ImageHead
    head, body = _unpack(payload)
    return np.frombuffer(body, dtype=np.uint8).reshape(head["shape"])


def image_factor(payload: bytes) -> float | None:
    """Give the ``factor`` that was kept with an image; None where none was."""
    head: _ImageHead = _unpack(payload)[0]
    return head.get("factor")


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
    """Labels with read-only int32 arrays."""
    head: _LabelsHead
    head, body = _unpack(payload)
    raw = pa.decompress(bytes(body), decompressed_size=head["size"], codec=_COMPRESSION, asbytes=True)
    # Caches of earlier versions do not name the type: they hold int32.
    stacked = np.frombuffer(raw, dtype=head.get("ids", "<i4")).reshape(len(head["roles"]), *head["shape"])
    stacked = stacked.astype(np.int32, copy=False)
    stacked = sealed(stacked)
    return Labels(dict(zip(head["roles"], stacked, strict=True)), Status(head["status"]))


def labels_status(payload: bytes) -> Status:
    """Status alone, without unpacking the label images."""
    head: _LabelsHead = _unpack(payload)[0]
    return Status(head["status"])


def vector_to_bytes(values: Sequence[float] | NDArray[np.float64], status: Status | None) -> bytes:
    """Feature values with the status of the segmentation that they were measured on."""
    return _pack(_VectorHead(status=status and status.value), np.asarray(values, dtype="<f8").tobytes())


def vector_from_bytes(payload: bytes) -> tuple[NDArray[np.float64], Status | None]:
    """Read-only float64 vector and status."""
    start = _HEAD.size + _HEAD.unpack_from(payload)[0]
    return np.frombuffer(payload, dtype="<f8", offset=start), _status_in(payload[_HEAD.size : start])


def vectors_from_bytes(payloads: Sequence[bytes]) -> tuple[NDArray[np.float64], list[Status | None]]:
    """Stack many vectors of one length, n x d, read-only, with their statuses.

    This takes a tenth of the time of one :func:`vector_from_bytes` for each.

    Raises
    ------
    ValueError
        Where lengths differ.
    """
    starts = [_HEAD.size + _HEAD.unpack_from(payload)[0] for payload in payloads]
    statuses = [
        _status_in(payload[_HEAD.size : start]) for payload, start in zip(payloads, starts, strict=True)
    ]
    bodies = [payload[start:] for payload, start in zip(payloads, starts, strict=True)]
    if len({len(body) for body in bodies}) > 1:
        raise ValueError("vectors of one step differ in length")
    flat = np.frombuffer(b"".join(bodies), dtype="<f8")
    return flat.reshape(len(payloads), -1) if payloads else flat.reshape(0, 0), statuses


@lru_cache(maxsize=64)  # there are as many heads as statuses
def _status_in(head: bytes) -> Status | None:
    vector: _VectorHead = json.loads(head)
    status = vector["status"]
    return Status(status) if status else None
