"""The cache keeps what was put, drops what is damaged, and never stops a run."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import Timeout

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


READ_ONLY = f"""
import os, pathlib, sys
from leukokit.engine.cache.store import Store
said = []
store = Store(pathlib.Path(sys.argv[1]), said.append)
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write anywhere; nobody may not
assert store.get_rows('{STEP}', ['a']) == {{'a': b'1'}}, said
store.put_rows('{STEP}', 'x', [('b', b'2')])
store.put_folder('{STEP}', 'x', pathlib.Path(sys.argv[1]))
assert len(said) == 2 and all('cannot be written' in text for text in said), said
"""


def test_a_read_only_cache_is_read_and_not_written() -> None:
    """Where nothing can be written the kept rows still serve, and new ones cost a warning only."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        Store(root).put_rows(STEP, "x", [("a", b"1")])
        for path in [root, *root.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            subprocess.run([sys.executable, "-c", READ_ONLY, name], check=True)
        finally:
            for path in [root, *root.rglob("*")]:
                path.chmod(0o755)


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


def test_folders_come_back_whole_or_not_at_all(tmp_path: Path) -> None:
    """A folder with a changed file is not used."""
    warnings: list[str] = []
    store = Store(tmp_path / "cache", warnings.append)
    source = tmp_path / "source"
    (source / "model").mkdir(parents=True)
    (source / "model" / "weights").write_bytes(b"123")
    assert store.get_folder(STEP) is None
    store.put_folder(STEP, "svm", source)
    kept = store.get_folder(STEP)
    assert kept is not None
    assert (kept / "model" / "weights").read_bytes() == b"123"
    (kept / "model" / "weights").write_bytes(b"124")
    assert store.get_folder(STEP) is None
    assert "damaged" in warnings[-1]


def test_a_file_comes_back_whole_or_not_at_all(tmp_path: Path) -> None:
    """A byte that changed on disk is noticed."""
    warnings: list[str] = []
    store = Store(tmp_path, warnings.append)
    assert store.get_file(STEP) is None
    assert store.put_file(STEP, "a figure", b"content")
    assert store.get_file(STEP) == b"content"
    (kept,) = tmp_path.rglob("content")
    kept.write_bytes(b"contend")
    assert store.get_file(STEP) is None
    assert "damaged" in warnings[0]


def test_prune_removes_the_least_recently_used_first(tmp_path: Path) -> None:
    """Pruning goes by last use and stops at the asked size."""
    store = Store(tmp_path)
    for i, step in enumerate(("aa" * 16, "bb" * 16)):
        store.put_rows(step, f"step {i}", [("a", b"x" * 50_000)])
    old, new = (next(tmp_path.rglob(f"{step}.sqlite")) for step in ("aa" * 16, "bb" * 16))
    os.utime(old, (1, 1))
    os.utime(new, (2, 2))
    size = store.entries()[1].bytes
    removed = store.prune(size)
    assert [entry.title for entry in removed] == ["step 0"]
    assert new.exists()
    store.touch("bb" * 16)
    assert new.stat().st_mtime > 2
    assert store.prune(0)
    assert store.entries() == []


def test_checkpoints_stay_until_they_are_forgotten(tmp_path: Path) -> None:
    """A fit that did not end finds what it left, listed as such; one that left nothing leaves nothing."""
    store = Store(tmp_path)
    with store.unfinished(STEP, "net of x") as folder:
        (folder / "epoch-1").write_bytes(b"123")
    (entry,) = store.entries()
    assert (entry.kind, entry.title, entry.items, entry.bytes) == ("fits", "unfinished: net of x", 1, 3)
    with store.unfinished(STEP, "net of x") as folder:
        assert (folder / "epoch-1").read_bytes() == b"123"
        store.forget_unfinished(STEP)
    assert store.entries() == []
    with store.unfinished(STEP, "net of x"):
        assert len(store.entries()) == 1
    assert store.entries() == []


def test_checkpoints_have_one_holder(tmp_path: Path) -> None:
    """A second holder is turned away, and pruning passes over what is held."""
    store = Store(tmp_path)
    with store.unfinished(STEP, "x") as folder:
        (folder / "epoch-1").write_bytes(b"123")
        with pytest.raises(Timeout), Store(tmp_path).unfinished(STEP, "x"):
            pass
        assert store.prune(0) == []
        assert (folder / "epoch-1").exists()
    assert [entry.kind for entry in store.prune(0)] == ["fits"]
    assert not folder.exists()
