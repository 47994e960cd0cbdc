"""Folders come back whole or not at all."""

from __future__ import annotations

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
