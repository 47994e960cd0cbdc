"""What is kept is not computed again, comes back equal, and lies where earlier versions put it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from leukokit.engine.cache.memo import memo, memo_folder, memo_rows
from leukokit.engine.cache.serialization import (
    BYTES,
    Codec,
    arrays_from_bytes,
    arrays_to_bytes,
    json_codec,
)
from leukokit.engine.cache.store import Store

KEY = "ab" * 16
POINT = json_codec(lambda point: [point.real, point.imag], lambda fields: complex(*fields))


def never() -> complex:
    raise AssertionError("computed although it was kept")


def test_a_result_is_computed_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert memo(KEY, lambda: 1 + 2j, POINT, store=store, title="a point") == 1 + 2j
    assert memo(KEY, never, POINT, store=store, title="a point") == 1 + 2j


def test_without_a_store_it_is_always_computed() -> None:
    with pytest.raises(AssertionError):
        memo(KEY, never, POINT, store=None, title="a point")


def test_the_title_may_follow_from_the_result(tmp_path: Path) -> None:
    store = Store(tmp_path)
    memo(KEY, lambda: 3 + 0j, POINT, store=store, title=lambda point: f"point {point.real:.0f}")
    assert [each.title for each in store.entries()] == ["point 3"]


def test_nothing_is_not_kept(tmp_path: Path) -> None:
    codec: Codec[bytes | None] = Codec(lambda content: content or b"", bytes)
    assert memo(KEY, lambda: None, codec, store=Store(tmp_path), title="x") is None
    assert Store(tmp_path).entries() == []


def test_a_damaged_result_is_computed_again(tmp_path: Path) -> None:
    warnings: list[str] = []
    store = Store(tmp_path, warnings.append)
    memo(KEY, lambda: b"whole", BYTES, store=store, title="x")
    next(tmp_path.rglob("content")).write_bytes(b"torn")
    assert memo(KEY, lambda: b"again", BYTES, store=store, title="x") == b"again"
    assert len(warnings) == 1


def test_the_file_of_a_result_has_the_name_that_its_codec_gives(tmp_path: Path) -> None:
    """Arrays of a fitted preprocessor lie in state.npz, as they always did."""
    store = Store(tmp_path)
    codec = Codec(arrays_to_bytes, arrays_from_bytes, "state.npz")
    arrays = {"mean": np.arange(3.0), "histogram": np.ones((2, 4), dtype=np.int64)}
    memo(KEY, lambda: arrays, codec, store=store, title="learnt")
    np.savez(tmp_path / "expected.npz", **arrays)
    assert next(tmp_path.rglob("state.npz")).read_bytes() == (tmp_path / "expected.npz").read_bytes()
    back = memo(KEY, lambda: {}, codec, store=store, title="learnt")
    assert back.keys() == arrays.keys()
    assert all((back[name] == arrays[name]).all() for name in arrays)


def test_only_missing_rows_are_computed_each_once_in_order(tmp_path: Path) -> None:
    store = Store(tmp_path)
    asked: list[Sequence[str]] = []

    def doubled(keys: Sequence[str]) -> dict[str, bytes]:
        asked.append(keys)
        return {key: key.encode() * 2 for key in keys}

    memo_rows(KEY, ["b"], doubled, BYTES, store=store, title="x")
    found = memo_rows(KEY, ["a", "b", "c", "a"], doubled, BYTES, store=store, title="x")
    assert found == {"a": b"aa", "b": b"bb", "c": b"cc"}
    assert asked == [["b"], ["a", "c"]]
    assert store.get_rows(KEY, ["a", "b", "c"]) == found


def test_rows_that_cannot_be_computed_are_left_out_and_asked_again(tmp_path: Path) -> None:
    asked: list[Sequence[str]] = []

    def none(keys: Sequence[str]) -> dict[str, bytes]:
        asked.append(keys)
        return {}

    for _ in range(2):
        assert memo_rows(KEY, ["a"], none, BYTES, store=Store(tmp_path), title="x") == {}
    assert asked == [["a"], ["a"]]


def test_a_folder_is_filled_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")

    def fill(folder: Path) -> None:
        (folder / "table.csv").write_text("a\n1\n")

    def refuse(_: Path) -> None:
        never()

    def text(folder: Path) -> str:
        return (folder / "table.csv").read_text()

    kept = partial(memo_folder, KEY, title="a table")
    assert kept(fill, text, tmp_path / "first", store=store) == ("a\n1\n", False)
    assert kept(refuse, text, tmp_path / "second", store=store) == ("a\n1\n", True)
    assert (tmp_path / "second" / "table.csv").read_text() == "a\n1\n"
    assert kept(fill, text, tmp_path / "third", store=None) == ("a\n1\n", False)
    assert json.loads(next(tmp_path.rglob("manifest.json")).read_text())["title"] == "a table"
