"""Folders come back whole or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from leukokit.engine.cache.store import Store

KEY = "ab" * 16


def test_folders_come_back_whole_or_not_at_all(tmp_path: Path) -> None:
    """A folder with a changed file is not used."""
    warnings: list[str] = []
    store = Store(tmp_path / "cache", warnings.append)
    source = tmp_path / "source"
    (source / "model").mkdir(parents=True)
    (source / "model" / "weights").write_bytes(b"123")
    assert store.get_folder(KEY) is None
    store.put_folder(KEY, "svm", source)
    kept = store.get_folder(KEY)
    assert kept is not None
    assert (kept / "model" / "weights").read_bytes() == b"123"
    (kept / "model" / "weights").write_bytes(b"124")
    assert store.get_folder(KEY) is None
    assert "damaged" in warnings[-1]


def test_a_file_comes_back_whole_or_not_at_all(tmp_path: Path) -> None:
    """A byte that changed on disk is noticed."""
    warnings: list[str] = []
    store = Store(tmp_path, warnings.append)
    assert store.get_file(KEY) is None
    assert store.put_file(KEY, "a figure", b"content")
    assert store.get_file(KEY) == b"content"
    (kept,) = tmp_path.rglob("content")
    kept.write_bytes(b"contend")
    assert store.get_file(KEY) is None
    assert "damaged" in warnings[0]


def test_the_same_folder_kept_twice_stays_where_it_is(tmp_path: Path) -> None:
    """Another process may be reading it: the second to come with the same files leaves them alone."""
    warnings: list[str] = []
    source = tmp_path / "source"
    source.mkdir()
    (source / "weights").write_bytes(b"123")
    store = Store(tmp_path / "cache", warnings.append)
    assert store.put_folder(KEY, "svm", source)
    kept = store.get_folder(KEY)
    assert kept is not None
    before = (kept / "weights").stat().st_ino
    assert store.put_folder(KEY, "svm", source)
    assert (kept / "weights").stat().st_ino == before
    (source / "weights").write_bytes(b"456")
    assert store.put_folder(KEY, "svm", source)
    assert (kept / "weights").read_bytes() == b"456"


def test_writers_of_one_folder_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Many writers of the same result all end well, without a warning."""
    warnings: list[str] = []
    source = tmp_path / "source"
    source.mkdir()
    (source / "weights").write_bytes(b"123" * 1000)
    with ThreadPoolExecutor(8) as pool:
        put = [
            pool.submit(Store(tmp_path / "cache", warnings.append).put_folder, KEY, "svm", source)
            for _ in range(32)
        ]
    assert all(future.result() for future in put)
    assert warnings == []
