"""The whole cache: where nothing may be written, and what pruning removes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from leukokit.engine.cache.store import Store

STEP = "ab" * 16

READ_ONLY = f"""
import os, pathlib, sys
from leukokit.engine.cache.store import Store
said = []
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write anywhere; nobody may not
store = Store(pathlib.Path(sys.argv[1]), said.append)
assert store.get_rows('{STEP}', ['a']) == {{'a': b'1'}}, said
store.put_rows('{STEP}', 'x', [('b', b'2')])
store.put_folder('{STEP}', 'x', pathlib.Path(sys.argv[1]))
store.report_no_checkpoints('no checkpoints')
assert len(said) == 1, said
assert f'the cache folder {{sys.argv[1]}} cannot be written to (Permission denied)' in said[0], said
assert 'set LEUKOKIT_CACHE to a folder that can be written to' in said[0], said
Store(pathlib.Path(sys.argv[1]), said.append, said=tuple(said)).put_rows('{STEP}', 'x', [('b', b'2')])
assert len(said) == 1, said
"""


def test_a_read_only_cache_is_read_and_not_written() -> None:
    """Where nothing can be written the kept rows still serve, and new ones cost one warning only."""
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
