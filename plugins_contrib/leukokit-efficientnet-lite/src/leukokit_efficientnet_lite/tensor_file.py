"""Read the tensors of a PyTorch file of the older format without PyTorch, and without running what it holds.

The format is a row of pickles followed by the bytes of the storages. A pickle is a program that may call any
function of any module; here a small machine carries out the few opcodes that tensor files consist of, and
``pickletools`` reads their arguments. Nothing that a file names is ever imported or called.

Format: ``_legacy_save`` of ``torch/serialization.py``; opcodes: https://peps.python.org/pep-0307/ and the
module ``pickletools``.
"""

from __future__ import annotations

import hashlib
import pickletools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from leukokit.api import LeukokitError

MAX_BYTES = 256 * 2**20
"""Larger files are refused; the weights of the variants offered here are below 25 MB."""

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_MAX_DIMENSIONS = 8

# All that protocol 2 writes for dictionaries, lists and tuples of text, numbers and tensors.
_ADMITTED = (
    "PROTO STOP MARK BININT BININT1 BININT2 LONG1 BINUNICODE NONE NEWTRUE NEWFALSE EMPTY_DICT EMPTY_LIST "
    "EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 APPEND APPENDS SETITEM SETITEMS BINPUT LONG_BINPUT BINGET "
    "LONG_BINGET GLOBAL BINPERSID REDUCE BUILD"
)
_OPCODES = {
    info.code.encode("latin-1"): info for info in pickletools.opcodes if info.name in _ADMITTED.split()
}


class _Malformed(ValueError):
    """What the file does that a tensor file does not."""


class _Global(Enum):
    """The only names that a file may refer to: they stay names."""

    ORDERED_DICT = "collections OrderedDict"
    REBUILD_TENSOR = "torch._utils _rebuild_tensor_v2"
    FLOAT_STORAGE = "torch FloatStorage"
    LONG_STORAGE = "torch LongStorage"


_DTYPES: dict[_Global, np.dtype[Any]] = {
    _Global.FLOAT_STORAGE: np.dtype("<f4"),
    _Global.LONG_STORAGE: np.dtype("<i8"),
}


