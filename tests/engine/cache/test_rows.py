"""Rows come back by key; what is damaged is dropped, told and computed again."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from leukokit.engine.cache.store import Store

STEP = "ab" * 16


def database(root: Path) -> Path:
    return next(root.rglob("*.sqlite"))


def test_rows_come_back_by_key(tmp_path: Path) -> None:
    """Only the asked keys that are kept come back, whole."""
    store = Store(tmp_path)
    store.put_rows(STEP, "segment.x", [("a", b"1"), ("b", b"22")])
    assert store.get_rows(STEP, ["a", "b", "c"]) == {"a": b"1", "b": b"22"}
    assert store.get_rows("cd" * 16, ["a"]) == {}
    assert store.has_rows(STEP, ["a", "b", "c"]) == {"a", "b"}
    assert store.has_rows("cd" * 16, ["a"]) == set()


def test_more_keys_than_one_query_holds(tmp_path: Path) -> None:
    """Thousands of keys are looked up at once."""
    store = Store(tmp_path)
    rows = [(f"k{i}", str(i).encode()) for i in range(3000)]
    store.put_rows(STEP, "x", rows)
    assert store.get_rows(STEP, [key for key, _ in rows]) == dict(rows)


@pytest.mark.parametrize("others", [0, 10_000])
def test_few_keys_of_many_rows_and_all_keys_are_found_alike(tmp_path: Path, others: int) -> None:
    """Read from end to end or looked up by key: the wanted rows, no other, and none that is not there."""
    store = Store(tmp_path)
    store.put_rows("step", "title", [(f"other{i}", b"other") for i in range(others)])
    store.put_rows("step", "title", [(f"key{i}", f"row{i}".encode()) for i in range(600)])
    wanted = [f"key{i}" for i in range(0, 700, 2)]
    found = store.get_rows("step", wanted)
    assert found == {f"key{i}": f"row{i}".encode() for i in range(0, 600, 2)}
    assert store.has_rows("step", wanted) == set(found)
    assert store.get_rows("step", []) == {}


def test_a_flipped_byte_is_noticed(tmp_path: Path) -> None:
    """A row that fails its checksum is left out with a warning; its neighbors are used."""
    warnings: list[str] = []
    store = Store(tmp_path, warnings.append)
    store.put_rows(STEP, "x", [("a", b"good"), ("b", b"good")])
    with sqlite3.connect(database(tmp_path)) as connection:
        connection.execute("UPDATE rows SET payload = ? WHERE key = 'a'", (b"goof",))
    assert store.get_rows(STEP, ["a", "b"]) == {"b": b"good"}
    assert "1 damaged" in warnings[0]


def test_a_file_that_is_no_database_is_replaced(tmp_path: Path) -> None:
    """A damaged file is told, removed, and written anew."""
    warnings: list[str] = []
    store = Store(tmp_path, warnings.append)
    store.put_rows(STEP, "x", [("a", b"1")])
    path = database(tmp_path)
    path.write_bytes(b"no database at all" * 500)
    assert store.get_rows(STEP, ["a"]) == {}
    assert "computed again" in warnings[0]
    store.put_rows(STEP, "x", [("a", b"2")])
    assert store.get_rows(STEP, ["a"]) == {"a": b"2"}
    path.write_bytes(b"no database at all" * 500)
    assert store.has_rows(STEP, ["a"]) == set()


def test_writers_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Many writers of one step lose no row."""
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda i: Store(tmp_path).put_rows(STEP, "x", [(f"{i}-{j}", b"v" * 100) for j in range(20)]),
                range(16),
            )
        )
    keys = [f"{i}-{j}" for i in range(16) for j in range(20)]
    assert len(Store(tmp_path).get_rows(STEP, keys)) == len(keys)


def test_a_writer_killed_in_the_middle_leaves_whole_rows(tmp_path: Path) -> None:
    """After SIGKILL every row that is there passes its checksum."""
    script = (
        "import sys, pathlib; from leukokit.engine.cache.store import Store\n"
        "store = Store(pathlib.Path(sys.argv[1]))\n"
        "i = 0\n"
        "while True:\n"
        f"    store.put_rows('{STEP}', 'x', [(f'{{i}}-{{j}}', b'payload' * 1000) for j in range(8)])\n"
        "    i += 1\n"
        "    print(i, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 5:
            break
    process.kill()
    process.wait()
    warnings: list[str] = []
    kept = Store(tmp_path, warnings.append).get_rows(STEP, [f"{i}-{j}" for i in range(5) for j in range(8)])
    assert len(kept) == 40
    assert warnings == []
