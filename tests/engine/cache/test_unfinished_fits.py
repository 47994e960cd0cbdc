"""Checkpoints wait for the next try, and one process at a time holds them."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import Timeout

from leukokit.engine.cache.store import Store

KEY = "ab" * 16


def test_checkpoints_stay_until_they_are_forgotten(tmp_path: Path) -> None:
    """A fit that did not end finds what it left, listed as such; one that left nothing leaves nothing."""
    store = Store(tmp_path)
    with store.unfinished(KEY, "net of x") as folder:
        (folder / "epoch-1").write_bytes(b"123")
    (entry,) = store.entries()
    assert (entry.kind, entry.title, entry.items, entry.bytes) == ("fits", "unfinished: net of x", 1, 3)
    with store.unfinished(KEY, "net of x") as folder:
        assert (folder / "epoch-1").read_bytes() == b"123"
        store.forget_unfinished(KEY)
    assert store.entries() == []
    with store.unfinished(KEY, "net of x"):
        assert len(store.entries()) == 1
    assert store.entries() == []


def test_checkpoints_have_one_holder(tmp_path: Path) -> None:
    """A second holder is turned away, and pruning passes over what is held."""
    store = Store(tmp_path)
    with store.unfinished(KEY, "x") as folder:
        (folder / "epoch-1").write_bytes(b"123")
        with pytest.raises(Timeout), Store(tmp_path).unfinished(KEY, "x"):
            pass
        assert store.prune(0) == []
        assert (folder / "epoch-1").exists()
    assert [entry.kind for entry in store.prune(0)] == ["fits"]
    assert not folder.exists()