@dataclass(frozen=True, slots=True)
class _Storage:
    """A run of numbers that tensors are views of."""

    key: str
    dtype: np.dtype[Any]
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A view of a storage; offset and strides in elements, checked against the storage's count."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_tensors(path: Path, *, sha256: str | None = None) -> dict[str, NDArray[Any]]:
    """Read a state dictionary that ``torch.save`` wrote in its older format (before PyTorch 1.6).

    Parameters
    ----------
    path : Path
        The file, such as ``efficientnet-lite0-57934424.pth``.
    sha256 : str, optional
        Expected SHA-256 of the file, in hexadecimal, checked before anything is interpreted.

    Returns
    -------
    dict of str to array
        Tensors by name, float32 or int64, in the file's shapes. They are read-only views of the file's bytes.

    Raises
    ------
    LeukokitError
        Where the file cannot be read, has another digest, is cut short, or holds or does anything else than
        tensors of float32 or int64 need: other globals, other calls, views beyond their storage.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise _Malformed(f"is larger than {MAX_BYTES} bytes")
        if sha256 is not None and (digest := hashlib.sha256(data).hexdigest()) != sha256:
            raise _Malformed(f"has SHA-256 {digest}, expected {sha256}")
        return _read(data)
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror or error}") from error
    except _Malformed as error:
        raise _refusal(path, str(error)) from error
    except ValueError as error:  # what pickletools says of an argument that is cut short or no text
        raise _refusal(path, f"is not a well-formed pickle: {ascii(str(error))[1:-1]}") from error


def _refusal(path: Path, what: str) -> LeukokitError:
    return LeukokitError(what, where=str(path), hint="Reinstall the package that the file belongs to")


def _read(data: bytes) -> dict[str, NDArray[Any]]:
    if data.startswith(b"PK"):
        raise _Malformed("is a PyTorch file of the newer zip format, expected one of the older format")
    stream = BytesIO(data)
    machine = _Machine(stream)
    if not _is_number(machine.run(), _MAGIC) or not _is_number(machine.run(), _PROTOCOL):
        raise _Malformed("does not begin as a PyTorch file of the older format does")
    system = machine.run()
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise _Malformed("was not written in little-endian order")
    state, keys = machine.run(), machine.run()
    if not isinstance(state, dict) or not all(isinstance(value, _Tensor) for value in state.values()):
        raise _Malformed("holds something else than named tensors")
    buffers = _read_storages(data, stream.tell(), keys, machine.storages)
    return {name: _view(buffers[tensor.storage.key], tensor) for name, tensor in state.items()}


def _is_number(value: object, expected: int) -> bool:
    return type(value) is int and value == expected


def _read_storages(
    data: bytes, position: int, keys: object, storages: dict[str, _Storage]
) -> dict[str, NDArray[Any]]:
    """Read each storage: its count as int64, then its numbers; the file must end with the last one."""
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise _Malformed("lists its storages by something else than keys")
    if len(set(keys)) != len(keys) or set(keys) != set(storages):
        raise _Malformed("lists other storages than its tensors use")
    buffers = {}
    for key in keys:
        storage = storages[key]
        count = int.from_bytes(data[position : position + 8], "little", signed=True)
        position += 8
        if position > len(data) or storage.count * storage.dtype.itemsize > len(data) - position:
            raise _Malformed(f"ends within storage {_shown(key)}")
        if count != storage.count:
            raise _Malformed(f"has {count} numbers in storage {_shown(key)}, expected {storage.count}")
        buffers[key] = np.frombuffer(data, storage.dtype, count, position)
        position += storage.count * storage.dtype.itemsize
    if position != len(data):
        raise _Malformed(f"goes on for {len(data) - position} bytes after its last storage")
    return buffers


def _view(buffer: NDArray[Any], tensor: _Tensor) -> NDArray[Any]:
    itemsize = buffer.dtype.itemsize
    return np.lib.stride_tricks.as_strided(
        buffer[tensor.offset :],
        tensor.shape,
        tuple(stride * itemsize for stride in tensor.strides),
        writeable=False,
    )


class _Machine:
    """Carries out the opcodes that tensor files consist of; any other is refused.

    Parameters
    ----------
    stream : BytesIO
        The file, at its first pickle.

    Attributes
    ----------
    storages : dict of str to _Storage
        The storages that the pickles so far refer to.
    """

    def __init__(self, stream: BytesIO) -> None:
        self._stream = stream
        self._stack: list[Any] = []
        self._outer: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self.storages: dict[str, _Storage] = {}

    def run(self) -> Any:
        """Carry out the next pickle, leave the stream behind it, and return what it builds."""
        self._stack, self._outer, self._memo = [], [], {}
        while (opcode := self._next()).name != "STOP":
            self._step(opcode.name, opcode.arg.reader(self._stream) if opcode.arg else None)
        (value,) = self._pop(1)
        if self._stack or self._outer:
            raise _Malformed("holds a pickle that ends before it is complete")
        return value

    def _next(self) -> pickletools.OpcodeInfo:
        code = self._stream.read(1)
        if not code:
            raise _Malformed("ends within a pickle")
        if code not in _OPCODES:
            raise _Malformed(f"uses opcode {ascii(code)[1:]}, which no tensor file needs")
        return _OPCODES[code]

    def _step(self, opcode: str, argument: Any) -> None:
        match opcode:
            case "PROTO":
                if argument != 2:
                    raise _Malformed(f"uses pickle protocol {argument}, expected 2")
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE":
                self._stack.append(argument)
            case "NONE":
                self._stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                self._stack.append(opcode == "NEWTRUE")
            case "EMPTY_DICT":
                self._stack.append({})
            case "EMPTY_LIST":
                self._stack.append([])
            case "EMPTY_TUPLE":
                self._stack.append(())
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                self._stack.append(tuple(self._pop(int(opcode[-1]))))
            case "MARK":
                self._outer.append(self._stack)
                self._stack = []
            case "TUPLE":
                items = self._pop_to_mark()
                self._stack.append(tuple(items))
            case "APPEND":
                self._extend(self._pop(1))
            case "APPENDS":
                self._extend(self._pop_to_mark())
            case "SETITEM":
                self._set_items(self._pop(2))
            case "SETITEMS":
                self._set_items(self._pop_to_mark())
            case "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = self._top()
            case "BINGET" | "LONG_BINGET":
                if argument not in self._memo:
                    raise _Malformed(f"recalls what it never kept, number {argument}")
                self._stack.append(self._memo[argument])
            case "GLOBAL":
                self._stack.append(_named(argument))
            case "BINPERSID":
                self._stack.append(self._storage(*self._pop(1)))
            case "REDUCE":
                self._stack.append(_called(*self._pop(2)))
            case "BUILD":
                self._pop(1)  # a state dictionary's _metadata: versions of layers, which are not needed
                if not isinstance(self._top(), dict):
                    raise _Malformed("sets the state of something else than a dictionary")
            case _:
                raise AssertionError(f"{opcode} is admitted and not carried out")

    def _top(self) -> Any:
        if not self._stack:
            raise _Malformed("takes from an empty stack")
        return self._stack[-1]

    def _pop(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise _Malformed("takes from an empty stack")
        taken = self._stack[-count:]
        del self._stack[-count:]
        return taken

    def _pop_to_mark(self) -> list[Any]:
        if not self._outer:
            raise _Malformed("closes what it never opened")
        taken, self._stack = self._stack, self._outer.pop()
        return taken

    def _extend(self, items: Sequence[Any]) -> None:
        target = self._top()
        if not isinstance(target, list):
            raise _Malformed("appends to something else than a list")
        target.extend(items)

    def _set_items(self, items: Sequence[Any]) -> None:
        target = self._top()
        if (
            not isinstance(target, dict)
            or len(items) % 2
            or not all(isinstance(key, str) for key in items[::2])
        ):
            raise _Malformed("sets items other than strings of a dictionary")
        target.update(zip(items[::2], items[1::2], strict=True))

    def _storage(self, identity: object) -> _Storage:
        match identity:
            case ("storage", _Global() as kind, str(key), str(), int(count), None) if kind in _DTYPES:
                storage = _Storage(key, _DTYPES[kind], count)
            case _:
                raise _Malformed("refers to something else than a storage of float32 or int64")
        if isinstance(count, bool) or count < 1 or self.storages.setdefault(key, storage) != storage:
            raise _Malformed(f"contradicts itself on storage {_shown(key)}")
        return storage


def _named(name: str) -> _Global:
    try:
        return _Global(name)
    except ValueError:
        raise _Malformed(f"refers to {_shown(name)}, which no tensor file needs") from None


def _called(function: object, arguments: object) -> object:
    """Stand in for the two calls of a tensor file: an empty ordered dictionary, and a tensor."""
    if not isinstance(function, _Global) or not isinstance(arguments, tuple):
        raise _Malformed("calls something that is no function of a tensor file")
    match function:
        case _Global.ORDERED_DICT:
            if arguments:
                raise _Malformed("gives arguments to an ordered dictionary")
            return {}
        case _Global.REBUILD_TENSOR:
            return _tensor(arguments)
        case _Global.FLOAT_STORAGE | _Global.LONG_STORAGE:
            raise _Malformed("calls a storage")
        case _:
            assert_never(function)


def _tensor(arguments: tuple[object, ...]) -> _Tensor:
    # Storage, offset, shape, strides, whether a gradient was wanted, hooks.
    match arguments:
        case (_Storage() as storage, int(offset), tuple(shape), tuple(strides), bool(), dict()):
            pass
        case _:
            raise _Malformed("builds a tensor of other arguments than PyTorch writes")
    sizes = (offset, *shape, *strides)
    if not all(type(size) is int and size >= 0 for size in sizes) or len(shape) != len(strides):
        raise _Malformed("builds a tensor whose offset, shape or strides are no sizes")
    if len(shape) > _MAX_DIMENSIONS or 0 in shape:
        raise _Malformed(f"builds a tensor that is empty or has more than {_MAX_DIMENSIONS} dimensions")
    # A stride along one element is never walked; left in, it could be any number, too large for an index.
    strides = tuple(stride if size > 1 else 0 for size, stride in zip(shape, strides, strict=True))
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    elements = 1
    for size in shape:
        elements *= size
    # More elements than numbers would be one number repeated: a small file could then ask for any memory.
    if last >= storage.count or elements > storage.count:
        raise _Malformed(f"builds a tensor that reaches beyond storage {_shown(storage.key)}")
    return _Tensor(storage, offset, shape, strides)


def _shown(text: str) -> str:
    """Quote what a file says, in ASCII and short."""
    return ascii(text if len(text) <= 80 else text[:77] + "...")
