"""Rows come back by key; what is damaged is dropped, told and computed again."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from leukokit.engine.cache import rows
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
    """Many writers of one new step lose no row, and none is told that the file is locked or odd."""
    warnings: list[str] = []

    def put(root: Path, batch: int) -> None:
        Store(root, warnings.append).put_rows(STEP, "x", [(f"{batch}-{j}", b"v" * 100) for j in range(20)])

    keys = [f"{i}-{j}" for i in range(16) for j in range(20)]
    with ThreadPoolExecutor(8) as pool:
        for attempt in range(20):  # the first moment of a file is the one in which they meet
            root = tmp_path / str(attempt)
            list(pool.map(partial(put, root), range(16)))
            assert len(Store(root).get_rows(STEP, keys)) == len(keys)
    assert warnings == []


def test_a_file_that_sqlite_makes_meanwhile_is_not_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite removes its -wal file with the last connection and makes it again with the next one."""
    warnings: list[str] = []
    store = Store(tmp_path, warnings.append)
    store.put_rows(STEP, "x", [("a", b"1")])
    path = database(tmp_path)
    wal = Path(f"{path}-wal")

    def flicker(file: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        """Each second look at the -wal file finds none."""
        if file == wal:
            looks.append(file)
            if len(looks) % 2 == 0:
                raise FileNotFoundError(str(file))
        return look(file, follow_symlinks=follow_symlinks)

    look = Path.stat
    looks: list[Path] = []
    with sqlite3.connect(path) as other:
        other.execute("INSERT INTO rows VALUES ('b', x'32', 450215437)")
        other.commit()
        assert wal.is_file()
        monkeypatch.setattr(Path, "stat", flicker)
        monkeypatch.setattr(Path, "lstat", lambda file: flicker(file, follow_symlinks=False))
        store.put_rows(STEP, "x", [("c", b"3")])
        monkeypatch.undo()
        assert looks
        assert not list(path.parent.glob("*set-aside*"))
        assert store.has_rows(STEP, ["a", "b", "c"]) == {"a", "b", "c"}
    assert warnings == []


@pytest.mark.parametrize("tables", [(), ("CREATE TABLE rows (key, payload, checksum)",)])
def test_a_database_that_is_being_made_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tables: tuple[str, ...]
) -> None:
    """A reader that comes before the tables are there does not remove the file of the one who writes them."""
    warnings: list[str] = []
    store = Store(tmp_path, warnings.append)
    store.put_rows(STEP, "x", [("a", b"1")])
    path = database(tmp_path)
    path.unlink()
    sqlite3.connect(path).close()
    select = rows._select

    def select_then_made(*arguments: Any) -> Iterator[Any]:
        """Make the tables between the reader's first look and its second one."""
        try:
            yield from select(*arguments)
        finally:
            with sqlite3.connect(path) as other:
                for table in tables:
                    other.execute(table)

    monkeypatch.setattr(rows, "_select", select_then_made)
    assert store.get_rows(STEP, ["a"]) == {}
    assert path.is_file()
    assert warnings == []


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
