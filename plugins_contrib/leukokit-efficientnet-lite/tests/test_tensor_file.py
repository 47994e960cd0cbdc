"""Tensor files are read as PyTorch wrote them; whatever else a pickle can do is refused."""

from __future__ import annotations

import os
import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from leukokit.api import LeukokitError
from leukokit_efficientnet_lite.tensor_file import read_tensors

PROTOCOL = b"\x80\x02"
STOP = b"."
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
EMPTY_ORDERED = b"ccollections\nOrderedDict\n)R"


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value: int) -> bytes:
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def many(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def numbers(values: tuple[int, ...]) -> bytes:
    return many(*map(number, values))


def storage(key: str = "0", count: int = 6, kind: str = "FloatStorage") -> bytes:
    return (
        many(text("storage"), f"ctorch\n{kind}\n".encode(), text(key), text("cpu"), number(count), b"N")
        + b"Q"
    )


def tensor(
    shape: tuple[int, ...] = (2, 3),
    strides: tuple[int, ...] = (3, 1),
    offset: int = 0,
    held: bytes | None = None,
) -> bytes:
    held = storage() if held is None else held
    return (
        REBUILD + many(held, number(offset), numbers(shape), numbers(strides), b"\x89", EMPTY_ORDERED) + b"R"
    )


def state(tensors: Mapping[str, bytes]) -> bytes:
    return EMPTY_ORDERED + b"(" + b"".join(text(name) + value for name, value in tensors.items()) + b"u"


MAGIC = PROTOCOL + number(0x1950A86A20F9469CFC6C) + STOP
VERSION = PROTOCOL + number(1001) + STOP
SYSTEM = PROTOCOL + b"}" + text("little_endian") + b"\x88s" + STOP
SIX = np.arange(6, dtype="<f4")


def whole(
    held: bytes,
    keys: tuple[str, ...] = ("0",),
    buffers: tuple[np.ndarray, ...] = (SIX,),
    parts: Mapping[int, bytes] | None = None,
) -> bytes:
    """Write a file: four pickles, the keys of storages, the storages; ``parts`` replaces pickles by place."""
    pickles = [
        MAGIC,
        VERSION,
        SYSTEM,
        PROTOCOL + held + STOP,
        PROTOCOL + b"](" + b"".join(map(text, keys)) + b"e.",
    ]
    for place, part in (parts or {}).items():
        pickles[place] = part
    storages = (struct.pack("<q", buffer.size) + buffer.tobytes() for buffer in buffers)
    return b"".join(pickles) + b"".join(storages)


GOOD = whole(state({"a": tensor()}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.pth"


def read(path: Path, data: bytes) -> dict[str, np.ndarray]:
    path.write_bytes(data)
    return read_tensors(path)


def refused(path: Path, data: bytes) -> str:
    """Return the message, which names the file and says what to do."""
    with pytest.raises(LeukokitError) as caught:
        read(path, data)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.isascii()
    assert len(message) < 400
    return message


def test_tensors_come_back_as_views_of_their_storage(path: Path) -> None:
    """Offsets and strides hold; integers stay integers; nothing can be written."""
    counter = storage("1", 1, "LongStorage")
    tensors = {
        "a": tensor(),
        "turned": tensor((3, 2), (1, 3)),
        "last": tensor((1,), (10**80,), offset=5),
        "count": tensor((), (), held=counter),
    }
    tensors_read = read(path, whole(state(tensors), ("1", "0"), (np.array([7], "<i8"), SIX)))
    assert list(tensors_read) == list(tensors)
    assert tensors_read["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert tensors_read["turned"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert tensors_read["last"].tolist() == [5]
    assert tensors_read["count"] == 7
    assert tensors_read["count"].dtype == np.int64
    assert tensors_read["a"].dtype == np.float32
    assert not tensors_read["a"].flags.writeable


def test_metadata_beside_the_tensors_is_passed_over(path: Path) -> None:
    """A state dictionary carries ``_metadata`` as an attribute."""
    held = state({"a": tensor()}) + b"}" + text("_metadata") + EMPTY_ORDERED + b"sb"
    assert list(read(path, whole(held))) == ["a"]


@given(hnp.arrays("<f4", hnp.array_shapes(max_dims=4, max_side=5), elements=st.floats(width=32)))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_array_survives(path: Path, array: np.ndarray) -> None:
    """What is written is read, NaN and infinities included."""
    strides = tuple(stride // 4 for stride in array.strides)
    held = state({"x": tensor(array.shape, strides, held=storage(count=array.size))})
    np.testing.assert_array_equal(read(path, whole(held, buffers=(array,)))["x"], array)


class Evil:
    """Runs a command where it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("place", range(5))
def test_a_command_is_not_run(path: Path, place: int, protocol: int) -> None:
    """Whichever of the five pickles holds it, in any protocol."""
    proof = path.with_name("proof")
    part = pickle.dumps(Evil(f"touch {proof}"), protocol=protocol)
    refused(path, whole(state({"a": tensor()}), parts={place: part}))
    assert not proof.exists()


@pytest.mark.parametrize(
    "name",
    [
        "os system",
        "posix system",
        "builtins eval",
        "__builtin__ eval",
        "builtins getattr",
        "torch.nn.modules.conv Conv2d",
        "torch.storage _load_from_bytes",
        "torch._utils _rebuild_parameter",
        "torch HalfStorage",
        "torch load",
        "collections defaultdict",
        "collections OrderedDict.fromkeys",
    ],
)
def test_no_other_name_is_looked_up(path: Path, name: str) -> None:
    """Not even where it would not be called."""
    module, attribute = name.split()
    part = f"c{module}\n{attribute}\n".encode()
    assert repr(name) in refused(path, whole(state({"a": part})))
    assert repr(name) in refused(path, whole(part + many(text("1")) + b"R"))


@pytest.mark.parametrize(
    "held",
    [
        b"ccollections\nOrderedDict\n" + many(many(many(text("a"), tensor()))) + b"R",
        b"ctorch\nFloatStorage\n)R",
        text("a") + b")R",
        REBUILD + b")R",
        REBUILD + text("a") + b"R",
        b"ccollections\nOrderedDict\n)\x81",  # NEWOBJ
        b"(ios\nsystem\n",  # INST
        b"(cos\nsystem\n" + text("true") + b"o",  # OBJ
        text("os") + text("system") + b"\x93",  # STACK_GLOBAL
        b"\x82\x01",  # EXT1
        b"ccollections\nOrderedDict\n}b",  # BUILD on a class
        REBUILD + b"}" + text("__code__") + b"Nsb",  # BUILD on a function
        state({"a": text("no tensor")}),
        state({"a": storage()}),
        b"}" + number(1) + tensor() + b"s",
        b"}" + b"]" + tensor() + b"s",
        b"](" + tensor() + b"e",
        tensor(),
        text("0") + b"Q",
        b"q\x00",
        b"h\x05",
        b"t",
        b"(",
        b"",
        b"0",
        b"]" + text("a") + tensor() + b"s",
        b"}" + tensor() + b"a",
        b"NN",
    ],
)
def test_no_other_program_is_carried_out(path: Path, held: bytes) -> None:
    """Calls, opcodes and objects that tensor files have no use for."""
    refused(path, whole(held))


@pytest.mark.parametrize(
    "one",
    [
        tensor((2, 4), (4, 1)),
        tensor((7,), (1,)),
        tensor(offset=1),
        tensor((2,), (6,)),
        tensor((2, 3), (3, 1), offset=-1),
        tensor((2, 3), (-3, 1), offset=3),
        tensor((-2, 3), (3, 1)),
        tensor((10**9, 10**9), (0, 0)),
        tensor((7,), (0,)),
        tensor((10**40,), (1,)),
        tensor((2,), (10**40,)),
        tensor((0, 10**40), (1, 1)),
        tensor((2, 3), (3,)),
        tensor((1,) * 70, (1,) * 70),
        tensor((), (), offset=6),
        tensor(held=storage(count=10**15)),
        tensor(held=storage(count=-1)),
        tensor(held=storage(count=5)),
        tensor(held=storage(count=7)),
        tensor(held=storage("1")),
        tensor(held=storage(kind="LongStorage")),
    ],
)
def test_no_tensor_reaches_beyond_its_storage(path: Path, one: bytes) -> None:
    """Offset, shape, strides and counts are checked before a byte is shown; repeats would fill the memory."""
    refused(path, whole(state({"a": one})))


def test_a_storage_is_one_thing(path: Path) -> None:
    """Two tensors cannot see one storage as of two kinds, and no storage is listed twice or left over."""
    both = {"a": tensor(), "b": tensor((), (), held=storage(kind="LongStorage", count=3))}
    assert "contradicts itself" in refused(path, whole(state(both)))
    assert "lists other storages" in refused(path, whole(state({"a": tensor()}), ("0", "0"), (SIX, SIX)))
    assert "lists other storages" in refused(path, whole(state({"a": tensor()}), ("0", "1"), (SIX, SIX)))
    assert "lists other storages" in refused(path, whole(state({"a": tensor()}), (), ()))


@pytest.mark.parametrize("end", range(len(GOOD)))
def test_a_file_cut_short_is_refused(path: Path, end: int) -> None:
    """Wherever it ends."""
    refused(path, GOOD[:end])


def test_other_files_are_told_apart(path: Path) -> None:
    """The message says what is different."""
    assert "goes on for 1 bytes" in refused(path, GOOD + b"\0")
    assert "does not begin as" in refused(path, whole(state({}), parts={0: PROTOCOL + number(1) + STOP}))
    assert "does not begin as" in refused(path, whole(state({}), parts={1: PROTOCOL + number(1000) + STOP}))
    big = PROTOCOL + b"}" + text("little_endian") + b"\x89s" + STOP
    assert "little-endian" in refused(path, whole(state({"a": tensor()}), parts={2: big}))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    assert "newer zip format" in refused(path, path.read_bytes())
    with pytest.raises(LeukokitError, match="cannot be read"):
        read_tensors(path.with_name("absent.pth"))
    path.write_bytes(GOOD)
    with pytest.raises(LeukokitError, match="has SHA-256"):
        read_tensors(path, sha256="0" * 64)


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_read_or_refused_and_nothing_else(path: Path, data: st.DataObject) -> None:
    """Any bytes put in any place: tensors within the storage, or the error that says so."""
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 8)))
    path.write_bytes(GOOD[:start] + data.draw(st.binary(max_size=8)) + GOOD[end:])
    try:
        tensors = read_tensors(path)
    except LeukokitError:
        return
    assert all(array.size <= 6 for array in tensors.values())
